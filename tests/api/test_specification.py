"""GraphQL over HTTP, clause by clause: https://http-spec.graphql.org/September2026/. docs/graphql.md has the table."""

import json
from typing import Any

import pytest
from pytest_django import Settings

from config.asgi_types import Message
from tests.asgi_client import Client, application, run_here

RESPONSE = "application/graphql-response+json"
JSON = "application/json"
BROKEN = "query($ids: [ID!]!) { viewer { id } nodes(ids: $ids) { id } }"
PARTIAL = '{ __typename node(id: "garbage") { id } }'  # a field fails whose type is nullable
TYPENAME = {"query": "{ __typename }"}


def post(client: Client, body: Any, *, accept: str | None = RESPONSE, content_type: str = JSON) -> Any:
    headers = {"Accept": accept} if accept is not None else {}
    return client.post("/graphql", data=body, content_type=content_type, headers=headers)


def get(client: Client, accept: str = RESPONSE, **parameters: str) -> Any:
    return client.get("/graphql", parameters, headers={"Accept": accept})


def code_of(response: Any) -> str:
    code: str = response.json()["errors"][0]["extensions"]["code"]
    return code


class TestMediaTypes:
    @pytest.mark.parametrize(
        ("accept", "content_type"),
        [
            (RESPONSE, RESPONSE),
            (JSON, JSON),
            (f"{RESPONSE}, {JSON};q=0.9", RESPONSE),
            (f"{JSON};q=0.9, {RESPONSE};q=0.8", JSON),
            (f"{JSON}, {RESPONSE}", JSON),
            (f"{RESPONSE};q=0, */*", JSON),
            ("*/*", RESPONSE),
            ("application/*", RESPONSE),
            (f"*/*, {JSON}", JSON),
            ("text/html, */*;q=0.1", RESPONSE),
            (f'{JSON}; charset="UTF-8"', JSON),
            ("APPLICATION/JSON", JSON),
            (f"{RESPONSE}, application/graphql+json, {JSON}, text/event-stream, multipart/mixed", RESPONSE),
            ("", RESPONSE),
            (None, RESPONSE),
        ],
    )
    def test_the_type_that_is_wanted_most_is_sent_and_its_encoding_told(
        self, client: Client, accept: str | None, content_type: str
    ) -> None:
        response = post(client, TYPENAME, accept=accept)
        assert (response.status_code, response.headers["Content-Type"]) == (200, f"{content_type}; charset=utf-8")
        assert response.json() == {"data": {"__typename": "Query"}}

    @pytest.mark.parametrize("accept", ["text/html", "image/*", f"{JSON};q=0", f"{JSON}; charset=latin-1", "nonsense"])
    def test_what_cannot_be_sent_is_not_acceptable(self, client: Client, accept: str) -> None:
        assert post(client, TYPENAME, accept=accept).status_code == 406

    def test_errors_for_a_legacy_client_come_under_the_type_that_says_they_are_graphql(self, client: Client) -> None:
        response = post(client, {"query": "{ nothing }"}, accept=JSON)
        assert (response.status_code, response.headers["Content-Type"]) == (422, f"{RESPONSE}; charset=utf-8")

    def test_caches_are_told_that_the_answer_depends_on_accept(self, client: Client) -> None:
        assert post(client, TYPENAME).headers["Vary"] == "Accept"


