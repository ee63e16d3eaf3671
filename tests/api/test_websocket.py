"""graphql-transport-ws, clause by clause: https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md"""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from django.db import OperationalError
from pytest_django import Settings

from api import threads, websocket
from api.credentials import Credentials
from api.documents import hash_of
from api.execution import Answer
from api.requests import GraphQLRequest
from tests.api.socket import Socket, endless, talk

TYPENAME = "{ __typename }"


def closing_code(*said: Any, greeting: bool = True, **scope: Any) -> int | None:
    """Say something; return the code with which the server closes the connection then."""
    codes: list[int | None] = []

    async def conversation(socket: Socket) -> None:
        if greeting:
            await socket.greet()
        for message in said:
            await socket.say(message)
        codes.append(await socket.hear_close())

    talk(conversation, **scope)
    return codes[0]


def test_an_operation_is_answered_and_completed_and_its_id_is_free_again() -> None:
    async def conversation(socket: Socket) -> None:
        await socket.greet()
        for _ in range(2):
            await socket.ask("1", TYPENAME)
            assert await socket.hear() == {"id": "1", "type": "next", "payload": {"data": {"__typename": "Query"}}}
            assert await socket.hear() == {"id": "1", "type": "complete"}

    talk(conversation)


@pytest.mark.parametrize(
    ("query", "code"),
    [("{", "GRAPHQL_PARSE_FAILED"), ("{ nothing }", "GRAPHQL_VALIDATION_FAILED"),
     ("query($n: Int!) { photos(first: $n) { totalCount } }", "BAD_USER_INPUT")],
)  # fmt: skip
def test_a_request_that_is_not_executed_is_an_error_message(query: str, code: str) -> None:
    async def conversation(socket: Socket) -> None:
        await socket.greet()
        await socket.ask("1", query)
        message = await socket.hear()
        assert (message["id"], message["type"]) == ("1", "error")
        assert [error["extensions"]["code"] for error in message["payload"]] == [code]
        await socket.ask("1", TYPENAME)
        assert (await socket.hear())["type"] == "next"

    talk(conversation)


def test_a_field_that_fails_is_told_beside_the_data() -> None:
    async def conversation(socket: Socket) -> None:
        await socket.greet()
        await socket.ask("1", '{ __typename node(id: "garbage") { id } }')
        payload = (await socket.hear())["payload"]
        assert (payload["data"], len(payload["errors"])) == ({"__typename": "Query", "node": None}, 1)

    talk(conversation)


def test_a_ping_is_answered_with_what_it_brought_also_before_the_greeting() -> None:
    async def conversation(socket: Socket) -> None:
        await socket.say(type="ping")
        assert await socket.hear() == {"type": "pong"}
        await socket.say(type="ping", payload={"n": 1})
        assert await socket.hear() == {"type": "pong", "payload": {"n": 1}}
        await socket.say(type="pong")
        await socket.greet()

    talk(conversation)


