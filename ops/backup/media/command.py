"""`scripts/backup.sh media`: calls one verb, and puts into words what it did."""

import argparse
import datetime
import json

from ops.backup import back_up, guards, lock
from ops.backup.guards import megabytes
from ops.backup.listing import age
from ops.backup.media import catalogue, settings, upkeep
from ops.backup.media.around import Around
from ops.backup.media.catalogue import Snapshot
from ops.backup.media.settings import MediaSettings
from ops.backup.media.taking import begin, take
from ops.backup.progress import Progress
from ops.backup.settings import Settings


def result(options: argparse.Namespace, read: Settings, progress: Progress) -> str:
    """Call the verb that is asked for; return what it prints."""
    media = settings.of(read)
    if options.list:
        return show(media, is_json=options.json)
    guards.target(read)
    with lock.held(read.folder, what="backup of media"):
        if options.verify:
            return verify(media, options.verify, progress, is_json=options.json)
        if options.dry_run:
            return look(media, read, progress, is_json=options.json)
        return back_up_media(options, media, read, progress)


def around(options: argparse.Namespace, read: Settings, progress: Progress) -> Around:
    """Return what takes a snapshot around a dump."""
    return Around(settings.of(read), progress, despite_lost_files=options.despite_lost_files)


def back_up_media(options: argparse.Namespace, media: MediaSettings, read: Settings, progress: Progress) -> str:
    """Take a snapshot; compare a share of what is at the target; remove what no rule keeps."""
    now = datetime.datetime.now(tz=datetime.UTC)
    taken = take(media, progress=progress, despite_lost_files=options.despite_lost_files)
    seen = upkeep.check(media, progress, day=now.date())
    removed = upkeep.prune(media, progress, needed=back_up.snapshots_needed(read), now=now)
    if options.json:
        return json.dumps({**facts(taken), "removed": removed, "compared": seen, "seconds": progress.seconds})
    left_out = (
        f" Left out, being neither files nor folders: {', '.join(map(repr, taken.left_out))}." if taken.left_out else ""
    )
    return (
        f"Backed up media as {taken.id} to {media.target.url}: {len(taken.files):,} files, {megabytes(taken.bytes)}; "
        f"compared {seen:,} files there.{left_out}"
    )


def verify(media: MediaSettings, wanted: str, progress: Progress, *, is_json: bool) -> str:
    """Compare every file of a snapshot with what is at the target."""
    snapshot = catalogue.named(media.target, wanted, cache=media.manifests)
    seen = upkeep.check(media, progress, day=datetime.datetime.now(tz=datetime.UTC).date(), only=snapshot.id)
    if is_json:
        return json.dumps({"id": snapshot.id, "compared": seen})
    return f"Snapshot {snapshot.id} is whole: {seen:,} files compared at {media.target.url}."


def look(media: MediaSettings, read: Settings, progress: Progress, *, is_json: bool) -> str:
    """Look at folder and target, and say what would be done."""
    run = begin(media, progress, is_dry=True)
    changed = run.changed()
    now = datetime.datetime.now(tz=datetime.UTC)
    going = upkeep.expired(media, needed=back_up.snapshots_needed(read), now=now)
    size = sum(each.bytes for each in changed.values())
    last = run.previous.id if run.previous else None
    if is_json:
        return json.dumps(
            {"target": media.target.url, "last": last, "files": len(changed), "bytes": size, "expired": going}
        )
    return (
        f"Would copy {len(changed):,} files, {megabytes(size)}, to {media.target.url}; the last snapshot is {last or 'none'}. "
        f"Of the snapshots that are there could go: {', '.join(going) or 'none'}."
    )


def show(media: MediaSettings, *, is_json: bool) -> str:
    """Show the snapshots."""
    found = catalogue.snapshots(media.target, cache=media.manifests)
    if is_json:
        return json.dumps({"target": media.target.url, "snapshots": [facts(each) for each in found]}, indent=1)
    return "\n".join(table(found, now=datetime.datetime.now(tz=datetime.UTC)) or ["no snapshots of media yet"])


def table(found: list[Snapshot], *, now: datetime.datetime) -> list[str]:
    """Return the lines of snapshots for people."""
    return [
        f"{each.id}  {age(now - each.at):>5}  {len(each.files):>9,} files  {megabytes(each.bytes):>12}"
        for each in found
    ]


def facts(snapshot: Snapshot) -> dict[str, object]:
    """Return what a program is told of a snapshot."""
    left_out = list(snapshot.left_out)
    return {"id": snapshot.id, "files": len(snapshot.files), "bytes": snapshot.bytes, "left_out": left_out}
