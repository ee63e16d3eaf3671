"""A set of the database as it was at a moment: the cluster is recovered in a scratch server, and an ordinary set is taken of it there.

It is not encrypted, as WAL on this machine isn't: it is opened at once, and this machine may have nothing but the public key. It
does not count, keeps its mark, and goes once it has been switched to. A second run to the same moment goes on with it.
"""

import contextlib
import datetime
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from ops.backup import back_up, files, manifest, sets, targets
from ops.backup.back_up import every_set
from ops.backup.database import Database, told
from ops.backup.progress import Progress
from ops.backup.sets import BackupSet
from ops.backup.settings import Settings
from ops.backup.take import take
from ops.errors import REFUSED, OperatorError
from ops.restore import marks, server
from ops.wal import fetch, plan, recover, times
from ops.wal.archive import ROOT


@dataclass(frozen=True, kw_only=True)
class Moment:
    """The time to go back to; `zone` is whose clocks it is told by."""

    at: datetime.datetime
    zone: str

    @property
    def words(self) -> str:
        """The time, for people."""
        return times.aloud(self.at, zone=self.zone)


def backup_set(settings: Settings, moment: Moment, target: str, progress: Progress) -> BackupSet:
    """Return a set of the database as of a moment, from WAL of this machine or of a target. Raises OperatorError."""
    left = [each for each in every_set(settings) if each.as_of]
    if here := [each for each in left if each.as_of == moment.at.isoformat()]:
        progress.say(f"Set {here[-1].id} was taken as of {moment.words} before")
        return here[-1]
    for each in left:
        remove(each, progress)
    with recovered(settings, moment, target, progress) as database:
        require_there(database, moment)
        progress.say(f"Taking a set of {database.name} as of {moment.words}")
        return taken(replace(settings, database=database, recipients=()), moment, progress)


def recovered(
    settings: Settings, moment: Moment, target: str, progress: Progress
) -> contextlib.AbstractContextManager[Database]:
    """Recover the cluster while the block runs."""
    if not target:
        return recover.at(settings, moment.at, progress=progress, zone=moment.zone)
    place = targets.of(target, variable="--from")
    return recover.from_target(settings, place, moment.at, progress=progress, zone=moment.zone)


def require_there(database: Database, moment: Moment) -> None:
    """Raise OperatorError where the cluster had no such database then."""
    with told("ask the recovered server for its databases"), server.connected(database) as connection:
        if marks.oid_of(connection, database.name) is not None:
            return
    raise OperatorError(
        f"Refusing to restore: there was no database {database.name} at {moment.words}. Nothing was changed.",
        hint="Name a time at which it was there. Which can be reached: scripts/restore_db.sh --list",
        status=REFUSED,
    )


def taken(settings: Settings, moment: Moment, progress: Progress) -> BackupSet:
    """Take the set, and mark it."""
    seen = back_up.look(settings, progress)
    found = take(settings, seen, despite_lost_rows=True, progress=progress)
    with files.told("mark the set", found.folder):
        files.write(found.folder / manifest.AS_OF, moment.at.isoformat())
        files.flush(found.folder)
    marked = sets.one(found.folder)
    assert marked is not None  # noqa: S101 - its manifest was written just now
    return marked


def remove(backup_set: BackupSet, progress: Progress) -> None:
    """Remove a set that has done its work; where that fails, it goes in a week."""
    try:
        sets.remove(backup_set)
    except OSError as error:
        progress.say(f"  cannot remove {backup_set.folder}: {error.strerror}")


def look(settings: Settings, moment: Moment, target: str, progress: Progress) -> str:
    """Return what would be recovered from, in words. Raises OperatorError where the moment is out of reach."""
    if not target:
        with progress.step("choose", f"Choosing what leads to {moment.words}, and hashing it"):
            chosen = plan.choose(settings.folder / ROOT, moment.at, zone=moment.zone)
        base, more = chosen.stretch.base.id, f" and {len(chosen.segments)} segments of WAL"
    else:
        base, more = newest_base(target, moment), f" and the WAL after it, of {targets.of(target).url}"
    return f"recover the cluster to {moment.words} from base backup {base}{more}"


def newest_base(target: str, moment: Moment) -> str:
    """Return the base backup of a target that a recovery would start from. Raises OperatorError."""
    with scratch() as folder, files.told("look at the target", folder):
        return fetch.chain_to(targets.of(target, variable="--from"), moment.at, folder, zone=moment.zone)[-1].id


@contextlib.contextmanager
def scratch() -> Iterator[Path]:
    """Give a folder for a moment."""
    with tempfile.TemporaryDirectory(prefix="slipway-") as folder:
        yield Path(folder)
