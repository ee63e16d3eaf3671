"""What is refused before any of it is run, and by which limit."""

import asyncio
import json
import time
from typing import Any

import pytest
from django.db import connection
from pytest_django import Settings

from api import documents, persisted, threads
from api.errors import TimedOutError
from api.segmented_cache import SegmentedCache
from tests.asgi_client import Client


@pytest.fixture(autouse=True)
def fresh_documents() -> None:
    """Forget what other limits were found for the same documents."""
    documents.documents.cache_clear()


def refusal(client: Client, query: str, **variables: Any) -> dict[str, Any]:
    """Return the extensions of the error that a request is refused with."""
    response = client.post("/graphql", {"query": query, "variables": variables}, "application/json")
    answer = response.json()
    assert "data" not in answer
    assert response.status_code == 422
    error: dict[str, Any] = answer["errors"][0]["extensions"]
    return error


def nested(depth: int) -> str:
    """Return a query whose fields nest so deep."""
    steps = ["album", "cover"] * depth
    return "{ node(id: 1) { ... on Photo { " + " { ".join(steps[: depth - 2]) + " { id } " + "} " * depth


class TestDocuments:
    def test_tokens(self, client: Client, settings: Settings) -> None:
        settings.GRAPHQL_MAX_TOKENS = 100
        assert refusal(client, "{ " + "__typename " * 99 + "}") == {
            "code": "LIMIT_EXCEEDED", "limit": "tokens", "allowed": 100,
        }  # fmt: skip

    def test_comments_count_as_tokens(self, client: Client, settings: Settings) -> None:
        settings.GRAPHQL_MAX_TOKENS = 100
        assert refusal(client, "#\n" * 200 + "{ __typename }")["limit"] == "tokens"

    def test_length(self, client: Client) -> None:
        found = refusal(client, "{ __typename }" + " " * 10_000)
        assert (found["limit"], found["allowed"]) == ("document_length", 10_000)

    def test_depth(self, client: Client) -> None:
        assert refusal(client, nested(16)) == {"code": "LIMIT_EXCEEDED", "limit": "depth", "found": 16, "allowed": 15}

    def test_depth_through_fragments(self, client: Client) -> None:
        chain = "".join(f"fragment F{n} on Photo {{ album {{ cover {{ ...F{n + 1} }} }} }} " for n in range(9))
        assert refusal(client, "{ node(id: 1) { ...F0 } } " + chain + "fragment F9 on Photo { id }")["limit"] == "depth"

    @pytest.mark.parametrize("query", ["{a" * 990 + "}" * 990, "{ node(id: " + "[" * 1500 + ") { id } }"])
    def test_nesting_that_no_parser_follows(self, client: Client, query: str) -> None:
        answer = client.post("/graphql", {"query": query}, "application/json")
        assert answer.status_code in (400, 422)
        assert answer.json()["errors"][0]["extensions"]["code"] in ("LIMIT_EXCEEDED", "GRAPHQL_PARSE_FAILED")

    def test_aliases(self, client: Client) -> None:
        many = " ".join(f"a{n}: id" for n in range(31))
        assert refusal(client, "{ viewer { " + many + " } }")["limit"] == "aliases"

    def test_aliases_in_a_fragment_count_wherever_it_is_spread(self, client: Client) -> None:
        spread = "{ a: viewer { ...F } b: viewer { ...F } } fragment F on User { "
        assert refusal(client, spread + " ".join(f"a{n}: id" for n in range(15)) + " }")["limit"] == "aliases"

    def test_root_fields(self, client: Client) -> None:
        assert refusal(client, "{ " + "__typename " * 21 + "}")["limit"] == "root_fields"

    def test_directives(self, client: Client) -> None:
        assert refusal(client, "{ viewer " + "@include(if: true) " * 51 + "{ id } }")["limit"] == "directives"

    @pytest.mark.parametrize(
        "query",
        [
            "{ viewer { ...A } } fragment A on User { ...B } fragment B on User { ...A }",
            "{ viewer { ...A } } fragment A on User { ...A }",
            "{ ...A } fragment A on Query { viewer { id } ...B } fragment B on Query { ...A }",
        ],
    )
    def test_fragments_that_spread_themselves_are_a_mistake(self, client: Client, query: str) -> None:
        assert refusal(client, query)["code"] == "GRAPHQL_VALIDATION_FAILED"

    def test_fields_that_repeat_another(self, client: Client) -> None:
        assert refusal(client, "{ viewer { " + "id " * 32 + "} }")["limit"] == "repeated_fields"
        spread = "{ viewer { " + "...A ...B " * 9 + "} } fragment A on User { id name } fragment B on User { id name }"
        assert refusal(client, spread)["limit"] == "repeated_fields"

    def test_definitions(self, client: Client) -> None:
        many = " ".join(f"query Q{n} {{ __typename }}" for n in range(51))
        assert refusal(client, many)["limit"] == "definitions"

    def test_fragments_of_fragments_are_measured_once_each(self, client: Client) -> None:
        bomb = "".join(f"fragment F{n} on User {{ a: id ...F{n + 1} ...F{n + 1} }} " for n in range(30))
        found = refusal(client, "{ viewer { ...F0 } } " + bomb + "fragment F30 on User { id }")
        assert (found["limit"], found["found"]) == ("aliases", 1_000_000)

    def test_deep_introspection(self, client: Client) -> None:
        deep = "{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }"
        assert refusal(client, deep)["code"] == "GRAPHQL_VALIDATION_FAILED"

    def test_introspection_many_times_over(self, client: Client) -> None:
        many = " ".join(f"a{n}: __schema {{ types {{ name }} }}" for n in range(11))
        assert refusal(client, "{ " + many + " }")["limit"] == "cost"

    @pytest.mark.parametrize("digits", [11, 400, 5000])
    def test_a_huge_integer_is_a_mistake(self, client: Client, digits: int) -> None:
        query = "{ photos(first: " + "9" * digits + ") { totalCount } }"
        answer = client.post("/graphql", {"query": query}, "application/json")
        assert answer.status_code in (400, 422)
        code = answer.json()["errors"][0]["extensions"]["code"]
        assert code in ("GRAPHQL_VALIDATION_FAILED", "BAD_USER_INPUT")

    def test_a_huge_integer_in_the_variables_is_a_mistake(self, client: Client) -> None:
        body = '{"query": "query($n: Int) { photos(first: $n) { totalCount } }", "variables": {"n": ' + "9" * 400 + "}}"
        assert client.post("/graphql", body, "application/json").status_code in (400, 422)

    @pytest.mark.parametrize(
        "text", ["\u202e", "\ufeff{ __typename }\u2028", "{ \uff56iewer }", "{ a\u0300 }", "\x00", "{ \U0001f600 }"]
    )
    def test_characters_that_look_like_others_are_no_names(self, client: Client, text: str) -> None:
        answer = client.post("/graphql", {"query": text}, "application/json")
        assert answer.status_code == 400
        assert answer.json()["errors"][0]["extensions"]["code"] == "GRAPHQL_PARSE_FAILED"

    def test_no_name_is_suggested_where_the_schema_is_not_shown(self, client: Client, settings: Settings) -> None:
        wrong = {"query": "{ viewr { id } photos(frst: 1) { totalCount } node { id } }"}
        assert "Did you mean" in client.post("/graphql", wrong, "application/json").content.decode()
        settings.GRAPHQL_INTROSPECTION = False
        documents.documents.cache_clear()
        documents.rules.cache_clear()
        try:
            assert "Did you mean" not in client.post("/graphql", wrong, "application/json").content.decode()
            assert refusal(client, "{ __schema { types { name } } }")["code"] == "GRAPHQL_VALIDATION_FAILED"
            assert refusal(client, '{ __type(name: "User") { name } }')["code"] == "GRAPHQL_VALIDATION_FAILED"
        finally:
            documents.rules.cache_clear()