class TestRequestBody:
    def test_utf_8_is_assumed_and_may_be_said(self, client: Client) -> None:
        body = json.dumps({"query": '{ node(id: "é中") { id } }'}, ensure_ascii=False).encode()
        for content_type in (JSON, f"{JSON}; charset=utf-8", f'{JSON}; charset="UTF-8"', RESPONSE):
            assert "é中" in post(client, body, content_type=content_type).content.decode()

    def test_another_charset_is_refused(self, client: Client) -> None:
        assert post(client, json.dumps(TYPENAME), content_type=f"{JSON}; charset=utf-16").status_code == 415

    @pytest.mark.parametrize(
        "content_type", ["text/plain", "application/x-www-form-urlencoded", "application/graphql", ""]
    )
    def test_another_type_or_none_is_refused(self, client: Client, content_type: str) -> None:
        response = post(client, "{ __typename }", content_type=content_type)
        assert (response.status_code, code_of(response)) == (415, "BAD_USER_INPUT")
        assert response.headers["Accept"] == "application/json, multipart/form-data"

    def test_a_compressed_body_is_refused(self, client: Client) -> None:
        response = client.post("/graphql", b"\x1f\x8b", content_type=JSON, headers={"Content-Encoding": "gzip"})
        assert (response.status_code, response.headers["Accept-Encoding"]) == (415, "identity")

    @pytest.mark.parametrize(
        "body", [b"NONSENSE", b'{"query":', b"\xff\xfe", b"[" * 100_000, b'{"query": "\\ud800"}', b'{"a": NaN}']
    )
    def test_what_is_no_json_is_a_bad_request(self, client: Client, body: bytes) -> None:
        response = post(client, body)
        assert (response.status_code, code_of(response)) == (400, "BAD_USER_INPUT")
        assert response.headers["Content-Type"].startswith(RESPONSE)

    @pytest.mark.parametrize(
        "body",
        [
            b"[]", b"null", b'"x"', b"{}", b'{"query": 1}', b'{"qeury": "{__typename}"}', b'[{"query": "{a}"}]',
            b'{"query": "{__typename}", "variables": [7]}', b'{"query": "{__typename}", "operationName": 1}',
            b'{"query": "{__typename}", "extensions": "x"}', b'{"query": null}',
        ],
    )  # fmt: skip
    def test_what_is_no_request_is_unprocessable(self, client: Client, body: bytes) -> None:
        response = post(client, body)
        assert (response.status_code, code_of(response)) == (422, "BAD_USER_INPUT")

    def test_null_is_as_good_as_nothing_and_unknown_properties_are_ignored(self, client: Client) -> None:
        body = {**TYPENAME, "variables": None, "operationName": None, "extensions": None, "id": "x", "more": [1]}
        assert post(client, body).json() == {"data": {"__typename": "Query"}}

    def test_a_name_that_is_empty_is_none(self, client: Client) -> None:
        assert post(client, {**TYPENAME, "operationName": ""}).status_code == 200

    def test_one_that_is_too_large_is_told(self, client: Client, settings: Settings) -> None:
        settings.GRAPHQL_MAX_REQUEST_BYTES = 4096
        response = post(client, {"query": "{ __typename }" + " " * 5000})
        assert (response.status_code, code_of(response)) == (413, "REQUEST_TOO_LARGE")


class TestGet:
    def test_the_parameters_are_in_the_url(self, client: Client) -> None:
        query = "query A { a: __typename } query B($n: Boolean!) { b: __typename @include(if: $n) }"
        response = get(client, query=query, operationName="B", variables='{"n": true}', extensions="{}")
        assert (response.status_code, response.json()) == (200, {"data": {"b": "Query"}})

    def test_empty_parameters_are_as_good_as_none(self, client: Client) -> None:
        assert get(client, query="{ __typename }", operationName="", variables="", extensions="").status_code == 200

    def test_null_is_an_operation_s_name_like_another(self, client: Client) -> None:
        query = "query null { a: __typename } query B { b: __typename }"
        assert get(client, query=query, operationName="null").json() == {"data": {"a": "Query"}}

    @pytest.mark.parametrize(
        ("parameters", "status"),
        [
            ({}, 422),
            ({"query": ""}, 400),  # required, and no document
            ({"query": "{a}", "variables": "{"}, 422),
            ({"query": "{a}", "variables": "[1]"}, 422),
            ({"query": "{a}", "extensions": "x"}, 422),
        ],
    )
    def test_what_is_no_request_is_told(self, client: Client, parameters: dict[str, str], status: int) -> None:
        assert get(client, **parameters).status_code == status

    def test_bytes_that_are_no_utf_8_are_told(self, client: Client) -> None:
        assert client.get("/graphql?query=%ff%fe", headers={"Accept": JSON}).status_code == 422

    def test_a_mutation_is_not_run(self, client: Client) -> None:
        response = get(client, query="mutation { logout { ok } }")
        assert (response.status_code, response.headers["Allow"]) == (405, "POST")
        assert "data" not in response.json()

    def test_a_mutation_beside_the_query_that_is_meant_does_not_matter(self, client: Client) -> None:
        query = "query A { __typename } mutation B { logout { ok } }"
        assert get(client, query=query, operationName="A").status_code == 200
        assert get(client, query=query, operationName="B").status_code == 405

    def test_a_url_that_is_too_long_is_told(self, client: Client) -> None:
        assert get(client, query="{ __typename }" + " " * 20_000).status_code == 414

    @pytest.mark.parametrize("method", ["put", "delete", "patch", "options", "head"])
    def test_another_method_is_not_allowed(self, client: Client, method: str) -> None:
        response = getattr(client, method)("/graphql")
        assert (response.status_code, response.headers["Allow"]) == (405, "GET, POST")


