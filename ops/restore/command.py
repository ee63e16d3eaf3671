"""`scripts/restore_db.sh`: reads the command line, calls one verb, prints its result, and tells errors. The one place that does."""

import argparse
import json
import os
import shlex
from collections.abc import Mapping
from dataclasses import asdict

from ops.backup import settings, stopping
from ops.backup.progress import Progress
from ops.backup.settings import Settings
from ops.restore import listing, look_alone, restore_db, undo
from ops.restore.caches import Cache
from ops.restore.point_in_time import Moment
from ops.restore.restore_db import Restored, Wish
from ops.restore.source import Source
from ops.wal import times

DESCRIPTION = """Restore the database from a set: into a new database beside the live one, compared with the set's manifest there, and
only then do the two swap names. Before that, a safety set is taken of what is live; after it, the database that was live is kept, and
--undo swaps back. Whatever goes wrong before the switch leaves the live database as it was."""
EPILOG = """Exit status: 0 done, 1 failed (the live database is as it was), 2 wrong usage, 3 refused and nothing changed, 4 a backup or
another restore runs. The environment is that of scripts/backup.sh, and CACHE_REDIS_URL or REDIS_URL, whose cache is emptied."""

stop = stopping.handler("", hint="See what is there: scripts/restore_db.sh --list")


def parser() -> argparse.ArgumentParser:
    """Return what reads the command line."""
    root = argparse.ArgumentParser(prog="scripts/restore_db.sh", description=DESCRIPTION, epilog=EPILOG)
    root.add_argument("set", nargs="?", default=None, help="latest, or the id of a set that --list shows")
    verbs = root.add_mutually_exclusive_group()
    verbs.add_argument("--list", action="store_true", help="show the sets, and the databases that restores have kept")
    verbs.add_argument(
        "--dry-run", action="store_true", help="look at everything, say what would be done, change nothing"
    )
    verbs.add_argument("--undo", action="store_true", help="swap back to the database that the last restore kept")
    verbs.add_argument("--drop-kept", metavar="NAME", help="remove a database that a restore kept, for good")
    root.add_argument(
        "--at",
        metavar="TIME",
        default="",
        help=f"the database as it was at a time: '{times.FORM}', in DJANGO_TIME_ZONE",
    )
    root.add_argument(
        "--from",
        dest="target",
        metavar="TARGET",
        default="",
        help="fetch the set, or base backup and WAL, from there: rsync://…, file://…",
    )
    root.add_argument(
        "--overwrite", action="store_true", help="put the set in the live database's place without asking"
    )
    root.add_argument(
        "--without-safety-backup", action="store_true", help="where what is live can't be read, or is not worth a set"
    )
    root.add_argument(
        "--without-application-check",
        action="store_true",
        help="without migrations that the set lacks, and where the application has no answer out of it",
    )
    root.add_argument("--json", action="store_true", help="print the result as JSON")
    return root


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit status."""
    root = parser()
    options = root.parse_args(arguments)
    if not (options.set or options.at or options.list or options.dry_run or options.undo or options.drop_kept):
        root.error("which set? latest, or an id of scripts/restore_db.sh --list; or --at TIME")
    if options.set and options.at:
        root.error("--at TIME is in place of a set: leave one of them out")
    return stopping.ended(stop, lambda: result(options, settings.read(os.environ)))


def result(options: argparse.Namespace, read: Settings) -> str:
    """Call the verb that is asked for; return what it prints."""
    progress, cache = Progress(), cache_of(os.environ)
    if options.list:
        return listing.shown(read, options.target, is_json=options.json)
    if options.undo:
        return told_of(undo.undo(read, cache, progress), read, progress, is_json=options.json, is_undo=True)
    if options.drop_kept:
        undo.drop_kept(read, options.drop_kept, progress)
        return json.dumps({"dropped": options.drop_kept}) if options.json else f"Removed {options.drop_kept}."
    wish = Wish(
        source=source_of(options),
        cache=cache,
        overwrites=options.overwrite,
        without_safety_backup=options.without_safety_backup,
        without_application_check=options.without_application_check,
    )
    if options.dry_run:
        return look_alone.look_alone(read, wish, progress, is_json=options.json)
    return told_of(restore_db.restore(read, wish, progress), read, progress, is_json=options.json, is_undo=False)


def cache_of(environment: Mapping[str, str]) -> Cache | None:
    """Return where the application's cache is."""
    if own := settings.optional(environment, "CACHE_REDIS_URL"):
        return Cache(url=own, password=None)
    url = settings.optional(environment, "REDIS_URL")
    return Cache(url=url, password=settings.optional(environment, "REDIS_PASSWORD")) if url else None


def source_of(options: argparse.Namespace) -> Source:
    """Return where the set comes from."""
    return Source(wanted=options.set or "latest", target=options.target, moment=moment_of(options.at))


def moment_of(text: str) -> Moment | None:
    """Return the time to go back to. Raises OperatorError where the text is none."""
    zone = settings.text(os.environ, "DJANGO_TIME_ZONE")
    return Moment(at=times.read(text, zone=zone), zone=zone) if text else None


def told_of(done: Restored, read: Settings, progress: Progress, *, is_json: bool, is_undo: bool) -> str:
    """Return what was done, and the way back."""
    if is_json:
        return json.dumps({"database": read.database.name, **asdict(done), "seconds": progress.seconds})
    name = read.database.name
    source = f"as of {done.as_of}" if done.as_of else f"from {done.set_id}"
    first = f"{name} is again what it was." if is_undo else f"Restored {name} {source}: loaded, compared, switched to."
    if done.kept_as is None:
        return f"{first} There was nothing to keep."
    return (
        f"{first} What was live is kept as {done.kept_as}.\n"
        "To go back: scripts/restore_db.sh --undo\n"
        f"To remove what was kept, for good: scripts/restore_db.sh --drop-kept {shlex.quote(done.kept_as)}"
    )
