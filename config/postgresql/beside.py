"""A few connections for the event loop, beside the pool that threads use: statements are prepared (but behind a pooler in transaction
mode), and nobody waits in a thread.

Each is in autocommit. One that is lost is closed with all that wait idle beside it, for what ended it ended them as well.
Who gets no connection or loses one goes to the pool, which knows how to wait for a restore and for a new password (waiting.py).
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import psycopg
from django.conf import settings
from django.db import connections

from config.breaker import Breaker
from config.databases import REPLICA_SECONDS
from config.postgresql.direct import DirectConnection
from config.postgresql.waiting import Passwords

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

    from config.postgresql.replicas import Replica

    Connect = Callable[[], Awaitable[DirectConnection]]

LEFT_OUT = ("cursor_factory", "prepare_threshold")  # Django's, for its own cursors
CONNECT_SECONDS = 3

breaker = Breaker()


class Connections:
    """The connections of one event loop, at most `most`; the one that was used last is used first. `connect` makes one."""

    def __init__(self, most: int, connect: Connect | None = None) -> None:
        self._free, self._connect = asyncio.Semaphore(most), connect or connected
        self._idle: list[DirectConnection] = []

    @asynccontextmanager
    async def one(self) -> AsyncIterator[DirectConnection]:
        """Lend a connection; raises psycopg.OperationalError where there is none, at once where there was none a moment ago."""
        async with self._free:
            connection = self._idle.pop() if self._idle else await self._connect()
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


Loops = WeakKeyDictionary[asyncio.AbstractEventLoop, tuple[int, Connections]]
loops: WeakKeyDictionary[asyncio.AbstractEventLoop, Connections] = WeakKeyDictionary()


def of_this_loop() -> Connections:
    """Return the running loop's connections."""
    loop = asyncio.get_running_loop()
    found = loops.get(loop)
    if found is None:
        found = loops[loop] = Connections(settings.DATABASE_LOOP_CONNECTIONS)
    return found


async def to_replica(replica: Replica) -> Connections:
    """Return the running loop's connections to a replica; they raise psycopg.OperationalError within a second where it is away."""
    loop = asyncio.get_running_loop()
    era, found = replica.loops.get(loop, (0, None))
    if found is None or era != replica.era:
        made = Connections(settings.DATABASE_LOOP_CONNECTIONS, partial(connected_to_replica, replica))
        replica.loops[loop] = replica.era, made
        if found is not None:
            await found.close()  # they are of a database that has another name by now
        return made
    return found


async def connected() -> DirectConnection:
    """Return a new connection; raises psycopg.OperationalError."""
    if breaker.is_open:
        raise psycopg.OperationalError("the database did not answer a moment ago")
    database = connections["default"]
    options = {name: value for name, value in database.get_connection_params().items() if name not in LEFT_OUT}
    try:
        return await opened(options, zone=database.timezone_name)
    except psycopg.OperationalError:
        breaker.open()
        raise


async def connected_to_replica(replica: Replica) -> DirectConnection:
    """Return a new connection to a replica; raises psycopg.OperationalError."""
    try:
        async with asyncio.timeout(REPLICA_SECONDS):
            return await opened(replica.options, zone=connections["default"].timezone_name)
    except TimeoutError:
        raise psycopg.OperationalError("the replica does not answer") from None


async def opened(options: Mapping[str, Any], *, zone: str) -> DirectConnection:
    """Return a new connection; raises psycopg.OperationalError."""
    password = {"password": Passwords.newest} if Passwords.newest else {}
    given = {"connect_timeout": CONNECT_SECONDS, **options, **password, "autocommit": True, "prepare_threshold": None}
    connection = await psycopg.AsyncConnection.connect(**given)
    # A pooler knows of this one, and has it set in whichever session a statement comes to.
    await connection.execute("SELECT set_config('TimeZone', %s, false)", [zone])
    if not settings.DATABASE_IS_POOLED:
        # Planned for the values each time, as without preparing: what suits a common word does not suit a rare one.
        await connection.execute("SET plan_cache_mode = force_custom_plan")
    return DirectConnection(connection, prepares=not settings.DATABASE_IS_POOLED)
