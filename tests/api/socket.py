"""A WebSocket client of our application, in-process: what is sent is received as it stands, close codes and all."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

from api import websocket
from api.execution import Answer
from config.asgi_types import Message
from tests.asgi_client import run_here

REASON_MAX_BYTES = 123  # what a control frame has room for: RFC 6455, section 5.5


class Closed(Exception):  # noqa: N818 - a fact, not an error
    """The server closed the connection."""

    def __init__(self, code: int | None, reason: str) -> None:
        super().__init__(code, reason)
        self.code = code
        assert len(reason.encode()) <= REASON_MAX_BYTES


class Socket:
    """One end of a connection; `sent` is taken by the server, `got` came from it."""

    def __init__(self) -> None:
        self.sent: asyncio.Queue[Message] = asyncio.Queue()
        self.got: asyncio.Queue[Message] = asyncio.Queue()

    async def accepted(self) -> Message:
        """Return how the handshake was answered."""
        await self.sent.put({"type": "websocket.connect"})
        return await self.got.get()

    async def say(self, message: Any = None, /, **fields: Any) -> None:
        """Send a message; a text as it stands."""
        text = message if isinstance(message, str) else json.dumps(message or fields)
        await self.sent.put({"type": "websocket.receive", "text": text})

    async def hear(self, timeout: float = 10) -> dict[str, Any]:
        """Return the next message; raises Closed."""
        message = await asyncio.wait_for(self.got.get(), timeout)
        if message["type"] == "websocket.close":
            raise Closed(message.get("code"), message.get("reason", ""))
        found: dict[str, Any] = json.loads(message["text"])
        return found

    async def hear_close(self) -> int | None:
        """Listen until the server closes the connection; return the code."""
        try:
            while True:
                await self.hear()
        except Closed as closed:
            return closed.code

    async def greet(self, payload: Any = None) -> None:
        """Greet, and insist on the acknowledgement."""
        await self.say(type="connection_init", payload=payload)
        assert await self.hear() == {"type": "connection_ack"}

    async def ask(self, operation_id: str, query: str, **variables: Any) -> None:
        """Begin an operation."""
        await self.say(type="subscribe", id=operation_id, payload={"query": query, "variables": variables})


def talk(conversation: Callable[[Socket], Coroutine[Any, Any, None]], **scope: Any) -> None:
    """Hold a conversation over an accepted connection, to its end."""

    async def main() -> None:
        socket = Socket()
        described = {
            "type": "websocket", "path": "/graphql", "query_string": b"", "client": ["127.0.0.1", 0],
            "headers": [(b"host", b"testserver")], "subprotocols": [websocket.PROTOCOL], **scope,
        }  # fmt: skip
        served = asyncio.ensure_future(websocket.serve(described, socket.sent.get, socket.got.put))
        assert (await socket.accepted())["type"] == "websocket.accept"
        try:
            await conversation(socket)
        finally:
            await socket.sent.put({"type": "websocket.disconnect", "code": 1000})
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.wait_for(served, 10)

    run_here(main)


async def endless(*_: object) -> AsyncIterator[Answer]:
    """Yield answers as fast as they are taken."""
    while True:
        yield Answer(body=b'{"data":{}}', status=200)
        await asyncio.sleep(0)
