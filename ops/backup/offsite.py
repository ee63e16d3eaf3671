"""Sets of a database at a target: stored once they count, compared there, listed by their manifests, fetched whole or not at all."""

import datetime
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from ops.backup import encryption, files, manifest, retention, targets
from ops.backup import sets as local
from ops.backup.progress import Progress
from ops.backup.retention import Rules
from ops.backup.sets import PARTIAL, BackupSet, DescribedSet
from ops.backup.settings import Settings
from ops.backup.share import is_due
from ops.backup.targets import Target
from ops.backup.targets.target import different
from ops.errors import REFUSED, WRONG_USAGE, OperatorError

VARIABLE = "BACKUP_OFFSITE_TARGET"
FOLDER = "db"
LOCAL_ALONE = (manifest.PIN, manifest.OFFSITE)
SMALL = (manifest.MANIFEST, manifest.SUMS, manifest.VERIFICATION)


class OffsiteSet(DescribedSet):
    """A set at a target."""


def folder_of(database: str) -> str:
    """Return the name of the folder of a database's sets at a target."""
    return f"{FOLDER}/{local.escaped(database)}"


def sets(target: Target, *, database: str) -> list[OffsiteSet]:
    """Return a database's sets at a target, the newest last. What has no manifest that is as it was written is none."""
    ids = [name for name in target.names(folder_of(database)) if local.NAME.fullmatch(name)]
    if not ids:
        return []
    with tempfile.TemporaryDirectory() as folder:
        target.fetch(folder_of(database), Path(folder), only=[f"{each}/{name}" for each in ids for name in SMALL])
        found = [local.one(Path(folder) / each) for each in ids]
        return [
            OffsiteSet(manifest=each.manifest, verification=each.verification)
            for each in found
            if each is not None and each.manifest.database == database
        ]


def fetch(target: Target, set_id: str, *, database: str, into: Path, progress: Progress | None = None) -> BackupSet:
    """Fetch a set, or the latest, into `into/<id>`, whole and as it was written; what an earlier try brought is not sent again."""
    found = named(target, set_id, database=database)
    folder, partial = into / found.id, into / f"{found.id}{PARTIAL}"
    shown = progress or Progress()
    with shown.step("fetch", f"Fetching {found.id} from {target.url}"), files.told("fetch the set", into):
        partial.mkdir(mode=0o700, parents=True, exist_ok=True)
        target.fetch(f"{folder_of(database)}/{found.id}", partial, show=shown.amount)
        wrong = unlike_their_sums(partial)
        if wrong:
            shutil.rmtree(partial)
            raise OperatorError(
                f"Set {found.id} at {target.url} is not as it was stored: {', '.join(wrong)}.",
                hint="Take another: scripts/backup.sh --list",
            )
        if folder.exists():
            shutil.rmtree(folder)
        return local.publish(partial)


def named(target: Target, set_id: str, *, database: str) -> OffsiteSet:
    """Return the set of an id, or the latest that counts; raises OperatorError where there is none."""
    everything = sets(target, database=database)
    wanted = [each for each in everything if each.id == set_id or (set_id == "latest" and each.counts)]
    if not wanted:
        raise OperatorError(
            f"{target.url} has no set {set_id} of {database}: {', '.join(each.id for each in everything) or 'it has none'}.",
            hint=f"See {target.variable}, and what there is: scripts/backup.sh --list",
            status=WRONG_USAGE,
        )
    return wanted[-1]


def newest(settings: Settings, progress: Progress) -> OffsiteSet | None:
    """Return the newest set off this machine that counts; none where that can't be asked, which must not cost a set here."""
    if not settings.offsite_target:
        return None
    try:
        found = sets(targets.of(settings.offsite_target, variable=VARIABLE), database=settings.database.name)
    except OperatorError as error:
        progress.say(f"  can't ask which sets there are off this machine: {error.args[0]}")
        return None
    return next((each for each in reversed(found) if each.counts), None)


def unlike_their_sums(folder: Path) -> list[str]:
    """Return the files that are not as SHA256SUMS says. Raises OSError."""
    lines = (folder / manifest.SUMS).read_text(encoding="utf-8").splitlines()
    return different(folder, {name: sha256 for sha256, _, name in (line.partition("  ") for line in lines)})


def store(target: Target, backup_set: BackupSet, progress: Progress) -> None:
    """Store a set, its manifest last, once all else was compared there; then write down beside it that it is there."""
    name = f"{folder_of(backup_set.manifest.database)}/{backup_set.id}"
    with progress.step("offsite", f"Storing {backup_set.id} at {target.url}"):
        target.store(backup_set.folder, name, last=manifest.MANIFEST, leave_out=LOCAL_ALONE, show=progress.amount)
    with files.told("write down what was stored", backup_set.folder):
        manifest.write_offsite(backup_set.folder, target.url)


