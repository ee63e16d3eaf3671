"""One backup from beginning to end: look, take, verify, and only then remove what may go."""

import datetime
from dataclasses import replace
from pathlib import Path

from ops.backup import age, drill, encryption, files, guards, lock, offsite, retention, scratch, sets, snapshot
from ops.backup.database import told
from ops.backup.guards import Seen
from ops.backup.media.around import Around
from ops.backup.progress import Progress
from ops.backup.sets import BackupSet
from ops.backup.settings import Settings
from ops.backup.soundness import UnsoundError
from ops.backup.take import take
from ops.backup.verify import verify


def back_up(
    settings: Settings, *, despite_lost_rows: bool, progress: Progress, media: Around | None = None
) -> tuple[BackupSet, list[str]]:
    """Take a set and verify it; return it, and the ids of those that were removed since it is there.

    With `media` a snapshot of them is taken around the dump. What goes wrong with it, or with a copy off this machine, is raised once
    the set is there and verified, and before any is removed.
    """
    guards.target(settings)
    with lock.held(settings.folder, what="backup"):
        seen = look(settings, progress)
        # From here on something is written.
        sweep(settings, progress)
        around = media or Around.nothing()
        around.before()
        try:
            taken = take_and_verify(
                settings, seen, despite_lost_rows=despite_lost_rows, progress=progress, around=around
            )
        except UnsoundError:  # the set counts, so it leaves this machine all the same; and nothing is removed
            offsite.keep(settings, every_set(settings), progress, removes=False)
            raise
        around.keep(needed=snapshots_needed(settings))
        offsite.keep(settings, every_set(settings), progress)
        around.raise_problem()
        guards.media(taken, seen.last)
        return taken, prune(settings, progress)


def take_and_verify(
    settings: Settings,
    seen: Seen,
    *,
    despite_lost_rows: bool,
    progress: Progress,
    around: Around | None = None,
    media_manifest: Path | None = None,
) -> BackupSet:
    """Take a set and verify it, with what is plain of it where it is encrypted; that is gone in the end.

    `media_manifest` is that of a snapshot of media that is there already; `around` makes one.
    """
    media = around or Around.nothing()
    with encryption.workroom(settings) as plain:
        taken = take(
            settings, seen, despite_lost_rows=despite_lost_rows, progress=progress, plain=plain, media=media.after
        )
        found = verify(
            taken,
            scratch_folder=settings.scratch_folder,
            progress=progress,
            plain=plain,
            media_manifest=media.manifest or media_manifest,
        )
    return replace(taken, verification=found)


def snapshots_needed(settings: Settings) -> set[str]:
    """Return the snapshots of media that sets belong to."""
    return {each.manifest.media["snapshot"] for each in every_set(settings) if each.manifest.media}


def look(settings: Settings, progress: Progress) -> Seen:
    """Look at the server, its programs and the room. Changes nothing."""
    with progress.step("look", f"Looking at the server and at {settings.folder}"):
        last = newest(settings)
        elsewhere = None if last else offsite.newest(settings, progress)
        if settings.recipients:
            age.recipients(settings.recipients)
        with told("connect to the database"), snapshot.exported(settings.database) as found:
            seen = Seen(last=last, elsewhere=elsewhere, versions=guards.versions(found))
            guards.space(settings, last, database_bytes=found.database_bytes)
    return seen


def newest(settings: Settings) -> BackupSet | None:
    """Return the newest set that counts; one that was taken before a restore is no measure for others."""
    return next((each for each in reversed(every_set(settings)) if each.counts and not each.is_before_restore), None)


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
        for each in (settings.scratch_folder, settings.plain_folder, drill.place_of(settings)):
            scratch.sweep(each)


def expired(settings: Settings) -> list[BackupSet]:
    """Return the sets that may go."""
    everything = every_set(settings)
    last_offsite = [each.id for each in everything if each.offsite and each.counts][-1:]
    now = datetime.datetime.now(tz=datetime.UTC)
    ids = retention.expired(everything, settings.rules, now=now, needed=last_offsite)
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
