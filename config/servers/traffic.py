"""What is going on, seen from ASGI, under whichever server: requests and WebSockets that are open, and how they are told to end."""

import asyncio

from config.asgi_types import Application, Message, Receive, Scope, Send
from config.servers.open_socket import OpenSocket

CLOSE = (b"connection", b"close")


class Traffic:
    """Counts what is open in an application. While draining, responses close their connection and WebSockets are closed."""

    def __init__(self) -> None:
        self.requests = 0
        self.sockets: set[OpenSocket] = set()
        self.is_draining = False
        self._closing: set[asyncio.Task[None]] = set()

    @property
    def is_idle(self) -> bool:
        """Whether nothing is open."""
        return not self.requests and not self.sockets

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
        """Answer a request; a response that begins while draining is its connection's last."""

        async def send_and_close(message: Message) -> None:
            if self.is_draining and message["type"] == "http.response.start":
                others = [pair for pair in message.get("headers", ()) if pair[0].lower() != CLOSE[0]]
                message = {**message, "headers": [*others, CLOSE]}
            await send(message)

        self.requests += 1
        try:
            await application(scope, receive, send_and_close)
        finally:
            self.requests -= 1

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
        self._closing = {asyncio.ensure_future(each.go_away()) for each in self.sockets}