class TestClosing:
    @pytest.mark.parametrize("said", ["{", "[]", '"x"', "", "{}", '{"type": "start"}', '{"type": 1}'])
    def test_4400_for_what_is_no_message(self, said: str) -> None:
        assert closing_code(said) == 4400

    @pytest.mark.parametrize(
        "said",
        [
            {"type": "subscribe"}, {"type": "subscribe", "id": "1"}, {"type": "subscribe", "id": 1, "payload": {"query": "{a}"}},
            {"type": "subscribe", "id": "", "payload": {"query": "{a}"}}, {"type": "subscribe", "id": "1", "payload": []},
            {"type": "subscribe", "id": "1", "payload": {}}, {"type": "subscribe", "id": "1", "payload": {"query": 1}},
            {"type": "subscribe", "id": "1", "payload": {"query": "{a}", "variables": [1]}},
            {"type": "subscribe", "id": "1", "payload": {"query": "{a}", "operationName": 1}},
            {"type": "subscribe", "id": "1", "payload": {"query": "{a}", "extensions": "x"}},
            {"type": "complete"}, {"type": "complete", "id": 1}, {"type": "ping", "payload": "x"}, {"type": "pong", "payload": [1]},
            {"type": "next", "id": "1", "payload": {}}, {"type": "connection_ack"},
        ],
    )  # fmt: skip
    def test_4400_for_a_message_without_its_parts(self, said: Any) -> None:
        assert closing_code(said) == 4400

    def test_4400_for_a_greeting_s_payload_that_is_no_object(self) -> None:
        assert closing_code({"type": "connection_init", "payload": "x"}, greeting=False) == 4400

    def test_4400_for_bytes(self) -> None:
        async def conversation(socket: Socket) -> None:
            await socket.sent.put({"type": "websocket.receive", "bytes": b'{"type": "ping"}'})
            assert await socket.hear_close() == 4400

        talk(conversation)

    def test_4401_before_the_greeting(self) -> None:
        said = {"type": "subscribe", "id": "1", "payload": {"query": TYPENAME}}
        assert closing_code(said, greeting=False) == 4401

    @pytest.mark.django_db
    def test_4403_for_a_token_that_does_not_work(self) -> None:
        said = {"type": "connection_init", "payload": {"Authorization": "Bearer slw_unknown"}}
        assert closing_code(said, greeting=False) == 4403

    def test_4406_for_another_protocol(self) -> None:
        assert closing_code(greeting=False, subprotocols=["graphql-ws"]) == 4406

    def test_4408_for_no_greeting(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(websocket, "INIT_TIMEOUT_SECONDS", 0.05)
        assert closing_code(greeting=False) == 4408

    def test_4408_not_for_a_greeting_that_we_take_long_to_look_at(self, monkeypatch: pytest.MonkeyPatch) -> None:
        look, insist = threads.run, websocket.Connection._insist_on_greeting
        is_looked_at, is_time_over = asyncio.Event(), asyncio.Event()

        async def late_look(*given: Any) -> Any:
            is_looked_at.set()
            await is_time_over.wait()
            return await look(*given)

        async def insist_meanwhile(connection: websocket.Connection) -> None:
            await is_looked_at.wait()
            await insist(connection)
            is_time_over.set()

        monkeypatch.setattr(websocket, "INIT_TIMEOUT_SECONDS", 0)
        monkeypatch.setattr("api.websocket.threads.run", late_look)
        monkeypatch.setattr(websocket.Connection, "_insist_on_greeting", insist_meanwhile)
        talk(Socket.greet)

    @pytest.mark.parametrize("operation_id", ["1", "é中" * 100], ids=["short", "long"])
    def test_4409_for_an_id_that_is_in_use(self, operation_id: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(websocket, "answers", endless)
        said = {"type": "subscribe", "id": operation_id, "payload": {"query": TYPENAME}}
        assert closing_code(said, said) == 4409

    def test_4429_for_a_second_greeting(self) -> None:
        assert closing_code({"type": "connection_init"}) == 4429

    def test_1013_while_postgresql_is_away(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def away(_: object) -> None:
            raise OperationalError("connection failed")

        monkeypatch.setattr(Credentials, "find_viewer", away)
        said = {"type": "connection_init", "payload": {"Authorization": "Bearer slw_unknown"}}
        assert closing_code(said, greeting=False) == 1013

    def test_1009_for_a_message_that_is_too_large(self, settings: Settings) -> None:
        settings.GRAPHQL_MAX_REQUEST_BYTES = 4096
        assert closing_code({"type": "ping", "payload": {"x": "x" * 5000}}) == 1009


def test_what_a_client_has_ended_is_not_told_any_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(websocket, "answers", endless)

    async def conversation(socket: Socket) -> None:
        await socket.greet()
        await socket.ask("1", TYPENAME)
        await socket.hear()
        await socket.say(type="complete", id="1")
        await socket.say(type="ping", payload={"last": True})
        while (await socket.hear())["type"] != "pong":
            pass
        await asyncio.sleep(0.05)
        assert socket.got.empty()

    talk(conversation)


def held_until(released: asyncio.Event) -> Any:
    """Return answers of which those to a document that says so are held back."""

    async def answers(_operation: object, request: GraphQLRequest, _context: object) -> AsyncIterator[Answer]:
        if "held" in request.query:
            await released.wait()
        yield Answer(body=b'{"data":{}}', status=200)

    return answers


def test_operations_go_on_beside_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    released = asyncio.Event()
    monkeypatch.setattr(websocket, "answers", held_until(released))

    async def conversation(socket: Socket) -> None:
        await socket.greet()
        await socket.ask("1", "{ held: __typename }")
        await socket.ask("2", TYPENAME)
        heard = [await socket.hear() for _ in range(2)]
        released.set()
        heard += [await socket.hear() for _ in range(2)]
        told = [(message["id"], message["type"]) for message in heard]
        assert told == [("2", "next"), ("2", "complete"), ("1", "next"), ("1", "complete")]

    talk(conversation)


def test_the_one_answer_of_a_query_that_was_ended_before_is_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    released = asyncio.Event()
    monkeypatch.setattr(websocket, "answers", held_until(released))

    async def conversation(socket: Socket) -> None:
        await socket.greet()
        await socket.ask("1", "{ held: __typename }")
        await socket.say(type="complete", id="1")
        released.set()
        await socket.ask("2", TYPENAME)
        assert [(await socket.hear())["id"] for _ in range(2)] == ["2", "2"]
        assert socket.got.empty()

    talk(conversation)


def test_the_end_of_what_has_ended_is_ignored() -> None:
    async def conversation(socket: Socket) -> None:
        await socket.greet()
        await socket.ask("1", TYPENAME)
        assert [(await socket.hear())["type"] for _ in range(2)] == ["next", "complete"]
        for operation_id in ("1", "never begun"):
            await socket.say(type="complete", id=operation_id)
        await socket.say(type="ping")
        assert await socket.hear() == {"type": "pong"}

    talk(conversation)


def test_operations_end_with_their_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    is_ended: list[bool] = []

    async def silent(*_: object) -> AsyncIterator[Answer]:
        try:
            yield Answer(body=b'{"data":{}}', status=200)
            await asyncio.Event().wait()
        finally:
            is_ended.append(True)

    monkeypatch.setattr(websocket, "answers", silent)

    async def conversation(socket: Socket) -> None:
        await socket.greet()
        await socket.ask("1", TYPENAME)
        assert (await socket.hear())["type"] == "next"
        assert is_ended == []

    talk(conversation)
    assert is_ended == [True]


def test_a_document_that_comes_with_its_hash_is_kept() -> None:
    text = "{ __typename kept: __typename }"
    persisted = {"persistedQuery": {"version": 1, "sha256Hash": hash_of(text)}}

    async def conversation(socket: Socket) -> None:
        await socket.greet()
        for payload in ({"query": text, "extensions": persisted}, {"extensions": persisted}):
            await socket.say(type="subscribe", id="1", payload=payload)
            assert (await socket.hear())["payload"]["data"]["kept"] == "Query"
            assert (await socket.hear())["type"] == "complete"

    talk(conversation)


def test_a_session_cannot_be_begun_where_no_cookie_can_be_set() -> None:
    async def conversation(socket: Socket) -> None:
        await socket.greet()
        await socket.ask("1", "mutation { logout { ok } }")
        payload = (await socket.hear())["payload"]
        assert payload["errors"][0]["extensions"]["code"] == "FORBIDDEN"

    talk(conversation)
