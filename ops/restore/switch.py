"""Gives databases each other's names, in one transaction: killed at any point, it has happened or it has not.

`ALTER DATABASE … RENAME` takes a lock that new connections wait for, and asks that nobody is in the database: it waits while those who
are there are ended beside it, once all of them stand still (gate.py). Whoever wanted to connect is told that the name has just been
given away, connects again, and is in the other database: config/postgresql/waiting.py does that for the application.
"""

import contextlib
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

import psycopg
from psycopg import sql

from ops.backup.database import Connection, Database
from ops.backup.stopping import undisturbed
from ops.errors import OperatorError
from ops.restore import gate, marks, server, sessions
from ops.restore.marks import Mark

PAUSE_SECONDS = 2  # the longest that requests are held up
IS_CLOSED = """
SELECT 1 FROM pg_locks WHERE pid = %s AND classid = 'pg_database'::regclass AND mode = 'AccessExclusiveLock' AND granted
  AND objid = (SELECT oid FROM pg_database WHERE datname = %s)
"""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What becomes of names. `kept_as` is the live one's new name, where there is a live one; `mark` tells what it was."""

    live: str
    incoming: str
    kept_as: str
    mark: Mark


def switch(database: Database, plan: Plan) -> float:
    """Give the incoming database the live one's name; return for how many seconds work had to wait. Raises OperatorError."""
    with server.connected(database) as renaming, server.connected(database) as ending:
        incoming = marks.oid_of(renaming, plan.incoming)
        sessions.wait_for_short_transactions(ending, plan.live)
        with undisturbed():
            began = time.monotonic()
            try:
                began = rename(database.named(plan.live), renaming, ending, plan)
            except (psycopg.Error, OperatorError):
                if not has_happened(database, plan, incoming):
                    raise
            return time.monotonic() - began


def rename(live: Database, renaming: Connection, ending: Connection, plan: Plan) -> float:
    """Do it; return when work began to wait. Raises, and then nothing has changed; so it is where we die, or our connection."""
    renaming.execute("SELECT set_config('client_connection_check_interval', '100ms', false)")
    renaming.execute("SELECT set_config('statement_timeout', %s, false)", [f"{PAUSE_SECONDS}s"])
    if marks.oid_of(renaming, plan.live) is None:
        began = time.monotonic()
        with renaming.transaction():
            give_names(renaming, plan, is_there=False)
        return began
    with gate.closed(live, ending) as holder:
        began = time.monotonic()
        with (
            still_busy(ending, plan.live),
            renaming.transaction(),
            ended_meanwhile(renaming, ending, plan.live, holder),
        ):
            give_names(renaming, plan, is_there=True)
    return began


def give_names(connection: Connection, plan: Plan, *, is_there: bool) -> None:
    """Rename, and write down what was what. Raises psycopg.Error."""
    comment = marks.comment(connection, plan.live)
    mark = marks.of(connection, plan.incoming)
    if is_there:
        give_name(connection, plan.live, plan.kept_as)
        marks.write(connection, plan.kept_as, replace(plan.mark, comment=comment))
    give_name(connection, plan.incoming, plan.live)
    marks.comment_on(connection, plan.live, mark.comment if mark else comment)
    server.allow_connections(connection, plan.live, is_allowed=True)


def give_name(connection: Connection, name: str, new: str) -> None:
    """Rename a database. Raises psycopg.Error."""
    connection.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(name), sql.Identifier(new)))


@contextlib.contextmanager
def ended_meanwhile(renaming: Connection, ending: Connection, live: str, holder: Connection | None) -> Iterator[None]:
    """Beside the block: once nobody can connect any more, end all sessions, and the one that held them still at last."""
    over, process = threading.Event(), renaming.info.backend_pid
    own = [] if holder is None else [holder.info.backend_pid]

    def end() -> None:
        with contextlib.suppress(psycopg.Error):
            while not over.wait(sessions.LOOK_SECONDS):
                if ending.execute(IS_CLOSED, [process, live]).fetchone() and not sessions.end_all(
                    ending, live, but=own
                ):
                    break
        if holder is not None:
            holder.close()

    thread = threading.Thread(target=end, name="end-sessions")
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


@contextlib.contextmanager
def still_busy(connection: Connection, database: str) -> Iterator[None]:
    """Turn the server's refusal into an error that names who stood in the way."""
    try:
        yield
    except (psycopg.errors.QueryCanceled, psycopg.errors.ObjectInUse):
        raise sessions.busy(sessions.with_transactions(connection, database, longer_than_seconds=0)) from None


def has_happened(database: Database, plan: Plan, incoming: int | None) -> bool:
    """Tell whether the switch took place although its connection broke: the answer to COMMIT can be lost."""
    with server.connected(database) as connection:
        return incoming is not None and marks.oid_of(connection, plan.live) == incoming
