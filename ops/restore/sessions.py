"""The sessions that stand in the way of a switch: who has a transaction open is waited for, and named; who has none is ended."""

import time
from dataclasses import dataclass

from ops.backup.database import Connection
from ops.errors import OperatorError

LONG_SECONDS = 1.0
WAIT_SECONDS = 20.0
LOOK_SECONDS = 0.005
END = """
SELECT count(*), count(*) FILTER (WHERE pg_terminate_backend(pid)) FROM pg_stat_activity
WHERE datname = %s AND pid <> ALL (%s) AND backend_type NOT LIKE 'autovacuum%%'
"""
UPKEEP = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND backend_type = 'autovacuum worker'"
)
OPEN = """
SELECT pid, coalesce(usename, backend_type), application_name, round(extract(epoch FROM clock_timestamp() - xact_start))
FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid() AND backend_type NOT LIKE 'autovacuum%%'
  AND xact_start < clock_timestamp() - make_interval(secs => %s) ORDER BY xact_start
"""


@dataclass(frozen=True, kw_only=True)
class Session:
    """A session with an open transaction."""

    process: int
    user: str
    program: str
    seconds: float


def wait_for_short_transactions(connection: Connection, database: str) -> None:
    """Wait until no transaction of the database is open for long: the site would have to wait for it. Raises OperatorError."""
    deadline = time.monotonic() + WAIT_SECONDS
    while still := with_transactions(connection, database, longer_than_seconds=LONG_SECONDS):
        if time.monotonic() > deadline:
            raise busy(still)
        time.sleep(0.1)


def with_transactions(connection: Connection, database: str, *, longer_than_seconds: float) -> list[Session]:
    """Return the sessions that have a transaction open for so long. Raises psycopg.Error."""
    rows = connection.execute(OPEN, [database, longer_than_seconds]).fetchall()
    return [Session(process=row[0], user=row[1], program=row[2], seconds=float(row[3])) for row in rows]


def end_all(connection: Connection, database: str, *, but: list[int]) -> int:
    """End a database's sessions; return how many there were. Raises psycopg.Error."""
    row = connection.execute(END, [database, but]).fetchone()
    return int(row[0]) if row else 0


def end_upkeep(connection: Connection, database: str) -> None:
    """End a vacuum that the server does by itself: it begins anew later. Raises psycopg.Error."""
    connection.execute(UPKEEP, [database])


def busy(still: list[Session]) -> OperatorError:
    """Return the error of sessions that do not come to an end."""
    each = [f"process {one.process} ({one.user}, {one.program or 'unnamed'}) for {one.seconds:.0f} s" for one in still]
    calls = ", ".join(f"pg_terminate_backend({one.process})" for one in still)
    return OperatorError(
        "Cannot switch: the live database has sessions that don't end, and the site would have to wait for them: "
        f"{'; '.join(each) or 'unknown ones'}. The live database is as it was; what is to take its place is ready.",
        hint=f"Wait, or end them: SELECT {calls}; then run the same command again: it goes on here.",
    )
