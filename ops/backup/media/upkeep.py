"""What is done at a target once a snapshot is there: a share of everything is compared, and what no rule keeps is removed."""

import datetime
import shutil
from collections.abc import Collection, Sequence

from ops.backup import files, retention
from ops.backup.media import catalogue, scan
from ops.backup.media.catalogue import Snapshot, place
from ops.backup.media.keepers import keeper_of
from ops.backup.media.settings import MediaSettings
from ops.backup.progress import Progress
from ops.backup.share import is_due
from ops.backup.targets import MANIFEST
from ops.backup.targets.target import SHOWN, different
from ops.errors import OperatorError


def check(settings: MediaSettings, progress: Progress, *, day: datetime.date, only: str = "") -> int:
    """Compare the day's share of all snapshots, or all of one, with what is at the target; return how many files that were.

    What is wrong is stored anew where the folder still has it; raises OperatorError with the names either way.
    """
    kept = catalogue.snapshots(settings.target, cache=settings.manifests)
    with progress.step("media check", f"Comparing a share of {len(kept)} snapshots at {settings.target.url}"):
        wrong = check_manifests(settings, kept)
        unshared, seen = keeper_of(settings.target).unshared(kept), 0
        for snapshot in kept:
            due = [name for name in unshared[snapshot.id] if is_due(name, day=day)]
            if only:
                due = list(snapshot.files) if snapshot.id == only else []
            wrong += check_files(settings, kept, snapshot, due) if due else []
            seen += len(due)
    if wrong:
        shown = ", ".join(wrong[:SHOWN]) + (", …" if wrong[SHOWN:] else "")
        raise OperatorError(
            f"{settings.target.url} did not have what was stored there: {len(wrong)} files missing or with other contents: {shown}.",
            hint="Look at the target's disk. What was mended was stored anew from this machine; the rest is lost there.",
        )
    return seen


def check_files(settings: MediaSettings, kept: Sequence[Snapshot], snapshot: Snapshot, due: Sequence[str]) -> list[str]:
    """Compare some of a snapshot's files, mend what can be; return what was wrong, in words."""
    keeper = keeper_of(settings.target)
    now = scan.scan(settings.folder, cache=settings.hashes).files
    here = {name for name in due if name in now and now[name].sha256 == snapshot.files[name].sha256}
    wrong = keeper.compare(snapshot, sorted(here), beside=settings.folder)
    with files.told(
        "read the media", settings.folder
    ):  # changed since that look, or damaged here: the target may be right
        here -= set(different(settings.folder, {name: snapshot.files[name].sha256 for name in wrong}))
    wrong = [name for name in wrong if name in here]
    wrong += keeper.compare(snapshot, sorted(set(due) - here), beside=None)
    mendable = [name for name in wrong if name in here]
    for each in kept if mendable else []:
        same = [
            name for name in mendable if name in each.files and each.files[name].sha256 == snapshot.files[name].sha256
        ]
        keeper.mend(settings.folder, each, same)
    left = set(keeper.compare(snapshot, mendable, beside=settings.folder)) | (set(wrong) - here)
    return [f"{place(snapshot.id)}/{name!r} ({'not mended' if name in left else 'mended'})" for name in wrong]


def check_manifests(settings: MediaSettings, kept: Sequence[Snapshot]) -> list[str]:
    """Compare the manifests at the target with those that are here, and store anew what differs; return what was wrong, in words."""
    wanted = {each.id: files.sha256(settings.manifests / each.id / MANIFEST) for each in kept}
    differ = settings.target.compare(
        catalogue.FOLDER, {f"{each}/{MANIFEST}": sha256 for each, sha256 in wanted.items()}
    )
    for name in differ:
        settings.target.copy(settings.manifests, catalogue.FOLDER, [name], is_anew=True)
    unreadable = [each for each in catalogue.ids(settings.target) if each not in wanted]
    return [f"{name!r} (mended)" for name in differ] + [
        f"'{place(each)}/{MANIFEST}' (not mended)" for each in unreadable
    ]


def expired(settings: MediaSettings, *, needed: Collection[str], now: datetime.datetime) -> list[str]:
    """Return the ids of the snapshots that may go: no rule keeps them, and no set of the database `needed` them."""
    kept = catalogue.snapshots(settings.target, cache=settings.manifests)
    return retention.expired(kept, settings.rules, now=now, needed=needed)


def prune(settings: MediaSettings, progress: Progress, *, needed: Collection[str], now: datetime.datetime) -> list[str]:
    """Remove the snapshots that may go, and what they alone had; return their ids. Called after a run that was well alone."""
    gone = expired(settings, needed=needed, now=now)
    keeper = keeper_of(settings.target)
    for each in gone:
        progress.say(f"Removing media of {each}, which no rule keeps")
        keeper.remove(each)
        shutil.rmtree(settings.manifests / each, ignore_errors=True)
    if gone:
        kept = catalogue.snapshots(settings.target, cache=settings.manifests)
        if len(kept) != len(catalogue.ids(settings.target)):
            return gone  # what the manifest names that can't be read is not known: nothing is taken for unneeded
        keeper.sweep(kept)
    return gone
