"""What is going on, seen from ASGI, under whichever server: requests and WebSockets that are open, and how they are told to end."""

import asyncio
import time

from config.asgi_types import Application, Message, Receive, Scope, Send
from config.servers.open_socket import OpenSocket
from config.servers.open_stream import OpenStream, is_endless

CLOSE = (b"connection", b"close")


class Traffic:
    """Counts what is open in an application. While draining, responses close their connection and WebSockets are closed."""

    def __init__(self) -> None:
        self.requests = 0
        self.sockets: set[OpenSocket] = set()
        self.streams: set[OpenStream] = set()
        self.is_draining = False
        self._keeping = 0  # responses that are open and have not said that they close their connection
        self._kept_at = 0.0
        self._closing: set[asyncio.Task[None]] = set()

    @property
    def is_idle(self) -> bool:
        """Whether nothing is open."""
        return not self.requests and not self.sockets

    def has_settled(self, *, seconds: float) -> bool:
        """Tell whether for so long no client was left with a connection that it may take for kept alive."""
        return not self._keeping and time.monotonic() - self._kept_at > seconds

    def watch(self, application: Application) -> Application:
        """Return `application`, counted."""

        async def watched(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] == "http":
                await self.serve_request(application, scope, receive, send)
            elif scope["type"] == "websocket":
                await self.serve_socket(application, scope, receive, send)
            else:
                await application(scope, receive, send)

        return watched

    async def serve_request(self, application: Application, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request; a response that begins while draining is its connection's last, and one that never ends is ended."""

        stream = OpenStream(receive)
        is_kept = False

        async def send_and_close(message: Message) -> None:
            nonlocal is_kept
            if message["type"] == "http.response.start":
                if self.is_draining:
                    others = [pair for pair in message.get("headers", ()) if pair[0].lower() != CLOSE[0]]
                    message = {**message, "headers": [*others, CLOSE]}
                elif not is_kept:
                    is_kept = True
                    self._keeping += 1
                if is_endless(message):
                    self.streams.add(stream)
                    stream.begin(is_ending=self.is_draining)
            await send(message)

        self.requests += 1
        try:
            await application(scope, stream.receive, send_and_close)
        finally:
            self.requests -= 1
            if is_kept:
                self._keeping -= 1
                self._kept_at = time.monotonic()
            self.streams.discard(stream)

    async def serve_socket(self, application: Application, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a WebSocket; one that comes while draining is refused."""
        opened = OpenSocket(receive, send)
        if self.is_draining:
            await opened.refuse()
            return
        self.sockets.add(opened)
        try:
            await application(scope, opened.receive, opened.send)
        finally:
            self.sockets.discard(opened)

    def begin_draining(self) -> None:
        """Close every WebSocket, and let each connection end with its next response."""
        self.is_draining = True
        for stream in self.streams:
            stream.end()
        self._closing = {asyncio.ensure_future(each.go_away()) for each in self.sockets}
