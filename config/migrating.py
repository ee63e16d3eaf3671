"""Brings the database to this version's schema while the version before still serves: looks first, then waits for no lock for long.

Yesterday's code runs on today's schema until it is switched off, and again after a rollback. What it can't live with, such as a
renamed column, is refused unless it is named.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.core.management import call_command
from django.db import DatabaseError, OperationalError, connection
from django.db.migrations.executor import MigrationExecutor
from django_migration_linter.migration_linter import MigrationLinter
from django_migration_linter.sql_analyser.analyser import analyse_sql_statements

from config.start_up import Say, StartUpError, migration_lock

LOCK_TIMEOUT_SECONDS = 3  # for so long at most does a migration hold up everybody who comes after it to the same table
TRIES = 5
PAUSE_SECONDS = 2.0
LOCK_NOT_AVAILABLE = "55P03"
LOOK_SECONDS = 0.2
# Of another user's transaction, such as a dump's, PostgreSQL tells neither the time nor the words.
BLOCKERS = """
    SELECT format('process %%s of %%s%%s: %%s', pid, usename, ' for ' || extract(epoch FROM now() - xact_start)::int || ' s',
                  left(query, 100))
    FROM pg_stat_activity WHERE pid = ANY (pg_blocking_pids(%s)) ORDER BY xact_start LIMIT 3
"""


@dataclass(frozen=True, kw_only=True)
class Danger:
    """What yesterday's code can't live with."""

    migration: str
    what: str


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a migration would do: `pending` and `heads` are names such as gallery.0007_places."""

    pending: list[str]
    heads: list[str]
    dangers: list[Danger]


def plan() -> Plan:
    """Look at what is pending. On an empty database nothing is dangerous: there is no yesterday."""
    executor = MigrationExecutor(connection)
    heads = sorted(executor.loader.graph.leaf_nodes())
    pending = [(migration.app_label, migration.name) for migration, _ in executor.migration_plan(heads)]
    return Plan(
        pending=[".".join(each) for each in pending],
        heads=[".".join(each) for each in heads],
        dangers=dangers(pending) if executor.loader.applied_migrations else [],
    )


def dangers(pending: list[tuple[str, str]]) -> list[Danger]:
    """Return what of the pending migrations' SQL takes something away from the code that runs, or asks something new of it."""
    linter = MigrationLinter(no_cache=True, no_output=True, analyser_string="postgresql")
    found = []
    for app, name in pending:
        errors, _, _ = analyse_sql_statements(linter.sql_analyser_class, linter.get_sql(app, name), [])
        found += [Danger(migration=f"{app}.{name}", what=in_words(error.message, error.table)) for error in errors]
    return found


def in_words(message: str, table: str | None) -> str:
    """Return the linter's words, with the table."""
    return message.lower() + (f" ({table})" if table else "")


def migrate(say: Say, *, tries: int = TRIES, pause_seconds: float = PAUSE_SECONDS) -> None:
    """Apply what is pending; raises StartUpError where a lock can't be had. What was applied before stays applied."""
    with migration_lock(say):
        set_lock_timeout(LOCK_TIMEOUT_SECONDS)
        try:
            for number in range(1, tries + 1):
                with watched() as blockers:
                    if is_applied(is_last=number == tries, blockers=blockers):
                        return
                say(f"A lock could not be had within {LOCK_TIMEOUT_SECONDS} s, try {number} of {tries}, {blockers}")
                time.sleep(pause_seconds)
        finally:
            set_lock_timeout(0)


class Blockers(threading.Thread):
    """Who holds the migration up. Looks while it waits, since afterwards nobody can tell: who came later waits for us."""

    def __init__(self, process: int) -> None:
        super().__init__(name="blockers", daemon=True)
        self.process, self.is_over = process, threading.Event()
        self.found: list[str] = []

    def run(self) -> None:
        """Look again and again, on a connection of this thread's own."""
        try:
            while not self.is_over.wait(LOOK_SECONDS):
                with connection.cursor() as cursor:
                    cursor.execute(BLOCKERS, [self.process])
                    self.found = [words for (words,) in cursor.fetchall()] or self.found
        except DatabaseError:
            return  # the migration says what is wrong
        finally:
            connection.close()

    def __str__(self) -> str:
        return f"held by {'; '.join(self.found)}" if self.found else "and nobody was seen who held it"


@contextmanager
def watched() -> Iterator[Blockers]:
    """Look in the block who holds this connection up."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        found = Blockers(cursor.fetchone()[0])
    found.start()
    try:
        yield found
    finally:
        found.is_over.set()
        found.join()


def is_applied(*, is_last: bool, blockers: Blockers) -> bool:
    """Try once; return whether all is applied, False where a lock could not be had. Raises StartUpError at the last try."""
    try:
        call_command("migrate", interactive=False, verbosity=1)
    except OperationalError as error:
        if getattr(error.__cause__, "sqlstate", "") != LOCK_NOT_AVAILABLE:
            raise
        if is_last:
            raise StartUpError(
                f"Cannot migrate: a lock could not be had, {blockers}. The migration that waited was taken back.",
                hint="Wait for the end of that transaction, or end it: SELECT pg_terminate_backend(PID). Then deploy again.",
            ) from None
        return False
    return True


def set_lock_timeout(seconds: int) -> None:
    """Set for how long a statement waits for a lock; 0 means for ever."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('lock_timeout', %s, false)", [f"{seconds}s"])
