"""The clients that people use, through nginx and TLS: cookies that are secure, event streams that arrive while they go on."""

import ssl
from pathlib import Path
from secrets import token_hex

import pytest

from tests.clients import by_gql, node
from tests.running.client import Person
from tests.stack.compose import Compose

pytestmark = [pytest.mark.stack, pytest.mark.clients]


@pytest.fixture
def surroundings(production: Compose, trust: ssl.SSLContext, certificates: Path, tmp_path: Path) -> dict[str, str]:
    """Return the environment of the program of somebody who owns nothing yet."""
    email = f"client-{token_hex(4)}@example.com"
    with Person(production, trust=trust) as person:
        person.sign_up(email)
    trusted = {"NODE_EXTRA_CA_CERTS": str(certificates / "fullchain.pem")}
    return node.surroundings(production.url, email, tmp_path) | trusted


@pytest.mark.parametrize("name", node.CLIENTS)
def test_a_client_does_all_of_it(surroundings: dict[str, str], name: str) -> None:
    assert node.run(f"{name}.mjs", **surroundings, NAME=name).strip() == "ok"


def test_relay_runs_what_it_has_compiled(surroundings: dict[str, str]) -> None:
    node.run("node_modules/relay-compiler/cli.js", "relay.config.json")
    assert node.run("relay.mjs", **surroundings, NAME="relay").strip() == "ok"


def test_gql_does_all_of_it(surroundings: dict[str, str], trust: ssl.SSLContext) -> None:
    by_gql.do_all_of_it(surroundings, trust=trust)
