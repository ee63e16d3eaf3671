"""Where an operation is run: a query at a replica, everything else at the primary, and who wrote something reads what he wrote.

A mutation leaves the WAL's position from behind its last commit in Redis, for its viewer, or for the network that somebody without a
name comes from; a replica answers him once it has replayed that. Below all is a floor, which each replica has to have replayed: where
it is gone Redis has forgotten what was there, and where Redis could not be told of a write it is raised. As long as Redis is away, or
a floor is to be laid, all is read at the primary. https://www.postgresql.org/docs/18/functions-admin.html
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar
from weakref import WeakKeyDictionary

import django.db
import redis.asyncio
from django.conf import settings
from django.db import connection
from graphql import OperationType
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from api import threads
from api.errors import ApplicationError
from api.gcra import TIMEOUT_SECONDS, RedisAwayError, breaker, server
from api.shared_cache.index import asked
from config.measuring.numbers import count_read
from config.postgresql.replicas import ReplicaLostError, of_this_process, reading
from config.redis_clients import loop_client

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from api.context import Context
    from config.postgresql.replicas import Replica

Answer = TypeVar("Answer")

PREFIX = "slipway:written:"
FLOOR = f"{PREFIX}floor"
# Longer than any replica may be behind that is not left out; a floor is laid anew after a while, so that none stays for ever.
KEPT_SECONDS = 60 + settings.DATABASE_REPLICA_LAG_SECONDS
FLOOR_SECONDS = 3600
NOWHERE = 2**53  # a position that no replica reaches
WRITTEN = "SELECT (pg_current_wal_insert_lsn() - '0/0')::bigint"
RAISING = """
local now = redis.call('GET', KEYS[1])
if not now or tonumber(now) < tonumber(ARGV[1]) then redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2]) end
"""


class Owed:
    """Whether Redis could not be told of a write of this process's: then the floor has to be raised. One for each process."""

    is_due: ClassVar[bool] = False


def run(kind: OperationType, context: Context, answer: Callable[[], Answer]) -> Answer:
    """Return an operation's answer, found in its place. In a thread."""
    if kind is OperationType.QUERY:
        return read(context, answer)
    try:
        return answer()
    finally:
        if kind is OperationType.MUTATION:
            note_write_of(context)


def read(context: Context, answer: Callable[[], Answer]) -> Answer:
    """Return a query's answer, of a replica or of the primary. In a thread."""
    replica = replica_for(context)
    if replica is not None:
        with suppress(ReplicaLostError):
            with reading(replica):
                found = answer()
            count_read("replica")
            return found
    count_read("primary")
    return answer()


def replica_for(context: Context) -> Replica | None:
    """Return a replica that is fresh enough for who asks, None for the primary. In a thread."""
    if context.needs_primary:
        return None
    replicas = of_this_process()
    try:
        position = needed(asked(lambda: server().mget(FLOOR, PREFIX + context.client)))
    except RedisAwayError:
        return None
    if position is None:
        raise_floor()
        return None
    return replicas.fresh(position)


async def replica_for_loop(context: Context) -> Replica | None:
    """Return a replica that is fresh enough for who asks, who has to be known already. In the loop's thread."""
    if context.needs_primary or breaker.is_open:
        return None
    replicas = of_this_process()
    try:
        position = needed(await of_this_loop().mget(FLOOR, PREFIX + context.client))
    except redis.RedisError:
        breaker.open()
        return None
    if position is None:
        await threads.run(raise_floor)
        return None
    return replicas.fresh(position)


def needed(kept: Sequence[Any]) -> int | None:
    """Return the position that a replica has to have replayed, None where the floor has to be raised first."""
    floor, written = kept
    return None if floor is None or Owed.is_due else max(int(floor), int(written or 0))


def note_write_of(context: Context) -> None:
    """Note a write for who asked, and for who he is now where that is somebody else. In a thread."""
    try:
        note_write({client for client in (context.client, client_of(context.known_viewer)) if client})
    except django.db.Error:
        Owed.is_due = True


def client_of(viewer: Any) -> str:
    """Return whom a write is noted for, empty where somebody has no name."""
    return f"user:{viewer.pk}" if viewer is not None and viewer.is_authenticated else ""


def note_write(clients: Iterable[str]) -> None:
    """Leave behind how far a replica has to be for some. In a thread."""
    position = NOWHERE  # where the primary does not tell, or nobody waits any more: none has it for a while
    with suppress(django.db.Error, ApplicationError):
        position = written()
    try:
        for client in clients:
            asked(lambda key=PREFIX + client: server().set(key, position, ex=KEPT_SECONDS))
    except RedisAwayError:
        Owed.is_due = True


def written() -> int:
    """Return where the primary's WAL ends now."""
    with connection.cursor() as cursor:
        cursor.execute(WRITTEN)
        return int(cursor.fetchone()[0])


def raise_floor() -> None:
    """Have each replica replay what is written by now before it is used again."""
    Owed.is_due = False  # before: what another thread could not tell meanwhile is due still
    try:
        position = written()
        asked(lambda: raising()(keys=[FLOOR], args=[position, FLOOR_SECONDS]))
    except (django.db.Error, ApplicationError, RedisAwayError):
        Owed.is_due = True


@cache
def raising() -> Any:
    """Return the script that raises the floor."""
    return server().register_script(RAISING)


loops: WeakKeyDictionary[asyncio.AbstractEventLoop, redis.asyncio.Redis] = WeakKeyDictionary()


def of_this_loop() -> redis.asyncio.Redis:
    """Return the running loop's Redis, which answers soon or not at all."""
    loop = asyncio.get_running_loop()
    found = loops.get(loop)
    if found is None:
        found = loops[loop] = loop_client(
            settings.CACHE_REDIS_URL,
            socket_timeout=TIMEOUT_SECONDS,
            socket_connect_timeout=TIMEOUT_SECONDS,
            retry=Retry(NoBackoff(), 0),
        )
    return found
