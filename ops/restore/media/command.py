"""`scripts/restore_media.sh`: reads the command line, calls one verb, prints its result, and tells errors. The one place that does."""

import argparse
import datetime
import json
import os
from dataclasses import asdict

from ops.backup import settings, stopping, targets
from ops.backup.media import catalogue
from ops.backup.media import command as backups_of_media
from ops.backup.media.settings import VARIABLE, bucket_of
from ops.backup.progress import Progress
from ops.backup.settings import Settings
from ops.backup.targets import Target
from ops.restore.media import restore_media
from ops.restore.media.places import KEPT, Places
from ops.restore.media.restore_media import Restored, Wish

DESCRIPTION = """Restore media from a snapshot: fetched into a folder beside what is live, every file hashed there, and only then are
the entries of the media folder exchanged, by renaming them. What was live is kept, and --undo goes back. Whatever goes wrong before
the exchange leaves the folder as it was."""
EPILOG = """Exit status: 0 done, 1 failed, 2 wrong usage, 3 refused and nothing changed, 4 a backup or another restore runs."""

NO_DATABASE = "postgres://nobody@nowhere/none"  # it has settings of its own, and is not asked

stop = stopping.handler("", hint="See what is there: scripts/restore_media.sh --list")


def parser() -> argparse.ArgumentParser:
    """Return what reads the command line."""
    root = argparse.ArgumentParser(prog="scripts/restore_media.sh", description=DESCRIPTION, epilog=EPILOG)
    root.add_argument("snapshot", nargs="?", default=None, help="latest, or the id of a snapshot that --list shows")
    verbs = root.add_mutually_exclusive_group()
    verbs.add_argument("--list", action="store_true", help="show the snapshots, and what restores have kept")
    verbs.add_argument("--dry-run", action="store_true", help="compare, say what would be done, change nothing")
    verbs.add_argument(
        "--only-missing", action="store_true", help="add the files that the folder lacks; change no other"
    )
    verbs.add_argument("--undo", action="store_true", help="exchange back what the last restore kept")
    verbs.add_argument("--finish", action="store_true", help="end an exchange that was killed")
    verbs.add_argument("--drop-kept", metavar="NAME", help="remove what a restore kept, for good")
    root.add_argument(
        "--from",
        dest="target",
        metavar="TARGET",
        default="",
        help="in place of MEDIA_BACKUP_TARGET: rsync://…, file://…",
    )
    root.add_argument(
        "--overwrite",
        action="store_true",
        help="also where files are live that the snapshot has otherwise, or not at all",
    )
    root.add_argument("--json", action="store_true", help="print the result as JSON")
    return root


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit status."""
    root = parser()
    options = root.parse_args(arguments)
    without = (
        options.list or options.dry_run or options.only_missing or options.undo or options.finish or options.drop_kept
    )
    if not (options.snapshot or without):
        root.error("which snapshot? latest, or an id of scripts/restore_media.sh --list")
    return stopping.ended(stop, lambda: result(options, settings.read({"DATABASE_URL": NO_DATABASE, **os.environ})))


def result(options: argparse.Namespace, read: Settings) -> str:
    """Call the verb that is asked for; return what it prints."""
    progress = Progress()
    if options.undo:
        kept = restore_media.undo(read, progress)
        return json.dumps({"kept_as": kept}) if options.json else f"Media are again what they were. {way_back(kept)}"
    if options.finish:
        kept = restore_media.finish(read, progress)
        return json.dumps({"kept_as": kept}) if options.json else f"Ended the exchange. {way_back(kept)}"
    if options.drop_kept:
        restore_media.drop_kept(read, options.drop_kept)
        return json.dumps({"dropped": options.drop_kept}) if options.json else f"Removed {options.drop_kept}."
    target = target_of(options.target, read)
    if options.list:
        return listed(read, target, is_json=options.json)
    wanted = options.snapshot or "latest"
    if options.dry_run:
        return look_alone(read, wanted, target, progress, is_json=options.json)
    wish = Wish(wanted=wanted, target=target, overwrites=options.overwrite, only_missing=options.only_missing)
    done = restore_media.restore(read, wish, progress)
    return json.dumps({**asdict(done), "seconds": progress.seconds}) if options.json else told_of(done)


def target_of(given: str, read: Settings) -> Target:
    """Return the target; raises OperatorError where there is none."""
    return targets.of(given, variable="--from") if given else targets.of(read.media_target, variable=VARIABLE)


def listed(read: Settings, target: Target, *, is_json: bool) -> str:
    """Show the snapshots, and what restores have kept."""
    bucket = bucket_of(read)
    found, place = catalogue.snapshots(target), Places(folder=bucket.mirror if bucket else read.media_folder)
    kept = [path.name for path in place.of_kind(KEPT)]
    if is_json:
        each = [backups_of_media.facts(one) for one in found]
        return json.dumps({"target": target.url, "snapshots": each, "kept": kept}, indent=1)
    lines = backups_of_media.table(found, now=datetime.datetime.now(tz=datetime.UTC)) or ["no snapshots of media there"]
    return "\n".join([*lines, *(["", "kept by restores:", *[f"  {name}" for name in kept]] if kept else [])])


def look_alone(read: Settings, wanted: str, target: Target, progress: Progress, *, is_json: bool) -> str:
    """Compare, and say what would be done."""
    found = restore_media.look_alone(read, wanted, target, progress)
    if is_json:
        counts = {name: len(getattr(found, name)) for name in ("same", "different", "missing", "others")}
        return json.dumps({"snapshot": found.snapshot.id, **counts})
    word = " with --overwrite alone" if found.takes_away else ""
    return (
        f"Would fetch {len(found.missing) + len(found.different):,} files of {found.snapshot.id}, and exchange{word}; with "
        f"--only-missing, add {len(found.missing):,}. Nothing was changed."
    )


def told_of(done: Restored) -> str:
    """Return what was done, and the way back."""
    if done.kept_as is not None:
        return f"Restored media from {done.snapshot}: {done.files:,} files fetched and hashed. {way_back(done.kept_as)}"
    if done.different:
        return f"Added {done.files:,} files of {done.snapshot}. {done.different:,} that are there have other contents, and stay."
    return (
        f"Added {done.files:,} files of {done.snapshot}."
        if done.files
        else f"Media are as in {done.snapshot}. Nothing was changed."
    )


def way_back(kept: str) -> str:
    """Return the lines that say how to go back."""
    return (
        f"What was live is kept as {kept}.\nTo go back: scripts/restore_media.sh --undo\n"
        f"To remove what was kept, for good: scripts/restore_media.sh --drop-kept {kept}"
    )
