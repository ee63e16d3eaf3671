"""uvicorn. Its own draining closes WebSockets with 1012, resets whom it has not accepted, and ends by the signal, not with 0."""

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from config.asgi_types import Application
from config.servers.draining import Draining
from config.servers.limits import (
    BACKLOG,
    KEEP_ALIVE_SECONDS,
    WEBSOCKET_CLOSE_SECONDS,
    WEBSOCKET_MESSAGE_MAX_BYTES,
    WEBSOCKET_PING_INTERVAL_SECONDS,
    WEBSOCKET_PING_TIMEOUT_SECONDS,
)
from config.servers.unread import has_unread


class WebSocketProtocol(WebSocketsSansIOProtocol):
    """A connection that does not wait for long for a client's half of the closing handshake."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.close_timeout = WEBSOCKET_CLOSE_SECONDS


class DrainingServer(uvicorn.Server):
    """A server whose signals are ours."""

    def __init__(self, config: uvicorn.Config, *, draining: Draining) -> None:
        super().__init__(config)
        self.draining = draining

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals to our draining."""
        self.draining.on_signals(self, asyncio.get_running_loop())
        yield

    def stop_accepting(self) -> None:
        """Close the listening socket."""
        for server in self.servers:
            server.close()

    def close_idle(self) -> None:
        """Close the connections on which nothing is asked, and the others after their response."""
        for connection in list(self.server_state.connections):
            if isinstance(connection, HttpToolsProtocol) and not is_asking(connection):
                connection.shutdown()

    def open_connections(self) -> int:
        """Return how many connections are open."""
        return len(self.server_state.connections)

    def leave(self) -> None:
        """End the server."""
        self.should_exit = True


def is_asking(connection: HttpToolsProtocol) -> bool:
    """Tell whether a request has come in of which uvicorn has not read the head's end."""
    if connection.transport.is_closing():
        return False
    is_head_open = connection.scope is not (connection.cycle and connection.cycle.scope)
    return is_head_open or has_unread(connection.transport.get_extra_info("socket").fileno())


def config(application: Application) -> uvicorn.Config:
    """Return the server's configuration."""
    return uvicorn.Config(
        application,
        loop="uvloop",
        http=HttpToolsProtocol,
        ws=WebSocketProtocol,
        lifespan="off",
        interface="asgi3",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        backlog=BACKLOG,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=1,  # all is done by then
        ws_max_size=WEBSOCKET_MESSAGE_MAX_BYTES,
        ws_ping_interval=WEBSOCKET_PING_INTERVAL_SECONDS,
        ws_ping_timeout=WEBSOCKET_PING_TIMEOUT_SECONDS,
    )


def serve(application: Application, *, listener: socket.socket, draining: Draining) -> None:
    """Serve until drained."""
    # A copy of the descriptor, because uvicorn closes what it is given.
    DrainingServer(config(application), draining=draining).run(sockets=[listener.dup()])
