"""One restore of media from beginning to end: look, fetch beside what is live, hash, exchange. Or only what is missing; or back."""

import contextlib
import datetime
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ops.backup import files, guards, lock
from ops.backup.media import catalogue, fetching, scan
from ops.backup.media import settings as media_settings
from ops.backup.media.bucket import MediaBucket
from ops.backup.progress import Progress
from ops.backup.sets import PARTIAL
from ops.backup.settings import Settings
from ops.backup.targets import Target
from ops.errors import REFUSED, OperatorError
from ops.restore.media import comparison, exchange, filling, places
from ops.restore.media.comparison import Comparison
from ops.restore.media.places import KEPT, Places

TIME = "%Y%m%dT%H%M%S.%fZ"  # two may be within a second
INTERRUPTED = "a restore was killed while it exchanged entries"


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What is asked for: `wanted` is an id or `latest`."""

    wanted: str
    target: Target
    overwrites: bool = False
    only_missing: bool = False


@dataclass(frozen=True, kw_only=True)
class Restored:
    """What was done: `kept_as` is the folder that has what was live, `files` how many came from the target."""

    snapshot: str
    files: int
    kept_as: str | None = None
    different: int = 0


def restore(settings: Settings, wish: Wish, progress: Progress) -> Restored:
    """Restore a snapshot; raises OperatorError, and then what was live is as it was."""
    bucket = media_settings.bucket_of(settings)
    with locked(settings, bucket) as place:
        require_whole(place)
        refresh(bucket, progress)
        found = look(settings, place, wish.wanted, wish.target, progress)
        if not wish.only_missing:
            require_word(place, found, wish)
        names = [*found.missing, *([] if wish.only_missing else found.different)]
        require_room(place, found, names)
        # From here on something is written, beside what is live.
        incoming = fetched(place, found, names, wish.target, progress)
        if found.is_equal:
            shutil.rmtree(incoming)
            return Restored(snapshot=found.snapshot.id, files=0)
        with files.told("note what is to be done", place.work):
            filling.note(place, bucket, copied=names, removed=[] if wish.only_missing else found.others)
        # From here on what is live is another.
        done = changed(place, incoming, found, names, progress, only_missing=wish.only_missing)
        filling.fill(place, bucket, progress)
        return done


def changed(
    place: Places, incoming: Path, found: Comparison, names: list[str], progress: Progress, *, only_missing: bool
) -> Restored:
    """Change the folder: add what it lacks, or put the snapshot in its place."""
    if only_missing:
        return added(place, incoming, found, progress)
    kept = exchange_for(place, incoming, found, progress)
    return Restored(snapshot=found.snapshot.id, files=len(names), kept_as=kept)


def refresh(bucket: MediaBucket | None, progress: Progress) -> None:
    """Where media are in a bucket, bring the copy to what that has; raises OperatorError where they are being moved."""
    if bucket is None:
        return
    if bucket.beside:
        hint = "End the move first: manage.py move_media, then MEDIA_STORAGE_MOVE=none. See docs/media-on-s3.md."
        raise places.refused("MEDIA_STORAGE_MOVE says that they are being moved", hint=hint)
    bucket.refresh(progress)


@contextlib.contextmanager
def locked(settings: Settings, bucket: MediaBucket | None) -> Iterator[Places]:
    """Look whether the folder, or the copy of the bucket, can be written, and hold the lock of backups."""
    if bucket:
        bucket.make()
    place = places.writable(bucket.mirror if bucket else settings.media_folder)
    guards.target(settings)
    path = settings.folder / lock.NAME
    with lock.held(settings.folder, what="restore of media"):
        if os.geteuid() == 0:  # it stays, for a backup service that is somebody else
            with files.told("take the lock", path):
                os.chown(path, settings.folder.stat().st_uid, settings.folder.stat().st_gid)
        yield place


def require_whole(place: Places) -> None:
    """Raise OperatorError where an exchange was killed, or what comes after it in a bucket."""
    with files.told("look for what restores have left", place.folder):
        left = exchange.interrupted(place) or filling.is_noted(place)
    if left:
        raise places.refused(INTERRUPTED, hint="Have it end what it began: scripts/restore_media.sh --finish")


def look(settings: Settings, place: Places, wanted: str, target: Target, progress: Progress) -> Comparison:
    """Compare the folder with the snapshot; tell it. Changes nothing."""
    snapshot = catalogue.named(target, wanted)
    with progress.step("look", f"Comparing {place.folder} with snapshot {snapshot.id}"):
        hashes = settings.folder / media_settings.FOLDER / "hashes.json"
        found = comparison.compare(place.folder, snapshot, hashes=hashes)
    progress.say(f"Snapshot {snapshot.id} of {target.url}: {found.words}")
    return found


def look_alone(settings: Settings, wanted: str, target: Target, progress: Progress) -> Comparison:
    """Compare the folder with the snapshot, or a fresh copy of the bucket. Changes nothing that is live."""
    bucket = media_settings.bucket_of(settings)
    if bucket is None:
        return look(settings, places.writable(settings.media_folder), wanted, target, progress)
    with locked(settings, bucket) as place:
        refresh(bucket, progress)
        return look(settings, place, wanted, target, progress)


def require_word(place: Places, found: Comparison, wish: Wish) -> None:
    """Raise OperatorError where something live would be no more, and nobody has said that this is right."""
    if found.takes_away and not wish.overwrites:
        raise places.refused(
            f"in {place.folder} {len(found.different):,} files have other contents than in snapshot {found.snapshot.id}, "
            f"and {len(found.others):,} are not in it",
            hint="To have what is missing alone, add --only-missing. To put the snapshot in the folder's place, add --overwrite: "
            "what is live is kept.",
        )


def require_room(place: Places, found: Comparison, names: list[str]) -> None:
    """Raise OperatorError where the disk has too little room."""
    needed = sum(found.snapshot.files[name].bytes for name in names)
    free = shutil.disk_usage(place.folder).free
    if free < needed:
        raise places.refused(
            f"{guards.megabytes(needed)} are to be fetched, and {place.folder} has {guards.megabytes(free)} free",
            hint=f"Make room: df -h {place.folder}. What restores have kept: scripts/restore_media.sh --list",
        )


def fetched(place: Places, found: Comparison, names: list[str], target: Target, progress: Progress) -> Path:
    """Fetch files into a folder inside the media folder, every hash checked; what is live as it should be is linked there."""
    incoming = place.partial(found.snapshot.id)
    with files.told("make a folder beside what is live", place.folder):
        place.make(incoming)
        sweep(place, but=incoming)
    with progress.step("fetch", f"Fetching {len(names):,} files from {target.url}"):
        fetching.fetch(target, found.snapshot.id, incoming, only=names, show=progress.amount)
    with files.told("prepare what was fetched", incoming):
        wanted = set(names)
        for name in [each for each, _ in scan.walk(incoming, "") if each not in wanted]:
            (incoming / name).unlink()  # an earlier try's
        places.like_the_application_s(place, incoming)
    return incoming


def sweep(place: Places, *, but: Path) -> None:
    """Remove what restores of other snapshots that were killed had fetched. Raises OSError."""
    for path in place.work.iterdir():
        if path.name.endswith(PARTIAL) and path != but:
            shutil.rmtree(path)


def exchange_for(place: Places, incoming: Path, found: Comparison, progress: Progress) -> str:
    """Complete what was fetched with links to what is live and the same, and exchange; return the name of what is kept."""
    at = datetime.datetime.now(tz=datetime.UTC).strftime(TIME)
    with (
        progress.step("exchange", f"Exchanging the entries of {place.folder}"),
        files.told("exchange media; scripts/restore_media.sh --finish goes on", place.folder),
    ):
        for name in found.same:
            linked(place, name, incoming)
        return exchange.begin(place, incoming, at=at).name


def linked(place: Places, name: str, incoming: Path) -> None:
    """Link a live file into the folder that comes in. Raises OSError."""
    place.make((incoming / name).parent, mode=places.FOLDER_MODE)
    os.link(place.folder / name, incoming / name)


def added(place: Places, incoming: Path, found: Comparison, progress: Progress) -> Restored:
    """Give the files that were missing their names, and change nothing else; one that has come meanwhile stays."""
    count = 0
    with progress.step("add", f"Adding what {place.folder} lacks"), files.told("add what is missing", place.folder):
        for name in found.missing:
            place.make((place.folder / name).parent, mode=places.FOLDER_MODE)
            with contextlib.suppress(FileExistsError):
                os.link(incoming / name, place.folder / name)
                count += 1
        shutil.rmtree(incoming)
    return Restored(snapshot=found.snapshot.id, files=count, different=len(found.different))


def finish(settings: Settings, progress: Progress) -> str:
    """End an exchange that was killed; return the name of what is kept, empty where nothing had to be."""
    bucket = media_settings.bucket_of(settings)
    with locked(settings, bucket) as place:
        with files.told("exchange media", place.folder):
            left = exchange.interrupted(place)
            if not left and not filling.is_noted(place):
                raise places.refused(
                    "there is no exchange that was killed", hint="See what there is: scripts/restore_media.sh --list"
                )
            if left:
                with progress.step("exchange", f"Exchanging what is left of {left[-1].name}"):
                    exchange.finish(place, left[-1])
        filling.fill(place, bucket, progress)
        return next((path.name for path in reversed(place.of_kind(KEPT))), "")


def undo(settings: Settings, progress: Progress) -> str:
    """Exchange what is live for what was kept last; a second time, that is taken back. Returns the name of what is kept now."""
    bucket = media_settings.bucket_of(settings)
    with locked(settings, bucket) as place:
        require_whole(place)
        refresh(bucket, progress)
        with files.told("exchange media; scripts/restore_media.sh --finish goes on", place.folder):
            kept = place.of_kind(KEPT)
            if not kept:
                raise places.refused(
                    "nothing is kept that was live before", hint="See the snapshots: scripts/restore_media.sh --list"
                )
            noted = filling.difference(place.folder, kept[-1])
            filling.note(place, bucket, copied=noted.copied, removed=noted.removed)
            at = datetime.datetime.now(tz=datetime.UTC).strftime(TIME)
            with progress.step("exchange", f"Exchanging the entries of {place.folder} for {kept[-1].name}"):
                name = exchange.begin(place, kept[-1], at=at).name
        filling.fill(place, bucket, progress)
        return name


def drop_kept(settings: Settings, name: str) -> None:
    """Remove what a restore has kept, for good."""
    bucket = media_settings.bucket_of(settings)
    with locked(settings, bucket) as place, files.told("remove what is kept", place.work):
        if name not in [path.name for path in place.of_kind(KEPT)]:
            raise OperatorError(
                f"Refusing to remove {name}: no restore of media has kept it. Nothing was changed.",
                hint="See what is kept: scripts/restore_media.sh --list",
                status=REFUSED,
            )
        shutil.rmtree(place.work / name)