class TestCost:
    @pytest.mark.parametrize(
        ("query", "variables", "cost"),
        [
            ("{ __typename }", {}, 1),
            ("{ viewer { id name } }", {}, 3),
            ("{ photos(first: 5) { edges { node { id } } } }", {}, 1 + 1 + 5 * 3),
            ("{ photos { edges { node { id } } } }", {}, 1 + 1 + 20 * 3),
            ("query($n: Int) { photos(first: $n) { edges { node { id } } } }", {"n": 7}, 1 + 1 + 7 * 3),
            ("query($n: Int) { photos(last: $n) { edges { node { id } } } }", {}, 1 + 1 + 20 * 3),
            ("query($n: Int = 9) { photos(first: $n) { edges { node { id } } } }", {}, 1 + 1 + 9 * 3),
            ("query($n: Int = 9) { photos(first: $n) { edges { node { id } } } }", {"n": 7}, 1 + 1 + 7 * 3),
            ("query($n: Int) { photos(first: $n) { edges { node { id } } } }", {"n": 7.0}, 1 + 1 + 7 * 3),
            (
                "query($a: Int, $b: Int) { photos(first: $a, last: $b) { edges { node { id } } } }",
                {"a": None, "b": 7},
                1 + 1 + 7 * 3,
            ),
            ("query($i: [ID!]!) { nodes(ids: $i) { id } }", {"i": ["a", "b"]}, 1 + 2 * 2),
            (
                "{ photos(first: 2) { totalCount edges { node { tags { name } } } } }",
                {},
                1 + 10 + 1 + 2 * (1 + 1 + 1 + 5 * 2),
            ),
            ("{ photos(first: 5) { ...C } } fragment C on PhotoConnection { edges { node { id } } }", {}, 17),
            ("{ node(id: 1) { id ... on Photo { caption } ... on User { name } } }", {}, 4),
        ],
    )
    def test_it_is_about_the_number_of_values_and_told_on_request(
        self, client: Client, query: str, variables: Any, cost: int, db: None
    ) -> None:
        body = {"query": query, "variables": variables, "extensions": {"cost": True}}
        answer = client.post("/graphql", body, "application/json").json()
        assert answer["extensions"]["cost"] == {"estimated": cost, "allowed": 10_000}

    def test_lists_in_lists_multiply(self, client: Client) -> None:
        query = (
            "query($n: Int) { albums(first: $n) { edges { node { photos(first: $n) { edges { node { id } } } } } } }"
        )
        found = refusal(client, query, n=100)
        assert (found["limit"], found["found"]) == ("cost", 2 + 100 * (3 + 1 + 100 * 3))

    def test_a_negative_or_senseless_length_buys_nothing(self, client: Client) -> None:
        query = "query($n: Int, $m: Int) { albums(first: $n) { edges { node { photos(first: $m) { edges { node { id } } } } } } }"
        assert refusal(client, query, n=100, m="x")["code"] in ("BAD_USER_INPUT", "LIMIT_EXCEEDED")
        answer = client.post("/graphql", {"query": query, "variables": {"n": -5, "m": 100}}, "application/json").json()
        assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"

    def test_a_list_in_the_variables(self, client: Client) -> None:
        query = "query($f: PhotoFilter) { photos(filter: $f) { totalCount } }"
        assert refusal(client, query, f={"tags": ["x"] * 101})["limit"] == "list_length"
        assert refusal(client, query, f={f"tag{number}": 1 for number in range(101)})["limit"] == "list_length"
        assert refusal(client, query, f={"tags": [[1] * 99] * 60})["limit"] == "values"


