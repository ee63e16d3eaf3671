"""scripts/stack.sh on the production that tests of deploys share, while people read, write, upload and watch."""

import json

import httpx
import pytest

from tests.running.client import Person
from tests.stack.load import insist_unnoticed, under_load
from tests.stack.site import Production

pytestmark = pytest.mark.stack


@pytest.fixture
def production(deployed: Production) -> Production:
    """The production that all tests of its kind share."""
    return deployed


def test_logs_shell_and_more_and_fewer_web_servers_under_load(production: Production, person: Person) -> None:
    with under_load(person) as load:
        said = production.by_the_runbook("Between deploys", first=1)
        assert "slipway.request" in said
        assert ": 2, before 1. It stays so: WEB_REPLICAS=2" in said
        service = f"web_{production.colour()}"
        assert production.containers(service) == 2
        production.run("scripts/stack.sh", "scale", "web=1")
    assert (production.containers(service), production.site.value("WEB_REPLICAS")) == (1, "1")
    upstream = production.compose("exec", "-T", "nginx", "cat", "/etc/nginx/conf.d/upstream.inc")
    assert upstream == f"server {service}:8000 resolve max_fails=0;\n"
    insist_unnoticed(load)


def test_a_closed_site_says_so_to_everybody_to_a_deploy_and_in_its_status(
    production: Production, person: Person
) -> None:
    production.by_the_runbook("Closing for maintenance", last=1)
    try:
        answer = person.post("{ __typename }")
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "120")
        assert answer.json()["errors"][0]["extensions"] == {"code": "MAINTENANCE"}
        assert "<h1>Closed for maintenance</h1>" in person.http.get("/").text
        assert person.http.get("/health/live").status_code == httpx.codes.OK
        found = json.loads(production.deploy("--check", "--json").stdout)
        assert [each["level"] for each in found if each["name"] == "maintenance"] == ["warning"]
        status = json.loads(production.run("scripts/stack.sh", "status", "--json", check=False).stdout)
        assert status["maintenance"]["allowed"] == []
        assert status["serving"] == {"colour": production.colour(), "version": production.serving()}
        assert status["certificate"]["days"] in (29, 30)
        assert [each for each in status["problems"] if "backup" not in each] == []
    finally:
        production.by_the_runbook("Closing for maintenance", first=1)
    assert person.ask("{ __typename }") == {"__typename": "Query"}


def test_django_s_shell_is_that_of_the_version_that_serves(production: Production) -> None:
    code = "from apps.accounts.models import User; print('people:', User.objects.count())"
    assert "people: 2" in production.run("scripts/stack.sh", "shell", "-c", code).stdout
