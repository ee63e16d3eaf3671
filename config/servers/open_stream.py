"""A response that is open for as long as there are events, such as server-sent events, which the draining can end."""

import asyncio

from config.asgi_types import Message, Receive
from config.servers.open_socket import is_cancelled_itself

EVENT_STREAM = b"text/event-stream"
GONE = {"type": "http.disconnect"}


class OpenStream:
    """Hands the client's messages through. Once it ends, the application is told that the client has gone, and finishes."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._pending: asyncio.Future[Message] | None = None
        self._is_begun = self._is_ending = False

    async def receive(self) -> Message:
        """Return the client's next message."""
        if not self._is_begun:
            return await self._receive()
        if self._is_ending:
            return GONE
        self._pending = pending = asyncio.ensure_future(self._receive())
        try:
            return await pending
        except asyncio.CancelledError:
            if not self._is_ending or is_cancelled_itself():
                raise
            return GONE
        finally:
            pending.cancel()

    def begin(self, *, is_ending: bool) -> None:
        """Take note that the response is one of events."""
        self._is_begun, self._is_ending = True, is_ending

    def end(self) -> None:
        """Have the application finish the response: clients come again, and find another server."""
        self._is_ending = True
        if self._pending:
            self._pending.cancel()


def is_endless(start: Message) -> bool:
    """Tell whether a response that starts is one of events."""
    return any(
        name.lower() == b"content-type" and value.lower().startswith(EVENT_STREAM)
        for name, value in start.get("headers", ())
    )