class TestStatus:
    def test_data_alone_is_ok(self, client: Client) -> None:
        assert post(client, TYPENAME).status_code == 200

    def test_data_and_errors_are_a_partial_success(self, client: Client) -> None:
        response = post(client, {"query": PARTIAL})
        assert (response.status_code, response.json()["data"]) == (294, {"__typename": "Query", "node": None})

    def test_data_that_became_null_is_one_too(self, client: Client) -> None:
        response = post(client, {"query": '{ nodes(ids: ["garbage"]) { id } }'})
        assert (response.status_code, response.json()["data"]) == (294, None)

    def test_a_legacy_client_is_told_of_a_partial_success_as_of_any(self, client: Client) -> None:
        response = post(client, {"query": PARTIAL}, accept=JSON)
        assert (response.status_code, response.headers["Content-Type"]) == (200, f"{JSON}; charset=utf-8")

    @pytest.mark.parametrize("accept", [RESPONSE, JSON])
    @pytest.mark.parametrize(
        ("body", "status", "code"),
        [
            ({"query": "{"}, 400, "GRAPHQL_PARSE_FAILED"),
            ({"query": ""}, 400, "GRAPHQL_PARSE_FAILED"),
            ({"query": "{ nothing }"}, 422, "GRAPHQL_VALIDATION_FAILED"),
            ({"query": "query A { __typename } query B { __typename }"}, 422, "BAD_USER_INPUT"),
            ({"query": "query A { __typename }", "operationName": "B"}, 422, "BAD_USER_INPUT"),
            ({"query": "fragment F on Query { __typename }"}, 422, "GRAPHQL_VALIDATION_FAILED"),
            ({"query": "query($n: Int!) { photos(first: $n) { totalCount } }"}, 422, "BAD_USER_INPUT"),
            (
                {"query": "query($n: Int!) { photos(first: $n) { totalCount } }", "variables": {"n": "x"}},
                422,
                "BAD_USER_INPUT",
            ),
            ({"query": "subscription { photoChanged(albumId: 1) { kind } }"}, 406, "BAD_USER_INPUT"),
        ],
    )
    def test_a_request_that_is_not_executed_has_no_data_and_a_status_of_its_own(
        self, client: Client, accept: str, body: Any, status: int, code: str
    ) -> None:
        response = post(client, body, accept=accept)
        assert (response.status_code, code_of(response)) == (status, code)
        assert "data" not in response.json()

    def test_what_is_no_answer_is_not_called_one(self) -> None:
        sent: list[Message] = []

        async def gone() -> Message:
            return {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            sent.append(message)

        headers = [(b"host", b"testserver"), (b"content-type", b"application/json")]
        scope = {"type": "http", "method": "POST", "path": "/graphql", "query_string": b"", "headers": headers}
        run_here(lambda: application({**scope, "client": ["127.0.0.1", 0]}, gone, send))
        assert (sent[0]["status"], sent[1].get("body", b"")) == (499, b"")
        assert RESPONSE.encode() not in dict(sent[0]["headers"]).get(b"content-type", b"")

    def test_mistakes_have_their_places(self, client: Client) -> None:
        assert post(client, {"query": "{\n  nothing }"}).json()["errors"][0]["locations"] == [{"line": 2, "column": 3}]
        assert post(client, {"query": "{\n  !"}).json()["errors"][0]["locations"] == [{"line": 2, "column": 3}]

    def test_an_unknown_host_is_refused(self, client: Client) -> None:
        assert client.post("/graphql", TYPENAME, JSON, headers={"Host": "evil.example"}).status_code == 400
