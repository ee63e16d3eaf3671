"""Closes the live database to work for the moment of the switch: what begins waits, and nothing that has begun is ended.

All tables are locked at once, which waits for the transactions that have some. Whoever comes now waits at its first table. So when
sessions are ended then, none is in the middle of anything: its first statement is sent again, to the database that has the name
by then (config/postgresql/waiting.py). Locks that are not had quickly are given up again for a while: who waits for us goes on, and
no deadlock lasts until the server looks for one.
"""

import contextlib
import time
from collections.abc import Iterator

import psycopg
from psycopg import sql

from ops.backup import contents
from ops.backup.database import Connection, Database
from ops.restore import sessions

LOCK_SECONDS = 0.3  # below PostgreSQL's deadlock_timeout of 1 s
AGAIN_SECONDS = 0.2
TRIES = 30


@contextlib.contextmanager
def closed(database: Database, ending: Connection) -> Iterator[Connection | None]:
    """Close it, and give the session that holds it closed; None where it can't be read: then there is nothing to be careful with."""
    try:
        connection = database.connect()
    except psycopg.Error:
        yield None
        return
    with contextlib.closing(connection):
        try:
            lock_all(connection, ending, database.name)
        except psycopg.errors.LockNotAvailable:
            raise sessions.busy(sessions.with_transactions(ending, database.name, longer_than_seconds=0)) from None
        except psycopg.Error:
            connection.rollback()  # a catalog that is damaged, or tables that are not ours
        yield connection


def lock_all(connection: Connection, ending: Connection, name: str) -> None:
    """Lock every table. Raises psycopg.errors.LockNotAvailable where that can't be had."""
    connection.execute("SELECT set_config('lock_timeout', %s, false)", [f"{int(LOCK_SECONDS * 1000)}ms"])
    tables = [sql.Identifier(table.schema, table.name) for table in contents.tables(connection)]
    connection.commit()
    if not tables:
        return
    query = sql.SQL("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE").format(sql.SQL(", ").join(tables))
    for attempt in range(TRIES):
        sessions.end_upkeep(ending, name)
        try:
            connection.execute(query)
        except psycopg.errors.LockNotAvailable:
            connection.rollback()
            if attempt == TRIES - 1:
                raise
        else:
            return
        time.sleep(AGAIN_SECONDS)
