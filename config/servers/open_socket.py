"""A WebSocket between application and server that somebody else, the draining, can close as well."""

import asyncio
import logging

from config.asgi_types import Message, Receive, Send
from config.servers.limits import WEBSOCKET_CLOSE_SECONDS

logger = logging.getLogger("slipway.server")

GOING_AWAY = 1001  # RFC 6455, section 7.4.1: clients connect again, and find another server


class OpenSocket:
    """Hands messages through. Once it goes away, the application receives a disconnect, and what it sends is dropped."""

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive, self._send = receive, send
        self._pending: asyncio.Future[Message] | None = None
        self._is_accepted = False
        self._is_going = False
        self._is_gone = asyncio.Event()

    async def receive(self) -> Message:
        """Return the client's next message."""
        if self._is_going and self._is_accepted:
            return await self._disconnect()
        self._pending = pending = asyncio.ensure_future(self._receive())
        try:
            return await pending
        except asyncio.CancelledError:
            if not self._is_going or is_cancelled_itself():
                raise
            return await self._disconnect()
        finally:
            pending.cancel()

    async def _disconnect(self) -> Message:
        # Not before the close frame is sent: an application that ends earlier has granian send one without a code.
        await self._is_gone.wait()
        return {"type": "websocket.disconnect", "code": GOING_AWAY}

    async def send(self, message: Message) -> None:
        """Send a message of the application's."""
        if not self._is_going:
            self._is_accepted = self._is_accepted or message["type"] == "websocket.accept"
            await self._send(message)
        elif not self._is_accepted and message["type"] in ("websocket.accept", "websocket.close"):
            await self._send({"type": "websocket.close"})

    async def go_away(self) -> None:
        """Close the socket, whatever the application is doing; one that is not accepted yet is refused when it would be."""
        self._is_going = True
        if not self._is_accepted:
            return
        if self._pending is not None:
            self._pending.cancel()  # granian sends no close frame while a message is waited for
        try:
            close = {"type": "websocket.close", "code": GOING_AWAY}
            await asyncio.wait_for(self._send(close), WEBSOCKET_CLOSE_SECONDS)
        except Exception:
            logger.debug("a websocket is gone already", exc_info=True)
        finally:
            self._is_gone.set()

    async def refuse(self) -> None:
        """Turn down a handshake."""
        await self._receive()
        await self._send({"type": "websocket.close"})


def is_cancelled_itself() -> bool:
    """Tell whether it is the running task that is to end, not only what it waits for."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
