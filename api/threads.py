"""Runs synchronous work, which may use the database, in a fixed number of threads, and ends it when its time is up.

A thread has one connection, taken from the pool at its first statement and given back after each piece of work. Threads are as
many as the pool has connections: more would only wait for one.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar

from django.conf import settings
from django.db import close_old_connections, connection

from api.errors import TimedOutError
from config.servers.open_socket import is_cancelled_itself

if TYPE_CHECKING:
    from collections.abc import Callable

Answer = TypeVar("Answer")

CANCEL_SECONDS = 5.0

executor: Executor = ThreadPoolExecutor(max_workers=settings.GRAPHQL_THREADS, thread_name_prefix="graphql")


def size() -> int:
    """Return how many pieces of work are done at a time."""
    return int(settings.GRAPHQL_THREADS)


def waiting() -> int:
    """Return how many pieces of work wait for a thread."""
    return executor._work_queue.qsize() if isinstance(executor, ThreadPoolExecutor) else 0  # noqa: SLF001 - it has no other way


def carry(function: Callable[[], Answer]) -> Callable[[], Answer]:
    """Return what is done in a thread in place of `function`: itself, where config.telemetry has put nothing in place of this."""
    return function


class Work:
    """One piece of work with a deadline. Once that has passed, or `cancel` was called, it gets no further statement."""

    def __init__(self, *, seconds: float) -> None:
        self._deadline = time.monotonic() + seconds
        self._is_cancelled = False
        self._statement_lock = threading.Lock()
        self._running: Any = None

    @property
    def is_over(self) -> bool:
        """Whether nobody waits for the answer any more."""
        return self._is_cancelled or time.monotonic() > self._deadline

    def run(self, function: Callable[[], Answer]) -> Answer:
        """Call `function` in this thread; raises TimedOutError where its time passed while it waited for the thread."""
        if self.is_over:
            raise TimedOutError
        try:
            with connection.execute_wrapper(self._guard):
                return function()
        finally:
            release()

    def _guard(self, execute: Callable[..., Any], sql: Any, params: Any, many: Any, context: Any) -> Any:
        if self.is_over:
            raise TimedOutError
        self._running = context["connection"].connection
        try:
            return execute(sql, params, many, context)
        finally:
            # Whoever is cancelling holds the lock until the server has heard of it, or it would hit the next statement.
            with self._statement_lock:
                self._running = None

    def cancel(self) -> None:
        """End the statement that runs, if one does, and refuse all that would follow. From another thread; it may block."""
        self._is_cancelled = True
        with self._statement_lock:
            if self._running is not None:
                with contextlib.suppress(
                    Exception
                ):  # it ended by itself, or its server is away: there is nothing to end
                    self._running.cancel_safe(timeout=CANCEL_SECONDS)


def release() -> None:
    """Give this thread's connection back to the pool."""
    close_old_connections()


async def run(function: Callable[[], Answer], *, seconds: float | None = None) -> Answer:
    """Return what `function` returns, called in a thread; raises TimedOutError after so many seconds (GRAPHQL_TIMEOUT_SECONDS).

    Where the task that waits is cancelled, since its client has gone, the work is as well.
    """
    seconds = settings.GRAPHQL_TIMEOUT_SECONDS if seconds is None else seconds
    loop = asyncio.get_running_loop()
    work = Work(seconds=seconds)
    job = loop.run_in_executor(executor, work.run, carry(function))
    alarm = loop.call_later(seconds, job.cancel)
    try:
        return await job
    except asyncio.CancelledError:
        loop.run_in_executor(None, work.cancel)
        if is_cancelled_itself():
            raise
        raise TimedOutError from None
    finally:
        alarm.cancel()
