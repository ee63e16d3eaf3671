"""Server-sent events, the distinct connections mode: https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md"""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from api import event_stream
from api.errors import TimedOutError
from api.execution import Answer
from config.asgi_types import Message
from tests.asgi_client import Client, application, run_here

STREAM = "text/event-stream"
NEXT = 'event: next\ndata: {"data":{"__typename":"Query"}}\n\n'


def post(client: Client, query: str, accept: str = STREAM) -> Any:
    return client.post("/graphql", {"query": query}, "application/json", headers={"Accept": accept})


def test_an_operation_is_answered_by_events_and_then_completed(client: Client) -> None:
    response = post(client, "{ __typename }")
    assert (response.status_code, response.headers["Content-Type"]) == (200, f"{STREAM}; charset=utf-8")
    assert response.headers["X-Accel-Buffering"] == "no"
    assert response.content.decode() == f":\n\n{NEXT}event: complete\ndata:\n\n"


def test_get_begins_a_stream_too(client: Client) -> None:
    response = client.get("/graphql", {"query": "{ __typename }"}, headers={"Accept": STREAM})
    assert NEXT in response.content.decode()


def test_a_client_that_takes_either_gets_a_query_as_json(client: Client) -> None:
    response = post(client, "{ __typename }", accept=f"application/json, {STREAM}")
    assert response.json() == {"data": {"__typename": "Query"}}


@pytest.mark.parametrize(
    "query",
    ["{", "", "{ nothing }", "query A { __typename } query B { nothing }", "query A { __typename } query B { __typename }",
     "query($n: Int!) { photos(first: $n) { totalCount } }", "{" + "a: __typename " * 2000 + "}"],
    ids=["syntax", "empty", "field", "other-operation", "no-operation-meant", "variables", "limit"],
)  # fmt: skip
def test_mistakes_in_the_document_are_told_in_the_stream(client: Client, query: str) -> None:
    response = post(client, query)
    assert (response.status_code, response.headers["Content-Type"]) == (200, f"{STREAM}; charset=utf-8")
    lines = response.content.decode().split("\n")
    assert "errors" in json.loads(next(line for line in lines if line.startswith("data: "))[6:])
    assert "event: complete" in lines


def test_a_query_whose_time_is_over_is_told_in_the_stream(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def late(*_: object) -> None:
        raise TimedOutError

    monkeypatch.setattr("api.streams.run", late)
    lines = post(client, "{ __typename }").content.decode().split("\n")
    told = json.loads(next(line for line in lines if line.startswith("data: "))[6:])
    assert told["errors"][0]["extensions"]["code"] == "TIMEOUT"
    assert "event: complete" in lines


def test_what_is_no_request_is_refused_by_its_status(client: Client) -> None:
    assert client.post("/graphql", "{", "application/json", headers={"Accept": STREAM}).status_code == 400
    assert client.post("/graphql", "{}", "application/json", headers={"Accept": STREAM}).status_code == 422


def test_a_mutation_is_not_begun_by_get(client: Client) -> None:
    response = client.get("/graphql", {"query": "mutation { logout { ok } }"}, headers={"Accept": STREAM})
    assert response.status_code == 405


def test_silence_is_filled_and_a_client_that_goes_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_stream, "COMMENT_SECONDS", 0.02)
    is_ended: list[bool] = []

    async def silent(*_: object) -> AsyncIterator[Answer]:
        try:
            await asyncio.Event().wait()
            yield Answer(body=b"", status=200)
        finally:
            is_ended.append(True)

    monkeypatch.setattr(event_stream, "answers", silent)

    async def main() -> None:
        coming: asyncio.Queue[Message] = asyncio.Queue()
        sent: asyncio.Queue[Message] = asyncio.Queue()
        scope = {
            "type": "http", "method": "POST", "path": "/graphql", "query_string": b"", "client": ["127.0.0.1", 0],
            "headers": [(b"host", b"testserver"), (b"accept", b"text/event-stream"), (b"content-type", b"application/json")],
        }  # fmt: skip
        await coming.put({"type": "http.request", "body": b'{"query": "{ __typename }"}'})
        served = asyncio.ensure_future(application(scope, coming.get, sent.put))
        assert (await sent.get())["type"] == "http.response.start"
        for _ in range(3):
            assert (await asyncio.wait_for(sent.get(), 10))["body"] == b":\n\n"
        await coming.put({"type": "http.disconnect"})
        await asyncio.wait_for(served, 10)

    run_here(main)
    assert is_ended == [True]
