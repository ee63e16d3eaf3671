"""What is looked at before anything is written, and the one look at rows after: refuses loudly, and changes nothing."""

import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from ops.backup import programs, tools
from ops.backup.contents import Facts
from ops.backup.sets import BackupSet, DescribedSet
from ops.backup.settings import Settings
from ops.backup.snapshot import Snapshot
from ops.errors import REFUSED, OperatorError

ROOM = 1.5
RESTORE_FIRST = 'restore first: scripts/restore_db.sh latest --from "$BACKUP_OFFSITE_TARGET"'
LEAST_ROWS = 20  # a table that has fewer loses half of them in an ordinary hour


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What was found before the first change: the newest set that counts, and the versions of server and programs.

    `elsewhere` is the newest off this machine where this one has none.
    """

    last: BackupSet | None
    elsewhere: DescribedSet | None = None
    versions: Facts


def target(settings: Settings) -> None:
    """Raise OperatorError where the target is not there, not mounted, or can't be written."""
    folder = settings.folder
    if not folder.is_dir():
        raise refused(f"there is no folder {folder}", hint="Mount it, make it, or set DB_BACKUPS_DIR.")
    if settings.must_be_mount and not folder.is_mount():
        raise refused(
            f"{folder} is not a mount point", hint=f"Mount it: mount {folder}; or set DB_BACKUPS_ON_MOUNT=false."
        )
    probe = folder / f".probe-{os.getpid()}"
    try:
        probe.touch(mode=0o600)
        probe.unlink()
    except OSError as error:
        hint = f"Give it to user {os.geteuid()}: chown {os.geteuid()} {folder}"
        raise refused(f"cannot write in {folder}: {error.strerror}", hint=hint) from None


def space(settings: Settings, last: BackupSet | None, *, database_bytes: int) -> None:
    """Raise OperatorError where there is too little room for a set, or for the scratch server."""
    if last is not None:
        require_room(settings.folder, int(last.manifest.bytes * ROOM), what="a set half as large again as the last")
    plain_bytes = last.manifest.bytes if last is not None and settings.recipients else 0
    what = "the scratch server of the verification" + (" with the plain files" if settings.recipients else "")
    require_room(existing(settings.scratch_folder), database_bytes + plain_bytes, what=what)


def require_room(folder: Path, needed: int, *, what: str) -> None:
    """Raise OperatorError where a folder's disk has less room than is needed."""
    free = shutil.disk_usage(folder).free
    if free < needed:
        message = f"{what} needs {megabytes(needed)}, and {folder} has {megabytes(free)} free"
        raise refused(message, hint=f"Make room, or keep fewer sets (DB_BACKUP_RETENTION_DAYS): df -h {folder}")


def existing(folder: Path) -> Path:
    """Return the folder, or the nearest one above it that is there."""
    return next(path for path in (folder, *folder.parents) if path.is_dir())


def versions(snapshot: Snapshot) -> Facts:
    """Return the programs' versions; raises OperatorError where they are older than the server, whose data they can't read."""
    hint = "Run it where PostgreSQL's programs are: the image that the database runs."
    found = {
        name: programs.run(tools.version(name), what="back up", hint=hint)
        for name in ("pg_dump", "pg_dumpall", "pg_restore", "psql", "initdb", "postgres")
    }
    wanted = snapshot.server_version.split(".")[0]
    for name, text in found.items():
        if (version := re.search(r"\d+", text)) is None or version[0] != wanted:
            raise refused(f"the server is PostgreSQL {snapshot.server_version}, and {name} is {text}", hint=hint)
    return {"server": snapshot.server_version, **found}


def rows(tables: Facts, migrations: Facts, seen: Seen) -> None:
    """Raise OperatorError where a table has lost more than half its rows since the last set that counts.

    A table that is gone has lost all, unless a migration has been run since, which may have removed it. A machine that has no set, and
    is still to be restored, would have its empty database be the latest elsewhere: there the newest set is the measure.
    """
    last = seen.last or seen.elsewhere
    if last is None:
        return
    before = {
        key: int(facts["rows"]) for key, facts in last.manifest.tables.items() if int(facts["rows"]) >= LEAST_ROWS
    }
    if migrations != last.manifest.migrations:
        before = {key: count for key, count in before.items() if key in tables}
    now = {key: int(tables[key]["rows"]) if key in tables else 0 for key in before}
    lost = [f"{key} from {before[key]} to {now[key]}" for key in before if now[key] * 2 < before[key]]
    if lost:
        where = "" if seen.last else ", which is off this machine"
        way_out = "the sets still have them: scripts/backup.sh --list" if seen.last else RESTORE_FIRST
        raise refused(
            f"rows fell by more than half since set {last.id}{where}: {', '.join(lost)}. No set was made, and none removed",
            hint=f"Where that is right, add --despite-lost-rows. Where it is not, {way_out}",
        )


def media(taken: BackupSet, last: BackupSet | None) -> None:
    """Raise OperatorError where files that the database names are not as they should be, and were at the last set.

    What was so then is told by the level, and no more: a file that is lost for good must not keep every later run from its end.
    """
    found = taken.verification.media if taken.verification else {}
    before = last.verification.media if last and last.verification else {}
    known = before.get("names", [])
    fresh = [name for name in found.get("names", []) if name not in set(known)]
    are_all_known = wrong_files(before) == len(known)
    if fresh and (are_all_known or wrong_files(found) > wrong_files(before)):
        raise OperatorError(
            f"Set {taken.id} counts, but {wrong_files(found)} media files that its database names are missing or different, "
            f"{', '.join(fresh[:5])} since the last set. Nothing older was removed.",
            hint="An older snapshot may have them: scripts/restore_media.sh --only-missing. Later runs tell of them, and go on.",
        )


def wrong_files(found: Facts) -> int:
    """Return how many files are missing or different."""
    return int(found.get("missing", 0)) + int(found.get("different", 0))


def megabytes(size: int) -> str:
    """Return a size for people."""
    return f"{size / 1_000_000:,.1f} MB"


def refused(message: str, *, hint: str) -> OperatorError:
    """Return the error of a guard."""
    return OperatorError(f"Refusing to back up: {message}.", hint=hint, status=REFUSED)