def keep(settings: Settings, kept: Sequence[BackupSet], progress: Progress, *, removes: bool = True) -> None:
    """Store what counts and is not at the target yet, compare a share of what is, remove what no rule keeps there.

    Not what was taken before a restore, which is for this machine: there it would be taken for an ordinary one.
    """
    if not settings.offsite_target:
        return
    room = settings.scratch_folder.with_name(f"{settings.scratch_folder.name}-offsite")  # for whole sets; /tmp has less
    with encryption.fresh(room):
        keep_at(
            targets.of(settings.offsite_target, variable=VARIABLE, room=room), settings, kept, progress, removes=removes
        )


def keep_at(
    target: Target, settings: Settings, kept: Sequence[BackupSet], progress: Progress, *, removes: bool
) -> None:
    """Do that at the target."""
    database = settings.database.name
    there = target.names(folder_of(database))
    require_same_target(target, kept, there)
    sweep(target, database, progress)
    for backup_set in reversed([each for each in kept if each.counts and not each.is_before_restore]):
        if backup_set.id not in there or not is_noted(backup_set, target):
            store(target, backup_set, progress)
    check(target, kept, database=database, progress=progress, day=datetime.datetime.now(tz=datetime.UTC).date())
    if removes:
        prune(target, settings.rules, database=database, progress=progress)


def is_noted(backup_set: BackupSet, target: Target) -> bool:
    """Tell whether a set is known to be at the target."""
    return backup_set.offsite is not None and backup_set.offsite.target == target.url


def require_same_target(target: Target, kept: Sequence[BackupSet], there: Sequence[str]) -> None:
    """Raise OperatorError where a target has none of the sets that were stored there: it is another one, or not mounted."""
    noted = [each for each in kept if is_noted(each, target)]
    if noted and not {each.id for each in noted} & set(there):
        raise OperatorError(
            f"Refusing to use {VARIABLE}: {target.url} has none of the {len(noted)} sets that were stored there.",
            hint=f"See whether it is mounted. Where it is to begin anew: rm {noted[0].folder.parent}/*/{manifest.OFFSITE}",
            status=REFUSED,
        )


def sweep(target: Target, database: str, progress: Progress) -> None:
    """Remove what a killed run left: it has no manifest."""
    whole = target.names(folder_of(database))
    for name in target.names(folder_of(database), last=""):
        if local.NAME.fullmatch(name) and name not in whole:
            progress.say(f"Removing {name} at {target.url}, which a killed run left")
            target.remove(f"{folder_of(database)}/{name}")


def check(target: Target, kept: Sequence[BackupSet], *, database: str, progress: Progress, day: datetime.date) -> None:
    """Compare the day's share of the files there; store anew what is wrong and still here; raise OperatorError with the names."""
    wrong: list[str] = []
    with progress.step("offsite check", f"Comparing a share of the sets at {target.url}"):
        for found in sets(target, database=database):
            name = f"{folder_of(database)}/{found.id}"
            due = {
                path: facts["sha256"]
                for path, facts in found.manifest.files.items()
                if is_due(f"{name}/{path}", day=day)
            }
            beside = next((each.folder for each in kept if each.manifest == found.manifest), None)
            if beside and (damaged := damaged_here(beside, due)):  # nothing at the target may be overwritten with that
                progress.say(f"  {found.id}: {', '.join(damaged)} is not as it was written on this machine")
                beside = None
            differ = target.compare(name, due, beside=beside)
            if differ and beside:
                target.copy(beside, name, differ, is_anew=True)
            left = target.compare(name, {path: due[path] for path in differ}, beside=beside)
            wrong += [f"{name}/{path} ({'not mended' if path in left else 'mended'})" for path in differ]
    if wrong:
        raise OperatorError(
            f"{target.url} did not have what was stored there: missing, or with other contents: {', '.join(wrong)}.",
            hint="Look at the target's disk. What was mended was stored anew from this machine; the rest is lost there.",
        )


def damaged_here(folder: Path, wanted: Mapping[str, str]) -> list[str]:
    """Return the files of a set on this machine that are not as they were written; raises OperatorError."""
    with files.told("read the set", folder):
        return different(folder, wanted)


def prune(target: Target, rules: Rules, *, database: str, progress: Progress) -> list[str]:
    """Remove the sets at the target that no rule keeps; never the last. What has no whole manifest is not touched."""
    found = sets(target, database=database)
    gone = retention.expired(found, rules, now=datetime.datetime.now(tz=datetime.UTC))
    for each in gone:
        progress.say(f"Removing {each} at {target.url}, which no rule keeps")
        target.remove(f"{folder_of(database)}/{each}")
    return gone
