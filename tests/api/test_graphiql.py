"""GraphiQL's page and the assets that are shipped for it."""

import json
import re
from pathlib import Path

import pytest
from django.test import Client
from graphql import parse, validate
from pytest_django import Settings

from api.schema import schema

API = Path(__file__).resolve().parent.parent.parent / "api"
ASSETS = API / "static/api/graphiql"
SOURCES = API / "graphiql"


def page(client: Client) -> str:
    """Return the page as a browser gets it."""
    return client.get("/graphql", headers={"Accept": "text/html"}).content.decode()


def test_it_is_shown_to_a_browser_with_a_token_for_its_requests(client: Client) -> None:
    response = client.get("/graphql", headers={"Accept": "text/html"})
    assert response.status_code == 200
    assert 'id="graphiql"' in response.content.decode()
    assert "csrftoken" in response.cookies


def test_it_is_not_there_where_it_is_switched_off(client: Client, settings: Settings) -> None:
    settings.GRAPHIQL = False
    assert 'id="graphiql"' not in page(client)


def test_its_page_has_no_inline_script_and_names_no_host(client: Client) -> None:
    html = page(client)
    assert re.findall(r"<script(?![^>]*\bsrc=)", html) == []
    assert re.findall(r"https?://", html) == []


@pytest.mark.parametrize("name", ["graphiql.js", "graphiql.css"])
def test_an_asset_is_shipped_without_a_source_map(name: str) -> None:
    assert "sourceMappingURL" not in (ASSETS / name).read_text()


def test_the_licences_are_those_of_the_versions_in_the_package_file() -> None:
    wanted = json.loads((SOURCES / "package.json").read_text())["dependencies"]
    licences = (ASSETS / "LICENCES.txt").read_text()
    missing = [name for name, version in wanted.items() if f"\n{name} {version} (" not in licences]
    assert missing == []


def test_the_examples_fit_the_schema_and_are_in_the_bundle() -> None:
    documents = re.findall(r"`(.+?)`", (SOURCES / "examples.js").read_text(), flags=re.DOTALL)
    assert len(documents) == 2
    bundle = (ASSETS / "graphiql.js").read_text()
    for document in documents:
        assert validate(schema._schema, parse(document)) == []
        assert document.splitlines()[0] in bundle
