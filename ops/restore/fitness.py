"""Looks whether a set, this machine and the server go together. Changes nothing."""

import datetime
import re

import psycopg

from ops.backup import encryption, listing, programs, verify
from ops.backup import tools as backup_tools
from ops.backup.database import Connection
from ops.backup.guards import megabytes
from ops.backup.progress import Progress
from ops.backup.sets import BackupSet
from ops.backup.settings import Settings
from ops.errors import REFUSED, OperatorError
from ops.restore.proof import major

ROOM = 1.2  # what a restored database takes, to what it took: indexes are new and dense, WAL comes on top
PROGRAMS = ("pg_restore", "psql")


def shown(backup_set: BackupSet, *, now: datetime.datetime) -> str:
    """Return what a set is, for people."""
    written, level = backup_set.manifest, backup_set.verification.level if backup_set.verification else 0
    size, age = megabytes(written.bytes), listing.age(now - backup_set.at)
    state = f"as of {backup_set.as_of}" if backup_set.as_of else f"{age} old, level {level}"
    whole = f"Set {backup_set.id} of {written.database}: {state}, {size}, {written.rows:,} rows in "
    versions = f"application {written.versions['application']}, PostgreSQL {written.versions['server']}"
    return f"{whole}{len(written.tables)} tables; {versions}"


def look(connection: Connection, settings: Settings, backup_set: BackupSet, progress: Progress) -> None:
    """Look at versions, room and hashes; raises OperatorError where something does not fit."""
    if backup_set.manifest.is_encrypted:
        encryption.require_identity(backup_set, settings.identity)
    versions(connection, backup_set)
    room(connection, backup_set, progress)
    verify.Work(backup_set=backup_set, scratch_folder=settings.scratch_folder, progress=progress).hashes()


def versions(connection: Connection, backup_set: BackupSet) -> None:
    """Raise OperatorError where the programs are older than the dump, or the server than the one that it is of."""
    written = backup_set.manifest.versions
    row = connection.execute("SHOW server_version").fetchone()
    ours = str(row[0]) if row else ""
    if major(ours) < major(written["server"]):
        raise refused(
            f"set {backup_set.id} is of PostgreSQL {written['server']}, and the server is {ours}",
            hint=f"Restore into PostgreSQL {major(written['server'])} or newer: POSTGRES_IMAGE",
        )
    hint = "Run it where PostgreSQL's programs are: the image that the database runs."
    for name in PROGRAMS:
        text = programs.run(backup_tools.version(name), what="restore", hint=hint)
        if major(text) < major(written["pg_dump"]):
            raise refused(f"set {backup_set.id} was written by {written['pg_dump']}, and {name} is {text}", hint=hint)


def room(connection: Connection, backup_set: BackupSet, progress: Progress) -> None:
    """Raise OperatorError where the server's disk has too little room, as far as it can be asked."""
    free, needed = free_at(connection), int(backup_set.manifest.database_bytes * ROOM)
    if free is None:
        progress.say(f"  the server doesn't say how much room it has: {megabytes(needed)} will be needed")
    elif free < needed:
        raise refused(
            f"the restored database needs {megabytes(needed)} beside the live one, and the server's disk has {megabytes(free)}",
            hint="Make room. Databases that were kept: scripts/restore_db.sh --list; one goes by --drop-kept NAME",
        )


def free_at(connection: Connection) -> int | None:
    """Return how much room the server's data have, None where it does not say: only a superuser may ask its machine."""
    try:
        with connection.transaction():
            connection.execute("CREATE TEMPORARY TABLE slipway_room (line text) ON COMMIT DROP")
            # A server program's working folder is that of its data.
            connection.execute("COPY pg_temp.slipway_room FROM PROGRAM 'df -Pk .'")
            lines = [str(line) for (line,) in connection.execute("SELECT line FROM pg_temp.slipway_room").fetchall()]
    except psycopg.Error:
        return None
    found = re.match(r".+?\s+\d+\s+\d+\s+(\d+)\s+\d+%", lines[-1]) if lines else None
    return int(found[1]) * 1024 if found else None


def refused(message: str, *, hint: str) -> OperatorError:
    """Return the error of a look."""
    return OperatorError(f"Refusing to restore: {message}. Nothing was changed.", hint=hint, status=REFUSED)
