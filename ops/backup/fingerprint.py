"""Counts and fingerprints the rows of tables, inside PostgreSQL, several tables at a time.

A row's text is what pg_dump would write of it: each column's output function, under the same settings (database.SETTINGS). Of that
text two 64-bit hashes with different seeds are made, and each is summed up over the table: the order of rows, which a restore
changes, does not matter; a row that is missing, doubled or different does. NULL and an empty text differ (`(,)` and `("",)`).

It finds accidents: each of the sums misses one with a chance of about 1 in 2^64. It does not resist somebody who makes rows to
fit; the SHA-256 of the dump is for that. Sums may be compared between servers of one major version only.
"""

import contextlib
import os
import socket
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from queue import SimpleQueue
from types import TracebackType
from typing import Any

import psycopg
from psycopg import sql

from ops.backup.contents import Facts, Table
from ops.backup.database import Connection, Database
from ops.backup.stopping import undisturbed
from ops.errors import OperatorError

PARALLEL = 2
CANCEL_SECONDS = 5
RESULT_SECONDS = 0.02
SEEDS = (0, 7_046_029_254_386_353_131)
# OFFSET 0 keeps the planner from writing the row's text into both sums, which would make it twice.
QUERY = """
SELECT count(*), sum(hashtextextended(x.r, {first})), sum(hashtextextended(x.r, {second}))
FROM (SELECT (ROW({columns})::text) COLLATE "C" AS r FROM ONLY {table} t {condition} OFFSET 0) x
"""
# In pieces, since a value may have no more than a gigabyte, and a large object four terabytes. Of a piece its hash is kept alone.
LARGE_OBJECTS = """
WITH RECURSIVE piece (oid, number, bytes, hash) AS (
  SELECT m.oid, 0, length(x.content), sha256(x.content)
  FROM pg_largeobject_metadata m, LATERAL (SELECT lo_get(m.oid, 0, {size}) AS content OFFSET 0) x
  UNION ALL
  SELECT p.oid, p.number + 1, length(x.content), sha256(x.content)
  FROM piece p, LATERAL (SELECT lo_get(p.oid, (p.number + 1)::bigint * {size}, {size}) AS content OFFSET 0) x
  WHERE p.bytes = {size}
)
SELECT count(*) FILTER (WHERE number = 0), sum(hashtextextended(x.r, {first})), sum(hashtextextended(x.r, {second}))
FROM (SELECT number, (oid || ':' || number || ':' || encode(hash, 'hex')) COLLATE "C" AS r FROM piece OFFSET 0) x
"""
PIECE_BYTES = 1 << 26
TOO_LARGE = ("string buffer exceeds maximum", "invalid memory alloc request size")  # PostgreSQL's words for a gigabyte


def of_table(connection: Connection, *, table: Table) -> Facts:
    """Return a table's exact count and fingerprint."""
    query = sql.SQL(QUERY).format(
        first=sql.Literal(SEEDS[0]),
        second=sql.Literal(SEEDS[1]),
        columns=sql.SQL(", ").join(sql.Identifier("t", column) for column in table.columns),
        table=sql.Identifier(table.schema, table.name),
        condition=sql.SQL(table.condition),
    )
    try:
        return summed(connection, query)
    except psycopg.Error as error:
        if not any(words in str(error) for words in TOO_LARGE):
            raise
        raise too_large(table.key) from None


def too_large(table: str) -> OperatorError:
    """Return the error of a row that can't be a text."""
    return OperatorError(
        f"Cannot back up {table}: it has a row of more than a gigabyte as text, which pg_dump can't write either.",
        hint="Find it by pg_column_size(), and keep such contents as files, or in pieces.",
    )


def of_large_objects(connection: Connection) -> Facts:
    """Return the exact count and fingerprint of all large objects."""
    query = sql.SQL(LARGE_OBJECTS).format(
        first=sql.Literal(SEEDS[0]), second=sql.Literal(SEEDS[1]), size=sql.Literal(PIECE_BYTES)
    )
    return summed(connection, query)


