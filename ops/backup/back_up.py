"""One backup from beginning to end: look, take, verify, and only then remove what may go."""

import datetime

from ops.backup import files, guards, lock, retention, scratch, sets, snapshot
from ops.backup.database import told
from ops.backup.guards import Seen
from ops.backup.progress import Progress
from ops.backup.sets import BackupSet
from ops.backup.settings import Settings
from ops.backup.take import take
from ops.backup.verify import verify


def back_up(settings: Settings, *, despite_lost_rows: bool, progress: Progress) -> tuple[BackupSet, list[str]]:
    """Take a set and verify it; return it, and the ids of those that were removed since it is there."""
    guards.target(settings)
    with lock.held(settings.folder, what="backup"):
        seen = look(settings, progress)
        # From here on something is written.
        sweep(settings, progress)
        taken = take(settings, seen, despite_lost_rows=despite_lost_rows, progress=progress)
        verify(taken, scratch_folder=settings.scratch_folder, progress=progress)
        return taken, prune(settings, progress)


def look(settings: Settings, progress: Progress) -> Seen:
    """Look at the server, its programs and the room. Changes nothing."""
    with progress.step("look", f"Looking at the server and at {settings.folder}"):
        last = newest(settings)
        with told("connect to the database"), snapshot.exported(settings.database) as found:
            seen = Seen(last=last, versions=guards.versions(found))
            guards.space(settings, last, database_bytes=found.database_bytes)
    return seen


def newest(settings: Settings) -> BackupSet | None:
    """Return the newest set that counts."""
    return next((each for each in reversed(every_set(settings)) if each.counts), None)


def every_set(settings: Settings) -> list[BackupSet]:
    """Return the database's sets, the oldest first."""
    name = settings.database.name
    return sets.found(sets.folder_of(settings.folder, name), database=name)


def sweep(settings: Settings, progress: Progress) -> None:
    """Remove what killed runs left."""
    folder = sets.folder_of(settings.folder, settings.database.name)
    with files.told("remove what a killed run left", folder):
        for name in sets.sweep(folder):
            progress.say(f"Removed {name}, which a killed run left")
        scratch.sweep(settings.scratch_folder)


def expired(settings: Settings) -> list[BackupSet]:
    """Return the sets that may go."""
    everything = every_set(settings)
    ids = retention.expired(everything, settings.rules, now=datetime.datetime.now(tz=datetime.UTC))
    return [each for each in everything if each.id in ids]


def prune(settings: Settings, progress: Progress) -> list[str]:
    """Remove the sets that may go; return their ids. Called after a run that was verified, and never else."""
    removed = []
    for backup_set in expired(settings):
        progress.say(f"Removing {backup_set.id}, which no rule keeps")
        with files.told(f"remove {backup_set.id}", backup_set.folder):
            sets.remove(backup_set)
        removed.append(backup_set.id)
    return removed
