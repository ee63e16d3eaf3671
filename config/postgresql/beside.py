"""A few connections for the event loop, beside the pool that threads use: statements are prepared (but behind a pooler in transaction
mode), and nobody waits in a thread.

Each is in autocommit. One that is lost is closed with all that wait idle beside it, for what ended it ended them as well.
Who gets no connection or loses one goes to the pool, which knows how to wait for a restore and for a new password (waiting.py).
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import psycopg
from django.conf import settings
from django.db import connections

from config.breaker import Breaker
from config.postgresql.direct import DirectConnection
from config.postgresql.waiting import Passwords

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

LEFT_OUT = ("cursor_factory", "prepare_threshold")  # Django's, for its own cursors
CONNECT_SECONDS = 3

breaker = Breaker()


class Connections:
    """The connections of one event loop, at most `most`; the one that was used last is used first."""

    def __init__(self, most: int) -> None:
        self._free = asyncio.Semaphore(most)
        self._idle: list[DirectConnection] = []

    @asynccontextmanager
    async def one(self) -> AsyncIterator[DirectConnection]:
        """Lend a connection; raises psycopg.OperationalError where there is none, at once where there was none a moment ago."""
        async with self._free:
            connection = self._idle.pop() if self._idle else await connected()
            try:
                yield connection
            finally:
                await self._back(connection)

    async def _back(self, connection: DirectConnection) -> None:
        if not (connection.is_idle or connection.is_lost):
            await connection.stop()
        if connection.is_idle:
            self._idle.append(connection)
        elif connection.is_lost:
            await self.close(connection)
        else:
            await connection.close()

    async def close(self, *more: DirectConnection) -> None:
        """Close those that are idle, and some others."""
        idle, self._idle = self._idle, []
        for each in (*more, *idle):
            await each.close()


loops: WeakKeyDictionary[asyncio.AbstractEventLoop, Connections] = WeakKeyDictionary()


def of_this_loop() -> Connections:
    """Return the running loop's connections."""
    loop = asyncio.get_running_loop()
    found = loops.get(loop)
    if found is None:
        found = loops[loop] = Connections(settings.DATABASE_LOOP_CONNECTIONS)
    return found


async def connected() -> DirectConnection:
    """Return a new connection; raises psycopg.OperationalError."""
    if breaker.is_open:
        raise psycopg.OperationalError("the database did not answer a moment ago")
    database = connections["default"]
    options = {name: value for name, value in database.get_connection_params().items() if name not in LEFT_OUT}
    if Passwords.newest:
        options["password"] = Passwords.newest
    try:
        connection = await psycopg.AsyncConnection.connect(
            **{"connect_timeout": CONNECT_SECONDS, **options}, autocommit=True, prepare_threshold=None
        )
    except psycopg.OperationalError:
        breaker.open()
        raise
    # A pooler knows of this one, and has it set in whichever session a statement comes to.
    await connection.execute("SELECT set_config('TimeZone', %s, false)", [database.timezone_name])
    if not settings.DATABASE_IS_POOLED:
        # Planned for the values each time, as without preparing: what suits a common word does not suit a rare one.
        await connection.execute("SET plan_cache_mode = force_custom_plan")
    return DirectConnection(connection, prepares=not settings.DATABASE_IS_POOLED)
