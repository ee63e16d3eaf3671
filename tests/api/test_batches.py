"""Several operations in one request: off, and where it is on, no way around a limit."""

from typing import Any

import pytest
from pytest_django import Settings

from api import documents
from tests.asgi_client import Client
from tests.graphql_client import GraphQLClient

TYPENAME = {"query": "{ __typename }"}
SEVERAL = "id @include(if: true) @skip(if: false) name @include(if: true) @skip(if: false) "


@pytest.fixture(autouse=True)
def fresh(settings: Settings) -> None:
    settings.GRAPHQL_MAX_BATCH = 5
    documents.documents.cache_clear()


def send(client: Client, *requests: Any) -> Any:
    return client.post("/graphql", list(requests), "application/json")


def limit(response: Any) -> tuple[int, str]:
    return response.status_code, response.json()["errors"][0]["extensions"]["limit"]


def test_it_is_off_unless_switched_on(client: Client, settings: Settings) -> None:
    settings.GRAPHQL_MAX_BATCH = 1
    assert send(client, TYPENAME).status_code == 422


def test_each_is_answered_in_its_place(client: Client, db: None) -> None:
    answers = send(client, TYPENAME, {"query": "{ nothing }"}, {"query": "{ viewer { id } }"})
    assert (answers.status_code, answers.headers["Content-Type"]) == (200, "application/json; charset=utf-8")
    first, second, third = answers.json()
    assert first == {"data": {"__typename": "Query"}}
    assert second["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
    assert third == {"data": {"viewer": None}}


def test_mutations_are_run_one_after_the_other(as_ada: GraphQLClient) -> None:
    create = "mutation($t: String!) { createAlbum(input: {title: $t}) { album { title } } }"
    asked = [{"query": create, "variables": {"t": title}} for title in ("one", "two")]
    answers = send(as_ada.http, *asked).json()
    assert [answer["data"]["createAlbum"]["album"]["title"] for answer in answers] == ["one", "two"]


@pytest.mark.parametrize("requests", [[], [TYPENAME] * 6, [TYPENAME, 1], [[TYPENAME]]])
def test_a_list_that_is_none_is_refused(client: Client, requests: list[Any]) -> None:
    assert send(client, *requests).status_code == 422


def test_a_subscription_has_no_place_in_it(client: Client) -> None:
    answer = send(client, {"query": "subscription { photoChanged(albumId: 1) { kind } }"}).json()[0]
    assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("{ photos(first: 100) { edges { node { id renditions { url size width } tags { id name } } } } }", "cost"),
        ("{ " + "__typename " * 7 + "}", "root_fields"),
        ("{ viewer { " + " ".join(f"a{n}: id" for n in range(10)) + " } }", "aliases"),
        (
            "{ viewer @include(if: true) { "
            + SEVERAL
            + "accessTokens @include(if: true) { prefix @include(if: true) "
            + SEVERAL
            + "} } }",
            "directives",
        ),
        ("{ viewer { " + "id name email " * 40 + "} }", "tokens"),
        ("{ viewer { id } } #" + "x" * 2500, "document_length"),
    ],
)
def test_limits_count_for_all_of_them_together(client: Client, query: str, name: str) -> None:
    assert limit(send(client, *[{"query": query}] * 5)) == (422, name)
