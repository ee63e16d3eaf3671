"""A connection that the event loop listens to by itself: statements are prepared once, and their rows come as plain tuples.

psycopg connects, adapts values and reads rows. What it has between, a cursor and what waits for the socket anew at each statement,
takes more of the processor than all the rest of a short one. https://www.postgresql.org/docs/18/libpq-async.html
"""

from __future__ import annotations

import asyncio
import re
from contextlib import suppress
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.adapt import PyFormat, Transformer
from psycopg.errors import error_from_result
from psycopg.pq import ConnStatus, ExecStatus, TransactionStatus

from config.postgresql.texts import read_texts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from psycopg.pq.abc import PGresult

PREPARED_MAX = 300  # on one connection; PostgreSQL keeps each until it is told to forget it
STOPPING_SECONDS = 3
PLACE = re.compile(r"%(.)")


class DirectConnection:
    """A connection in autocommit, for one statement at a time. Times and UUIDs come as PostgreSQL writes them (texts.py).

    Where it `prepares` no statements, since each may come to another session behind a pooler, each is sent whole.
    """

    def __init__(self, connection: psycopg.AsyncConnection[Any], *, prepares: bool = True) -> None:
        self._connection, self._libpq, self._prepares = connection, connection.pgconn, prepares
        self._libpq.nonblocking = 1
        read_texts(connection.adapters)
        self._transformer = Transformer(connection)
        self._names: dict[tuple[str, tuple[int, ...]], bytes] = {}
        self._prepared = 0
        self._waiter: asyncio.Future[None] | None = None
        self._loop, self._socket = asyncio.get_running_loop(), self._libpq.socket
        self._loop.add_reader(self._socket, self._heard)

    @property
    def is_idle(self) -> bool:
        """Whether it can be given a statement."""
        return self._libpq.transaction_status == TransactionStatus.IDLE

    @property
    def is_lost(self) -> bool:
        """Whether it has ended, by whomever."""
        return self._libpq.status != ConnStatus.OK

    async def rows(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Return a statement's rows; `%s` are its values' places. Raises psycopg.Error."""
        given = self._transformer.dump_sequence(values, [PyFormat.AUTO] * len(values))
        types = self._transformer.types or ()
        key = sql, types
        formats = self._transformer.formats
        if self._prepares:
            name = self._names.get(key) or await self._prepare(key)
            self._libpq.send_query_prepared(name, given, param_formats=formats)
        else:
            self._libpq.send_query_params(written(sql), given, types, formats)
        try:
            result = await self._result()
        except psycopg.Error:
            self._names.pop(key, None)  # it may be that what it was prepared for is not there any more
            raise
        self._transformer.set_pgresult(result)
        return self._transformer.load_rows(0, result.ntuples, tuple)

    async def stop(self) -> None:
        """End a statement that nobody waits for any more, on the server too. The connection is idle again, or not fit for use."""
        with suppress(psycopg.Error, TimeoutError):
            async with asyncio.timeout(STOPPING_SECONDS):
                await self._connection.cancel_safe(timeout=STOPPING_SECONDS)
                await self._result()

    async def close(self) -> None:
        """Close it."""
        self._listen_no_more()
        await self._connection.close()

    async def _prepare(self, key: tuple[str, tuple[int, ...]]) -> bytes:
        """Return the name of a statement that is prepared now."""
        if self._prepared >= PREPARED_MAX:
            self._libpq.send_query(b"DEALLOCATE ALL")
            await self._result()
            self._names, self._prepared = {}, 0
        sql, types = key
        self._prepared += 1
        name = b"s%d" % self._prepared
        self._libpq.send_prepare(name, written(sql), types)
        await self._result()
        self._names[key] = name
        return name

    async def _result(self) -> PGresult:
        """Return the result of what was sent; raises psycopg.Error."""
        while self._libpq.flush():
            await self._writable()
        results = []
        while True:
            while self._libpq.is_busy():
                self._waiter = self._loop.create_future()
                await self._waiter
            result = self._libpq.get_result()
            if result is None:
                break
            results.append(result)
        if not results:
            raise psycopg.OperationalError("the connection was lost")
        if results[-1].status not in (ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK):
            raise error_from_result(results[-1])
        return results[-1]

    async def _writable(self) -> None:
        written = self._loop.create_future()
        self._loop.add_writer(self._socket, done, written)
        try:
            await written
        finally:
            self._loop.remove_writer(self._socket)

    def _heard(self) -> None:
        """Take what has come, and wake who waits for it once it is whole."""
        waiter = self._waiter
        try:
            self._libpq.consume_input()
            if waiter is None or self._libpq.is_busy():
                return
        except psycopg.Error as error:
            self._listen_no_more()
            if waiter and not waiter.done():
                waiter.set_exception(error)
            return
        self._waiter = None
        done(waiter)

    def _listen_no_more(self) -> None:
        """Take the socket from the loop, before its number is another's."""
        if self._socket >= 0:
            self._loop.remove_reader(self._socket)
            self._socket = -1


def done(waiter: asyncio.Future[None]) -> None:
    """Wake who waits, where he still does."""
    if not waiter.done():
        waiter.set_result(None)


@lru_cache(maxsize=PREPARED_MAX)
def written(sql: str) -> bytes:
    """Return a statement as it is sent."""
    return numbered(sql).encode()


def numbered(sql: str) -> str:
    """Return a statement with places as PostgreSQL numbers them, for those of Django's `%s`; `%%` is one per cent sign."""
    number = 0

    def place(found: re.Match[str]) -> str:
        nonlocal number
        if found[1] != "s":
            return found[1]
        number += 1
        return f"${number}"

    return PLACE.sub(place, sql)
