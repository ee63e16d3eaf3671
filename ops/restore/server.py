"""The server that is restored into, beside its live database: a connection from which databases can be made and renamed."""

import contextlib
import hashlib
from collections.abc import Iterator

import psycopg
from psycopg import sql

from ops.backup.database import Connection, Database
from ops.errors import LOCKED, OperatorError
from ops.restore import marks

ELSEWHERE = ("postgres", "template1")  # a database can't be renamed from within


@contextlib.contextmanager
def connected(database: Database) -> Iterator[Connection]:
    """Connect to another database of the server. Raises psycopg.Error."""
    with elsewhere(database).connect(is_autocommit=True) as connection:
        yield connection


def elsewhere(database: Database) -> Database:
    """Return a database of the same server that can be connected to. Raises psycopg.Error."""
    for name in ELSEWHERE[:-1]:
        with contextlib.suppress(psycopg.OperationalError):
            database.named(name).connect().close()
            return database.named(name)
    return database.named(ELSEWHERE[-1])


@contextlib.contextmanager
def alone(connection: Connection, *, database: str) -> Iterator[None]:
    """Hold the server's own lock on restores of a database: another machine has another lock file. Raises OperatorError."""
    key = int.from_bytes(hashlib.sha256(f"slipway restore of {database}".encode()).digest()[:8], signed=True)
    row = connection.execute("SELECT pg_try_advisory_lock(%s)", [key]).fetchone()
    if not row or not row[0]:
        raise OperatorError(
            f"Refusing to go on: another machine restores {database} on this server. Nothing was changed.",
            hint="Wait for its end. The lock goes with its connection: nothing has to be removed.",
            status=LOCKED,
        )
    try:
        yield
    finally:
        with contextlib.suppress(psycopg.Error):
            connection.execute("SELECT pg_advisory_unlock(%s)", [key])


def drop(connection: Connection, name: str) -> None:
    """Remove a database of ours, and end who is in it. Raises psycopg.Error."""
    connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def sweep(connection: Connection, *, database: str, but_ready_of: str) -> list[str]:
    """Remove what restores that did not come to their end left, but the one that is ready of a set; return the names."""
    left = [
        each.name
        for each in marks.found(connection, database=database)
        if each.mark.kind == marks.LOADING or (each.mark.kind == marks.READY and each.mark.set_id != but_ready_of)
    ]
    for name in left:
        drop(connection, name)
    return left


def ready(connection: Connection, *, database: str, set_id: str) -> str | None:
    """Return the database that was loaded of a set and compared, and that was not switched to."""
    each = marks.found(connection, database=database)
    names = [one.name for one in each if one.mark.kind == marks.READY and one.mark.set_id == set_id]
    return names[-1] if names else None


def allow_connections(connection: Connection, name: str, *, is_allowed: bool) -> None:
    """Open a database to connections, or close it to all. Raises psycopg.Error."""
    word = sql.SQL("true" if is_allowed else "false")
    connection.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS {}").format(sql.Identifier(name), word))