class TestTime:
    @pytest.mark.django_db(transaction=True)
    def test_an_operation_that_takes_too_long_is_ended_with_its_statement(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        ended: list[str] = []

        def sleep() -> None:
            with connection.cursor() as cursor:
                try:
                    cursor.execute("SELECT pg_sleep(60)")
                except Exception as error:
                    ended.append(type(error).__name__)
                    raise

        async def main() -> None:
            with pytest.raises(TimedOutError):
                await threads.run(sleep, seconds=0.3)

        asyncio.run(main())
        deadline = time.monotonic() + 20
        while not ended and time.monotonic() < deadline:
            time.sleep(0.05)
        assert ended == ["OperationalError"]

    def test_after_its_time_it_gets_no_further_statement(self, db: None) -> None:
        work = threads.Work(seconds=0)
        with pytest.raises(TimedOutError):
            work.run(lambda: None)
        late = threads.Work(seconds=60)

        def query_late() -> None:
            late.cancel()
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1")

        with pytest.raises(TimedOutError):
            late.run(query_late)

    def test_the_client_is_told(self, client: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
        async def late(*_: object, **__: object) -> None:
            raise TimedOutError

        monkeypatch.setattr("api.http.threads.run", late)
        response = client.post("/graphql", {"query": "{ __typename }"}, "application/json")
        assert (response.status_code, response.json()["errors"][0]["extensions"]["code"]) == (503, "TIMEOUT")


class TestDocumentCache:
    def test_what_is_asked_for_once_does_not_displace_what_is_in_use(self) -> None:
        kept: SegmentedCache[str] = SegmentedCache(room=100)
        kept.put("regular", "r", weight=10)
        assert kept.get("regular") == "r"
        for number in range(1000):
            kept.put(number, "x", weight=10)
        assert kept.get("regular") == "r"
        assert len(kept) <= 10

    def test_what_is_too_heavy_is_not_kept(self) -> None:
        kept: SegmentedCache[str] = SegmentedCache(room=100)
        kept.put("heavy", "h", weight=1000)
        assert kept.get("heavy") is None

    def test_a_document_is_made_once(self, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
        made: list[str] = []
        make = documents.make

        def noted(text: str) -> documents.Document:
            made.append(text)
            return make(text)

        monkeypatch.setattr(persisted, "make", noted)
        for _ in range(3):
            client.post("/graphql", json.dumps({"query": "{ __typename }"}), "application/json")
        assert made == ["{ __typename }"]
