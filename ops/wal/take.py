"""Takes a base backup: the whole cluster, or what has changed since the last; verified before it has a name. Leaves nothing else."""

import datetime
import json
import shutil
import time
from collections.abc import Sequence
from pathlib import Path

from ops.backup import files, programs, sets
from ops.backup.database import told
from ops.backup.progress import Progress
from ops.errors import FAILED, OperatorError
from ops.wal import archive as archives
from ops.wal import bases, server, tools
from ops.wal.archive import Archive
from ops.wal.bases import Base
from ops.wal.segments import position
from ops.wal.server import Identity
from ops.wal.settings import WalSettings

HINT = (
    "See the database's log, the disk, and pg_hba.conf: it needs a line for replication. What was there is as it was."
)
SLACK = datetime.timedelta(hours=12)  # a weekly run that begins a minute early is a week later all the same


def take(settings: WalSettings, *, is_full: bool, progress: Progress) -> tuple[Archive, Base]:
    """Take a base backup and give it its name. Raises OperatorError, and then there is none."""
    identity, superuser = look(settings, progress)
    with files.told("make the archive's folder", settings.root):
        archive = archives.opened(
            settings.root, system_identifier=identity.system_identifier, segment_bytes=identity.segment_bytes
        )
        for name in sets.sweep(archive.bases):
            progress.say(f"Removed {name}, which a killed run left")
        everything = bases.found(archive.bases)
    parent = None if is_full else parent_of(archive, everything, settings.full_days, identity, progress)
    if parent is not None:
        try:
            return archive, one(settings, archive, identity, superuser, parent, progress)
        except OperatorError as error:
            if error.status != FAILED:
                raise
            progress.say(f"{error.args[0]}\nTaking a full one instead")
    return archive, one(settings, archive, identity, superuser, None, progress)


def look(settings: WalSettings, progress: Progress) -> tuple[Identity, str]:
    """Look at the server; return who it is, and as whom we are there. Changes nothing."""
    with (
        progress.step("look", "Looking at the server"),
        told("connect to the database"),
        settings.backup.database.connect(is_autocommit=True) as connection,
    ):
        server.refuse_tablespaces(connection)
        name = (connection.execute("SELECT current_user").fetchone() or ("",))[0]
        return server.identity(connection), name


def parent_of(
    archive: Archive, everything: Sequence[Base], full_days: int, identity: Identity, progress: Progress
) -> Base | None:
    """Return the base backup that the next one builds on; None where a full one is due."""
    chain = bases.chain(everything[-1], everything) if everything else None
    if not chain:
        return None
    if not identity.has_summaries:
        progress.say(
            "The server has no summaries of WAL, so a full one is taken: summarize_wal=on makes incremental ones"
        )
        return None
    age = datetime.datetime.now(tz=datetime.UTC) - chain[0].at
    if age > datetime.timedelta(days=full_days) - SLACK:
        return None
    with files.told("read the base backups", archive.bases):
        damaged = [base.id for base in chain if bases.damaged_files(archive.bases / base.id, base)]
    if damaged:
        progress.say(f"{', '.join(damaged)} is not as it was written, so a full one is taken")
    return None if damaged else chain[-1]


def one(
    settings: WalSettings,
    archive: Archive,
    identity: Identity,
    superuser: str,
    parent: Base | None,
    progress: Progress,
) -> Base:
    """Take one, verify it, write down what it is, and publish it."""
    with files.told("make the base backup's folder", archive.bases):
        partial = sets.make_partial(archive.bases)
    try:
        began, started_at = time.monotonic(), clock(settings)
        copy(settings, archive, partial, parent, progress)
        ended_at = clock(settings)
        with progress.step("verify", "Comparing every file with pg_verifybackup"):
            what = "find the base backup whole"
            programs.run(tools.verify_archived(partial, ignored=[]), what=what, hint=HINT)
        with files.told("write the base backup", partial):
            base = Base(
                id=partial.name.removesuffix(sets.PARTIAL),
                parent=parent.id if parent else None,
                system_identifier=identity.system_identifier,
                segment_bytes=identity.segment_bytes,
                **their_facts(partial / bases.THEIRS),
                started_at=started_at,
                ended_at=ended_at,
                server=identity.version,
                superuser=superuser,
                seconds=round(time.monotonic() - began, 2),
                files={path.name: described(path) for path in sorted(partial.iterdir())},
            )
            bases.write(partial, base)
            bases.publish(partial)
            return base
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise


def copy(settings: WalSettings, archive: Archive, partial: Path, parent: Base | None, progress: Progress) -> None:
    """Run pg_basebackup."""
    database = settings.backup.database
    previous = archive.bases / parent.id / bases.THEIRS if parent else None
    line = f"Copying what has changed since {parent.id}" if parent else "Copying the whole cluster"
    with progress.step("copy", line):
        command = tools.base_backup(database, partial, previous=previous)
        programs.run(command, what="take a base backup", hint=HINT, environment=database.environment)


def clock(settings: WalSettings) -> str:
    """Return the server's time."""
    with told("ask the server for its time"), settings.backup.database.connect(is_autocommit=True) as connection:
        found: datetime.datetime = (connection.execute("SELECT clock_timestamp()").fetchone() or ())[0]
        return found.astimezone(datetime.UTC).isoformat()


def their_facts(path: Path) -> dict[str, int]:
    """Return the timeline, the positions of WAL and the size that PostgreSQL's manifest tells. Raises OSError."""
    told_there = json.loads(path.read_text(encoding="utf-8"))
    ranges = told_there["WAL-Ranges"]
    last = max(ranges, key=lambda each: position(each["End-LSN"]))
    first = min(ranges, key=lambda each: position(each["Start-LSN"]))
    return {
        "timeline": int(first["Timeline"]),
        "start": position(first["Start-LSN"]),
        "end": position(last["End-LSN"]),
        "unpacked_bytes": sum(int(each["Size"]) for each in told_there["Files"]),
    }


def described(path: Path) -> dict[str, object]:
    """Return a file's size and hash, closed to others. Raises OSError."""
    path.chmod(0o600)
    return {"bytes": path.stat().st_size, "sha256": files.sha256(path)}
