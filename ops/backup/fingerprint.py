"""Counts and fingerprints the rows of tables, inside PostgreSQL, several tables at a time.

A row's text is what pg_dump would write of it: each column's output function, under the same settings (database.SETTINGS). Of that
text two 64-bit hashes with different seeds are made, and each is summed up over the table: the order of rows, which a restore
changes, does not matter; a row that is missing, doubled or different does. NULL and an empty text differ (`(,)` and `("",)`).

It finds accidents: each of the sums misses one with a chance of about 1 in 2^64. It does not resist somebody who makes rows to
fit; the SHA-256 of the dump is for that. Sums may be compared between servers of one major version only.
"""

import contextlib
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from queue import SimpleQueue
from types import TracebackType
from typing import Any

import psycopg
from psycopg import sql

from ops.backup.contents import Facts, Table
from ops.backup.database import Connection, Database

PARALLEL = 2
SEEDS = (0, 7_046_029_254_386_353_131)
# OFFSET 0 keeps the planner from writing the row's text into both sums, which would make it twice.
QUERY = """
SELECT count(*), sum(hashtextextended(x.r, {first})), sum(hashtextextended(x.r, {second}))
FROM (SELECT (ROW({columns})::text) COLLATE "C" AS r FROM ONLY {table} t {condition} OFFSET 0) x
"""
LARGE_OBJECTS = """
SELECT count(*), sum(hashtextextended(x.r, {first})), sum(hashtextextended(x.r, {second}))
FROM (SELECT (oid || ':' || encode(sha256(lo_get(oid)), 'hex')) COLLATE "C" AS r FROM pg_largeobject_metadata OFFSET 0) x
"""


def of_table(connection: Connection, table: Table) -> Facts:
    """Return a table's exact count and fingerprint."""
    query = sql.SQL(QUERY).format(
        first=sql.Literal(SEEDS[0]),
        second=sql.Literal(SEEDS[1]),
        columns=sql.SQL(", ").join(sql.Identifier("t", column) for column in table.columns),
        table=sql.Identifier(table.schema, table.name),
        condition=sql.SQL(table.condition),
    )
    return summed(connection, query)


def of_large_objects(connection: Connection) -> Facts:
    """Return the exact count and fingerprint of all large objects."""
    query = sql.SQL(LARGE_OBJECTS).format(first=sql.Literal(SEEDS[0]), second=sql.Literal(SEEDS[1]))
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
        self.futures: dict[Future[Facts], str] = {}
        try:
            self.connect(database, snapshot)
        except BaseException:
            self.close()
            raise
        self.pool = ThreadPoolExecutor(PARALLEL, thread_name_prefix="fingerprint")
        for table in sorted(tables, key=lambda table: -table.pages):
            self.futures[self.pool.submit(self.one, table)] = table.key

    def connect(self, database: Database, snapshot: str) -> None:
        """Open the connections."""
        for _ in range(PARALLEL):
            connection = database.connect(is_autocommit=not snapshot)
            self.all_connections.append(connection)
            if snapshot:
                connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
                connection.execute(sql.SQL("SET TRANSACTION SNAPSHOT {}").format(sql.Literal(snapshot)))
            self.connections.put(connection)

    def one(self, table: Table) -> Facts:
        """Fingerprint one table on a connection that is free."""
        connection = self.connections.get()
        try:
            return of_table(connection, table)
        finally:
            self.connections.put(connection)

    @property
    def failed(self) -> BaseException | None:
        """What went wrong with one, as soon as it did."""
        return next((future.exception() for future in self.futures if future.done() and future.exception()), None)

    def results(self) -> dict[str, Any]:
        """Wait; return each table's count and fingerprint by its key. Raises psycopg.Error."""
        for number, future in enumerate(as_completed(self.futures), start=1):
            future.result()
            self.show(number, self.total)
        return {key: future.result() for future, key in sorted(self.futures.items(), key=lambda item: item[1])}

    def close(self) -> None:
        """End what runs, and the connections."""
        for connection in self.all_connections:
            with contextlib.suppress(psycopg.Error):  # its server is gone, and its statement with it
                connection.cancel_safe(timeout=5)
        if self.futures:
            self.pool.shutdown(wait=True, cancel_futures=True)
        for connection in self.all_connections:
            connection.close()

    def __enter__(self) -> "Fingerprints":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
