"""daphne, made to drain: its own answer to SIGTERM is to kill what is in flight."""

import socket
import time
import weakref
from collections.abc import Callable
from email.utils import formatdate
from functools import lru_cache, partial
from typing import Any

# First of all: it installs the reactor that runs on asyncio.
import daphne.server
from daphne.http_protocol import WebRequest
from twisted.internet import reactor

from config.asgi_types import Application, Message, Scope
from config.servers.draining import Draining
from config.servers.limits import (
    KEEP_ALIVE_SECONDS,
    WEBSOCKET_CLOSE_SECONDS,
    WEBSOCKET_MESSAGE_MAX_BYTES,
    WEBSOCKET_PING_INTERVAL_SECONDS,
    WEBSOCKET_PING_TIMEOUT_SECONDS,
)
from config.servers.open_socket import GOING_AWAY
from config.servers.request_content import KEY, Content, with_content
from config.servers.unread import has_unread


class DrainingServer(daphne.server.Server):  # type: ignore[misc]  # daphne has no types
    """A server that knows its connections, and leaves them open until they are done."""

    def __init__(self, application: Application, *, listener: socket.socket) -> None:
        super().__init__(
            with_content(application),
            endpoints=["ours"],  # it wants to have one; see listen()
            signal_handlers=False,
            server_name="",
            verbosity=0,
            ping_interval=WEBSOCKET_PING_INTERVAL_SECONDS,
            ping_timeout=WEBSOCKET_PING_TIMEOUT_SECONDS,
            websocket_timeout=-1,
            websocket_max_message_size=WEBSOCKET_MESSAGE_MAX_BYTES,
            websocket_max_frame_size=WEBSOCKET_MESSAGE_MAX_BYTES,
            ready_callable=self.listen,
        )
        self.endpoints: list[str] = []
        self._listener = listener
        self._channels: weakref.WeakSet[Any] = weakref.WeakSet()

    def listen(self) -> None:
        """Set what daphne has no argument for, and accept from our socket: its own endpoint for such knows no IPv6."""
        self.http_factory.timeOut = KEEP_ALIVE_SECONDS
        self.http_factory.log = write_no_line
        self.http_factory.buildProtocol = partial(self.connect, self.http_factory.buildProtocol)
        self.ws_factory.setProtocolOptions(closeHandshakeTimeout=WEBSOCKET_CLOSE_SECONDS)
        self._port = reactor.adoptStreamPort(self._listener.fileno(), self._listener.family, self.http_factory)

    def connect(self, build: Callable[[Any], Any], address: Any) -> Any:
        """Return a connection's protocol, and take note of the connection."""
        protocol = with_plain_requests(build, address)
        if protocol is not None:
            self._channels.add(protocol._channel)  # noqa: SLF001 - a request knows it as its channel, but there is none yet
        return protocol

    def create_application(self, protocol: Any, scope: Scope) -> Any:
        """Begin a request, whose body stays where it is until it is asked for."""
        if scope["type"] == "http":
            protocol.content = scope[KEY] = Content(protocol.content)
        return super().create_application(protocol, scope)

    async def handle_reply(self, protocol: Any, message: Message) -> None:
        """Do what daphne would not: tell the time, close the connection after a response that says so, a WebSocket as going away."""
        if message["type"] == "http.response.start" and protocol.channel:
            protocol.setHeader(b"date", date_of(int(time.time())))
            if closes_connection(message):
                protocol.channel.persistent = False  # twisted itself heeds only the request's wish
        if message["type"] == "websocket.close" and message.get("code") == GOING_AWAY:
            protocol.sendCloseFrame(code=GOING_AWAY)  # autobahn's sendClose() refuses this code
            return
        await super().handle_reply(protocol, message)

    def stop_accepting(self) -> None:
        """Close the listening socket."""
        self._port.stopListening()

    def close_idle(self) -> None:
        """Close the connections on which nothing is asked."""
        for channel in self._open_channels():
            if not channel.requests and not has_unread(channel.transport.fileno()):
                channel.loseConnection()

    def open_connections(self) -> int:
        """Return how many connections are open, those with WebSockets and those with half a request among them."""
        return len(self._open_channels())

    def leave(self) -> None:
        """End the server."""
        self.stop()

    def _open_channels(self) -> list[Any]:
        # A transport that is to close is connected until it has sent what it has.
        return [channel for channel in self._channels if channel.transport and channel.transport.connected]


def with_plain_requests(build: Callable[[Any], Any], address: Any) -> Any:
    """Return a connection's protocol, which leaves forms alone: twisted would read them into memory, 13 bytes for each of a file's."""
    protocol = build(address)
    if protocol is not None:
        protocol.requestFactory = partial(WebRequest, parsePOSTFormSubmission=False)
    return protocol


def write_no_line(_request: Any) -> None:
    """Leave twisted's own line for a request unwritten. It would make one even where nobody keeps it: we have ours."""


@lru_cache(maxsize=1)
def date_of(second: int) -> bytes:
    """Return a time, in seconds since 1970, as a response's date: RFC 9110, section 6.6.1."""
    return formatdate(second, usegmt=True).encode()


def closes_connection(message: Message) -> bool:
    """Tell whether a response's headers announce that its connection is closed."""
    return any(
        name.lower() == b"connection" and value.lower() == b"close" for name, value in message.get("headers", ())
    )


def serve(application: Application, *, listener: socket.socket, draining: Draining) -> None:
    """Serve until drained."""
    server = DrainingServer(application, listener=listener)
    draining.on_signals(server, reactor._asyncioEventloop)  # noqa: SLF001 - daphne takes it from there too
    server.run()
