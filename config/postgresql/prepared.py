"""Statements that are asked again and again, prepared once on each of the threads' connections (api.lookups, api.writes).

PostgreSQL takes longer to parse and plan a short one than to do it, and psycopg's own cursor, which waits for the socket by itself,
more of the processor than all the rest. Here it is one call of libpq's, during which the thread waits, and others go on.
https://www.postgresql.org/docs/18/sql-prepare.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psycopg
from django.db import connection
from psycopg.adapt import PyFormat, Transformer
from psycopg.errors import FeatureNotSupported, InvalidSqlStatementName, error_from_result
from psycopg.pq import ConnStatus, ExecStatus, TransactionStatus

from config.postgresql.direct import PREPARED_MAX, numbered

if TYPE_CHECKING:
    from collections.abc import Sequence

    from psycopg.pq.abc import PGresult

# A prepared statement's columns have other types by now, or something has made the session forget it.
TO_PREPARE_AGAIN = (FeatureNotSupported, InvalidSqlStatementName)


def cursor() -> Any:
    """Return a cursor of this thread's connection, for one statement that is prepared. Django's wrappers see it as any other."""
    database: Any = connection
    return database.prepared_cursor()


class Prepared:
    """One connection's prepared statements."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection, self._libpq = connection, connection.pgconn
        self._transformer = Transformer(connection)
        self._names: dict[tuple[str, tuple[int, ...]], bytes] = {}
        self._number = 0

    def execute(self, sql: str, values: Sequence[Any]) -> PGresult:
        """Execute a statement, in the transaction that Django has begun; `%s` are its values' places. Raises psycopg.Error."""
        is_first = self._libpq.transaction_status == TransactionStatus.IDLE
        try:
            return self._executed(sql, values)
        except TO_PREPARE_AGAIN:
            self._names.clear()
            if not is_first:
                raise
        if self._libpq.transaction_status != TransactionStatus.IDLE:
            self._done(b"ROLLBACK")
        return self._executed(sql, values)

    def rows(self, result: PGresult) -> list[tuple[Any, ...]]:
        """Return a result's rows."""
        self._transformer.set_pgresult(result)
        return self._transformer.load_rows(0, result.ntuples, tuple)

    def _executed(self, sql: str, values: Sequence[Any]) -> PGresult:
        given: Any = self._transformer.dump_sequence(values, [PyFormat.AUTO] * len(values))
        if not self._connection.autocommit and self._libpq.transaction_status == TransactionStatus.IDLE:
            self._done(self._connection._get_tx_start_command())  # noqa: SLF001 - with the isolation that the connection has
        name = self._name(sql, self._transformer.types or ())
        return self._checked(self._libpq.exec_prepared(name, given, self._transformer.formats))

    def _name(self, sql: str, types: tuple[int, ...]) -> bytes:
        name = self._names.get((sql, types))
        if name is None:
            if len(self._names) >= PREPARED_MAX:
                self._done(b"DEALLOCATE ALL")
                self._names.clear()
            self._number += 1
            name = b"slipway_%d" % self._number
            self._checked(self._libpq.prepare(name, numbered(sql).encode(), types))
            self._names[sql, types] = name
        return name

    def _done(self, command: bytes) -> None:
        self._checked(self._libpq.exec_(command))

    def _checked(self, result: PGresult) -> PGresult:
        if result.status in (ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK):
            return result
        if self._libpq.status != ConnStatus.OK:
            raise psycopg.OperationalError(self._libpq.get_error_message() or "the connection was lost")
        raise error_from_result(result, encoding="utf-8")


class PreparedCursor:
    """What Django needs of a driver's cursor, for such statements."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection
        self.rowcount = -1
        self._executed: tuple[str, Sequence[Any]] | None = None
        self._rows: list[tuple[Any, ...]] = []

    def execute(self, sql: str, params: Sequence[Any] = ()) -> None:
        """Execute a statement; raises psycopg.Error."""
        if self.connection.prepared is None:
            self.connection.prepared = Prepared(self.connection)
        self._executed = sql, params
        result = self.connection.prepared.execute(sql, params)
        self.rowcount = result.command_tuples
        self._rows = self.connection.prepared.rows(result)

    def fetchone(self) -> tuple[Any, ...] | None:
        """Return the next row, None where there is none."""
        return self._rows.pop(0) if self._rows else None

    def close(self) -> None:
        """Forget the rows."""
        self._rows = []

    @property
    def _query(self) -> Written | None:
        """What was executed: Django's log of statements asks for it under this name."""
        if self._executed is None:
            return None
        return Written(psycopg.ClientCursor(self.connection).mogrify(*self._executed).encode())


@dataclass(frozen=True, slots=True)
class Written:
    """A statement with its values."""

    query: bytes
