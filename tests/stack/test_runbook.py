"""The blocks of deployment instructions.md that no other test runs, on the production that tests of deploys share."""

import json
import ssl

import pytest

from tests.running.client import Person
from tests.stack.load import insist_unnoticed, under_load
from tests.stack.site import Production

pytestmark = pytest.mark.stack


@pytest.fixture(scope="module")
def production(deployed: Production) -> Production:
    """The production that all tests of its kind share, with a set to restore."""
    deployed.by_the_runbook("Backup")
    return deployed


def test_a_restore_and_back(production: Production, person: Person) -> None:
    album = person.create_album()
    query = "query($i: ID!) { album(id: $i) { id } }"
    production.by_the_runbook("Restore", last=1)
    assert person.ask(query, i=album)["album"] is None, "made after the set was taken"
    production.by_the_runbook("Restore", first=1)
    assert person.ask(query, i=album)["album"]["id"] == album


def test_new_secrets_under_load(production: Production, person: Person) -> None:
    folder = production.site.secrets
    before = {path.name: path.read_text() for path in folder.iterdir()}
    with under_load(person) as load:
        said = production.by_the_runbook("Rotating secrets", last=1)
    after = {path.name: path.read_text() for path in folder.iterdir()}
    assert "New: key, db, redis." in said
    assert [name for name in before if before[name] == after[name]] == []
    assert production.history()[-1]["what"] == "rotation"
    insist_unnoticed(load)
    found = json.loads(production.deploy("--check", "--json").stdout)
    assert [each for each in found if each["name"] == "password" and each["level"] != "ok"] == []


def test_a_renewed_certificate_is_read(production: Production, trust: ssl.SSLContext) -> None:
    production.by_the_runbook("TLS", first=2)
    with Person(production, trust=trust) as somebody:
        assert somebody.ask("{ __typename }") == {"__typename": "Query"}
