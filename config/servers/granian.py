"""granian, embedded into our own event loop, where its signals are ours. It sends no pings and has no limit on a message's size."""

import asyncio
import os
import socket
import sys

import uvloop
from granian._granian import SocketHolder
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server.embed import Server

from config.asgi_types import Application, Message, Receive, Scope, Send
from config.servers.draining import Draining
from config.servers.limits import BACKLOG, CONNECTIONS_MAX, KEEP_ALIVE_SECONDS

# Its own configuration would give it handlers of its own; a level is all that is set.
LOGGING = {"incremental": True, "formatters": {}, "handlers": {}, "loggers": {"_granian": {}}}


class DrainingServer(Server):  # type: ignore[misc]  # its types are not to be had: see pyproject.toml
    """A server on a socket that is open already."""

    def __init__(self, application: Application, *, listener: socket.socket) -> None:
        super().__init__(
            without_name(application),
            interface=Interfaces.ASGINL,
            http=HTTPModes.http1,
            http1_settings=HTTP1Settings(header_read_timeout=KEEP_ALIVE_SECONDS * 1000),
            backlog=BACKLOG,
            backpressure=CONNECTIONS_MAX,
            log_level=LogLevels.error,
            log_dictconfig=LOGGING,
        )
        self._listener = listener
        self._is_terminated = False

    def _init_shared_socket(self) -> None:
        backlog = (BACKLOG,) if sys.platform == "linux" else ()
        # It owns and closes the descriptor that it is given.
        self._shd = SocketHolder(os.dup(self._listener.fileno()), False, *backlog)  # noqa: FBT003 - its signature

    def stop_accepting(self) -> None:
        """Do nothing: until close_idle() the kernel drops attempts. shutdown() of the socket has granian spin and never end."""

    def close_idle(self) -> None:
        """Close the listening socket and the connections on which nothing is asked, the others after their response."""
        if not self._is_terminated:
            self._is_terminated = True
            for worker in self.wrks:
                worker.terminate()

    def open_connections(self) -> int:
        """Return 1 while connections are open: how many, granian does not tell."""
        return int(any(not worker._task.done() for worker in self.wrks))  # noqa: SLF001 - it has no other sign

    def leave(self) -> None:
        """End the server."""
        self.stop()


def without_name(application: Application) -> Application:
    """Return `application` with an empty Server header, or granian would put its name there."""

    async def nameless(scope: Scope, receive: Receive, send: Send) -> None:
        async def send_nameless(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message.get("headers", ()), (b"server", b"")]}
            await send(message)

        await application(scope, receive, send_nameless)

    return nameless


async def serve_on_loop(application: Application, *, listener: socket.socket, draining: Draining) -> None:
    """Serve on the running loop until drained."""
    server = DrainingServer(application, listener=listener)
    draining.on_signals(server, asyncio.get_running_loop())
    await server.serve()


def serve(application: Application, *, listener: socket.socket, draining: Draining) -> None:
    """Serve until drained."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve_on_loop(application, listener=listener, draining=draining))
