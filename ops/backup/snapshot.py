"""One moment of the database, held open for everything that has to see the same: dump, fingerprints, roles."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

from ops.backup.contents import Facts
from ops.backup.database import Connection, Database

FACTS = """
SELECT pg_export_snapshot(), pg_current_snapshot()::text, now()::text, current_setting('server_version'),
  pg_database_size(current_database()),
  CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END::text
"""


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """A snapshot that others may import while its transaction is open. `facts` are what the manifest says of it."""

    connection: Connection
    name: str
    facts: Facts
    server_version: str
    database_bytes: int


@contextlib.contextmanager
def exported(database: Database) -> Iterator[Snapshot]:
    """Open a snapshot and export it. Raises psycopg.Error."""
    connection = database.connect()
    try:
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        name, transactions, at, version, size, position = connection.execute(FACTS).fetchone() or ()
        facts = {"name": name, "transactions": transactions, "at": at, "wal_position": position}
        yield Snapshot(connection=connection, name=name, facts=facts, server_version=version, database_bytes=size)
    finally:
        connection.close()
