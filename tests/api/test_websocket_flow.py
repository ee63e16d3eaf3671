"""A WebSocket's client takes what it is sent, and has so many streams; else nothing more is kept for it."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from pytest_django import Settings

from api import flow, streams, websocket
from api.errors import SlowConsumerError
from api.execution import Answer
from config.asgi_types import Message
from tests.api.socket import Socket, endless, talk

TYPENAME = "{ __typename }"


def test_nothing_more_is_sent_to_a_client_that_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(websocket, "answers", endless)

    async def conversation(socket: Socket) -> None:
        await socket.greet()
        await socket.ask("1", TYPENAME)
        kinds = [(await socket.hear())["type"] for _ in range(flow.UNHEARD_MAX + 1)]
        assert sorted(set(kinds)) == ["next", "ping"]
        await asyncio.sleep(0.05)
        assert socket.got.empty()
        await socket.say(type="pong")
        assert (await socket.hear())["type"] == "next"

    talk(conversation)


def test_nothing_more_is_sent_once_the_connection_is_being_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    class Slow(asyncio.Queue[Message]):
        """Takes its time, as a server does that waits for the client's own close."""

        async def put(self, item: Message) -> None:
            await super().put(item)
            for _ in range(20):
                await asyncio.sleep(0)

    monkeypatch.setattr(asyncio, "Queue", Slow)
    monkeypatch.setattr(websocket, "answers", endless)
    said = {"type": "subscribe", "id": "1", "payload": {"query": TYPENAME}}

    async def conversation(socket: Socket) -> None:
        await socket.greet()
        await socket.say(said)
        assert (await socket.hear())["type"] == "next"
        await socket.say(said)
        assert await socket.hear_close() == 4409
        for _ in range(100):
            await asyncio.sleep(0)
        assert socket.got.empty()

    talk(conversation)


def test_a_client_has_so_many_streams_and_no_more(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    settings.GRAPHQL_MAX_SUBSCRIPTIONS = 1
    monkeypatch.setattr(websocket, "answers", endless)

    async def conversation(socket: Socket) -> None:
        await socket.greet()
        await socket.ask("1", TYPENAME)
        await socket.hear()
        await socket.ask("2", TYPENAME)
        while (message := await socket.hear()).get("id") != "2":
            pass
        assert message["payload"][0]["extensions"]["code"] == "TOO_MANY_SUBSCRIPTIONS"

    talk(conversation)


def test_a_stream_that_falls_behind_ends_with_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    async def slow(*_: object) -> AsyncIterator[Answer]:
        yield streams.failure([streams.located(SlowConsumerError())])

    monkeypatch.setattr(websocket, "answers", slow)

    async def conversation(socket: Socket) -> None:
        await socket.greet()
        await socket.ask("1", TYPENAME)
        message = await socket.hear()
        assert (message["type"], message["payload"][0]["extensions"]["code"]) == ("error", "SLOW_CONSUMER")

    talk(conversation)
