"""How a server leaves: no new connections, what is in flight is finished, WebSockets are closed, all within a limit."""

import asyncio
import logging
import os
import signal
import socket
import threading
import time
from typing import Protocol

from config.servers.listener import hold_off
from config.servers.traffic import Traffic
from config.servers.unread import has_waiting

logger = logging.getLogger("slipway.server")

# For how long those who have connected already may still begin a request.
GRACE_SECONDS = 0.25
# And those whose last response did not say that it closes their connection, because it began before: a long one ends at any time.
KEPT_GRACE_SECONDS = 0.5
LOOK_SECONDS = 0.02
LATE_SECONDS = 0.5
CUT_OFF_STATUS = 1


class Server(Protocol):
    """What differs from server to server."""

    def stop_accepting(self) -> None:
        """Close the listening socket."""

    def close_idle(self) -> None:
        """Close the connections on which nothing is asked and nothing has come in."""

    def open_connections(self) -> int:
        """Return how many connections are open."""

    def leave(self) -> None:
        """End the server, which has nothing left to do."""


class Draining:
    """Waits for a signal, then drains."""

    def __init__(self, traffic: Traffic, *, listener: socket.socket, timeout_seconds: float) -> None:
        self.traffic, self.listener, self.timeout_seconds = traffic, listener, timeout_seconds
        self._is_told = False
        self._task: asyncio.Task[None] | None = None

    def on_signals(self, server: Server, loop: asyncio.AbstractEventLoop) -> None:
        """Drain the server at the first SIGTERM or SIGINT, leave at once at the second."""

        def hear(*_: object) -> None:
            if self._is_told:
                self._cut_off(server, reason="a second signal")
            self._is_told = True
            self._limit(server)
            loop.call_soon_threadsafe(self._begin, server)

        # Not the loop's own handlers: these are heard also while something holds the loop up.
        for each in (signal.SIGTERM, signal.SIGINT):
            signal.signal(each, hear)

    def _limit(self, server: Server) -> None:
        """See to it that it ends, also where the loop is held up, or where the interpreter waits for a thread at its end."""
        late = self.timeout_seconds + LATE_SECONDS
        watchdog = threading.Timer(late, self._cut_off, args=[server], kwargs={"reason": "something does not end"})
        watchdog.daemon = True
        watchdog.start()

    def _begin(self, server: Server) -> None:
        self._task = asyncio.ensure_future(self._drain_or_fail(server))

    async def _drain_or_fail(self, server: Server) -> None:
        try:
            await self._drain(server)
        except Exception:
            logger.exception("cannot drain")
            self._cut_off(server, reason="an error")

    async def _drain(self, server: Server) -> None:
        started = time.monotonic()
        logger.info("draining", extra=self._in_flight(server) | {"timeout_seconds": self.timeout_seconds})
        self.traffic.begin_draining()
        hold_off(self.listener)
        await asyncio.sleep(GRACE_SECONDS)
        while has_waiting(self.listener) and time.monotonic() - started < self.timeout_seconds:
            await asyncio.sleep(LOOK_SECONDS)  # the loop was held up: the kernel would reset whom it has not accepted
        server.stop_accepting()
        self.listener.close()
        while server.open_connections() or not self.traffic.is_idle:
            if time.monotonic() - started > self.timeout_seconds:
                self._cut_off(server, reason="the time was up")
            if self.traffic.has_settled(seconds=KEPT_GRACE_SECONDS):
                server.close_idle()
            await asyncio.sleep(LOOK_SECONDS)
        logger.info("drained", extra={"seconds": round(time.monotonic() - started, 2)})
        server.leave()

    def _in_flight(self, server: Server) -> dict[str, object]:
        return {
            "requests": self.traffic.requests,
            "websockets": len(self.traffic.sockets),
            "connections": server.open_connections(),
        }

    def _cut_off(self, server: Server, *, reason: str) -> None:
        """End the process: not by an exception, which would wait for the very threads that take too long."""
        try:
            logger.warning("cut off", extra=self._in_flight(server) | {"reason": reason})
            logging.shutdown()
        finally:
            os._exit(CUT_OFF_STATUS)
