"""A WebSocket for tests that wait for one message after the other.

The library's synchronous client reads in one thread and writes in another. Over TLS Python took that for safe before 3.13, and it is
not (https://github.com/python/cpython/issues/124984): of 17,000 greetings 42 were never answered. Here one thread does both.
"""

import asyncio
from collections.abc import Coroutine
from threading import Thread
from typing import Any, TypeVar

from websockets.asyncio.client import ClientConnection, connect

Returned = TypeVar("Returned")


class WebSocket:
    """An open connection. Options are those of websockets' `connect`, whose errors are raised."""

    def __init__(self, address: str, **options: Any) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_forever)
        self._thread.start()
        try:
            self._connection = self._run(opened(address, **options))
        except BaseException:
            self._end()
            raise

    def __enter__(self) -> "WebSocket":
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self._run(self._connection.close())
        finally:
            self._end()

    @property
    def close_code(self) -> int | None:
        """The code that it was closed with; None while it is open."""
        return self._connection.close_code

    def send(self, message: str) -> None:
        """Send a text."""
        self._run(self._connection.send(message))

    def recv(self, timeout: float) -> str | bytes:
        """Return the next message; raises TimeoutError, ConnectionClosed."""
        return self._run(asyncio.wait_for(self._connection.recv(), timeout))

    def _run(self, what: Coroutine[Any, Any, Returned]) -> Returned:
        return asyncio.run_coroutine_threadsafe(what, self._loop).result()

    def _end(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


async def opened(address: str, **options: Any) -> ClientConnection:
    """Open a connection. To be called where its loop runs."""
    return await connect(address, **options)
