"""Where the set comes from that is restored: this machine, a target elsewhere, or the cluster as it was at a moment."""

from dataclasses import dataclass

from ops.backup import files, offsite, sets, targets
from ops.backup.back_up import every_set
from ops.backup.progress import Progress
from ops.backup.sets import BackupSet
from ops.backup.settings import Settings
from ops.errors import REFUSED, OperatorError
from ops.restore import point_in_time
from ops.restore.point_in_time import Moment


@dataclass(frozen=True, kw_only=True)
class Source:
    """What is to be restored: `wanted` is an id or `latest`, `moment` a time in place of it; `target` the address that has it."""

    wanted: str = "latest"
    target: str = ""
    moment: Moment | None = None


def backup_set(settings: Settings, source: Source, progress: Progress) -> BackupSet:
    """Return the set, on this machine. Raises OperatorError where there is none."""
    if source.moment:
        return point_in_time.backup_set(settings, source.moment, source.target, progress)
    if source.target:
        return fetched(settings, source, progress)
    return local(settings, source.wanted)


def local(settings: Settings, wanted: str) -> BackupSet:
    """Return the set of an id, or the latest that counts."""
    name = settings.database.name
    if wanted != "latest":
        return sets.named(sets.folder_of(settings.folder, name), wanted, database=name)
    counting = [each for each in every_set(settings) if each.counts and not each.is_before_restore]
    if counting:
        return counting[-1]
    raise OperatorError(
        f"Refusing to restore: none of the sets of {name} in {settings.folder} counts as a backup. Nothing was changed.",
        hint="See them: scripts/restore_db.sh --list; one can be named by its id. From elsewhere: --from TARGET",
        status=REFUSED,
    )


def fetched(settings: Settings, source: Source, progress: Progress) -> BackupSet:
    """Fetch the set from its target, where it is not here already."""
    target, name = targets.of(source.target, variable="--from"), settings.database.name
    folder = sets.folder_of(settings.folder, name)
    found = offsite.named(target, source.wanted, database=name)
    here = sets.one(folder / found.id)
    if here is not None and here.manifest == found.manifest:
        with files.told("read the set", here.folder):
            damaged = offsite.unlike_their_sums(here.folder)
        if not damaged:
            progress.say(f"Set {found.id} is here already")
            return here
        progress.say(f"Set {found.id} is here, but {', '.join(damaged)} is not as it was written")
    return offsite.fetch(target, found.id, database=name, into=folder, progress=progress)
