"""What a container does before it serves: waits, checks, migrates once, collects static files. `manage.py prepare` calls it."""

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings
from django.core.management import call_command
from django.db import DatabaseError, InterfaceError, connection

from config import static_files
from config.media.place import MediaAwayError, media

Say = Callable[[str], None]

WAIT_SECONDS = 60.0
PAUSE_SECONDS = 0.5
SAY_EVERY_SECONDS = 5.0
MIGRATION_LOCK = 0x51_1D_A7  # any number of our own: PostgreSQL's advisory locks are told apart by it, in each database


class StartUpError(Exception):
    """The start cannot go on; `hint` says what to do."""

    def __init__(self, message: str, *, hint: str) -> None:
        super().__init__(message)
        self.hint = hint

    def __str__(self) -> str:
        return f"error: {self.args[0]}\n hint: {self.hint}"


def wait_for_database(say: Say, *, limit_seconds: float = WAIT_SECONDS) -> None:
    """Return once the database answers; raises StartUpError where it does not in time."""
    started = said = time.monotonic()
    while (reason := why_database_is_away()) is not None:
        now = time.monotonic()
        if now - started > limit_seconds:
            raise StartUpError(
                f"Cannot reach the database within {limit_seconds:.0f} s: {reason}. Nothing was changed.",
                hint="See whether it runs (docker compose ps db) and whether DATABASE_URL names it, with the right password.",
            )
        if now - said > SAY_EVERY_SECONDS:
            say(f"Waiting for the database: {reason}")
            said = now
        time.sleep(PAUSE_SECONDS)


def why_database_is_away() -> str | None:
    """Return None where the database answers, else its first line of why not."""
    beside: Any = connection  # and not out of the pool, which says no more than that it has none
    try:
        beside.number_now()
    except (DatabaseError, InterfaceError, psycopg.Error) as error:
        return str(error).strip().split("\n")[0] or type(error).__name__
    return None


def check() -> None:
    """Run the system checks, those of a deployment too where it is one; raises SystemCheckError."""
    call_command("check", deploy=not settings.DEBUG, fail_level="ERROR")


def look_at_media(say: Say) -> None:
    """Say where media are. A bucket that does not answer is told, and keeps nobody from starting: it is needed for media alone."""
    if not settings.MEDIA_STORAGE_URL:
        return
    try:
        say(f"Media are {media().look()}")
    except MediaAwayError as error:
        hint = "See MEDIA_STORAGE_URL and its two keys, and whether this machine reaches the bucket. It is asked again each time."
        say(f"error: {error}\n hint: {hint}")


@contextmanager
def migration_lock(say: Say) -> Iterator[None]:
    """Hold the database's lock for migrations: of several containers that start at once, one migrates and the others wait."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [MIGRATION_LOCK])
        if not cursor.fetchone()[0]:
            say("Waiting for another container, which migrates")
            cursor.execute("SELECT pg_advisory_lock(%s)", [MIGRATION_LOCK])
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [MIGRATION_LOCK])


def migrate(say: Say) -> None:
    """Apply the migrations that are not applied yet."""
    with migration_lock(say):
        call_command("migrate", interactive=False, verbosity=1)


def load_demo() -> None:
    """Load the demo, where the environment asks for it."""
    if settings.LOAD_DEMO:
        call_command("demo")


def collect_static() -> None:
    """Bring STATIC_ROOT to what this version has. In development the application serves from the source, so it is emptied."""
    if settings.DEBUG:
        empty(settings.STATIC_ROOT)
    else:
        static_files.publish(settings.STATIC_ROOT)


def empty(folder: Path) -> None:
    """Delete what is in a folder, which may be a mounted volume."""
    for path in folder.iterdir() if folder.is_dir() else ():
        shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