def summed(connection: Connection, query: sql.Composed) -> Facts:
    """Run a fingerprint's query."""
    rows, first, second = connection.execute(query).fetchone() or (0, 0, 0)
    return {"rows": rows, "fingerprint": f"{first or 0}:{second or 0}"}


class Fingerprints:
    """Fingerprints that are being taken, on connections of their own, in an exported snapshot where one is named."""

    def __init__(
        self, database: Database, tables: Sequence[Table], *, snapshot: str = "", show: Callable[[int, int], None]
    ) -> None:
        """Start. The largest table comes first, so that none is left for the end."""
        self.show, self.total = show, len(tables)
        self.connections: SimpleQueue[Connection] = SimpleQueue()
        self.all_connections: list[Connection] = []
        self.pool = ThreadPoolExecutor(PARALLEL, thread_name_prefix="fingerprint")
        try:
            self.connect(database, snapshot)
        except BaseException:
            self.close()
            raise
        by_size = sorted(tables, key=lambda table: -table.pages)
        self.tables = {
            table.key: self.pool.submit(self.on_connection, partial(of_table, table=table)) for table in by_size
        }
        self.large_objects = self.pool.submit(self.on_connection, of_large_objects)

    def connect(self, database: Database, snapshot: str) -> None:
        """Open the connections."""
        for _ in range(PARALLEL):
            connection = database.connect(is_autocommit=not snapshot)
            self.all_connections.append(connection)
            if snapshot:
                connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
                connection.execute(sql.SQL("SET TRANSACTION SNAPSHOT {}").format(sql.Literal(snapshot)))
            self.connections.put(connection)

    def on_connection(self, take: Callable[[Connection], Facts]) -> Facts:
        """Take one on a connection that is free."""
        connection = self.connections.get()
        try:
            return take(connection)
        finally:
            self.connections.put(connection)

    @property
    def futures(self) -> list[Future[Facts]]:
        """All that is being taken."""
        return [*self.tables.values(), self.large_objects]

    @property
    def done(self) -> int:
        """How many are done."""
        return sum(future.done() for future in self.futures)

    @property
    def is_running(self) -> bool:
        """Whether one is not done."""
        return self.done < len(self.futures)

    @property
    def failed(self) -> BaseException | None:
        """What went wrong with one, as soon as it did."""
        return next((future.exception() for future in self.futures if future.done() and future.exception()), None)

    def raise_failure(self) -> None:
        """Raise what went wrong with one: psycopg.Error, OperatorError."""
        if (failure := self.failed) is not None:
            raise failure

    def results(self) -> tuple[dict[str, Any], Facts]:
        """Wait; return count and fingerprint of each table by its key, and of all large objects. Raises psycopg.Error."""
        with undisturbed() as hear:  # a look at a future takes a lock, and an error raised in that would leave it taken
            while self.is_running:
                self.raise_failure()
                self.show(min(self.done, self.total), self.total)
                hear()
                time.sleep(RESULT_SECONDS)
        self.raise_failure()
        self.show(self.total, self.total)
        return {key: self.tables[key].result() for key in sorted(self.tables)}, self.large_objects.result()

    def close(self) -> None:
        """End what runs, and the connections: first by asking the server, which may not answer, then by cutting the line to it."""
        self.pool.shutdown(wait=False, cancel_futures=True)
        for connection in self.all_connections:
            with contextlib.suppress(psycopg.Error):  # its server is gone, and its statement with it
                connection.cancel_safe(timeout=CANCEL_SECONDS)
        deadline = time.monotonic() + CANCEL_SECONDS
        while self.connections.qsize() < len(self.all_connections) and time.monotonic() < deadline:
            time.sleep(0.01)
        if self.connections.qsize() < len(self.all_connections):
            for connection in self.all_connections:
                cut(connection)
        self.pool.shutdown(wait=True)
        for connection in self.all_connections:
            connection.close()

    def __enter__(self) -> "Fingerprints":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def cut(connection: Connection) -> None:
    """End a connection's socket, so that whoever waits for an answer on it waits no more."""
    with contextlib.suppress(OSError, psycopg.Error), socket.socket(fileno=os.dup(connection.fileno())) as line:
        line.shutdown(socket.SHUT_RDWR)
