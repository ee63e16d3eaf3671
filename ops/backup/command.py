"""`scripts/backup.sh`: reads the command line, calls one verb, prints its result, and tells errors. The one place that does."""

import argparse
import datetime
import json
import os
from dataclasses import asdict

from ops.backup import drill, elsewhere, guards, listing, lock, sets, settings, stopping
from ops.backup.back_up import back_up, every_set, expired, look
from ops.backup.guards import megabytes
from ops.backup.media import belonging
from ops.backup.media import command as media
from ops.backup.media.around import Around
from ops.backup.progress import Progress
from ops.backup.settings import Settings
from ops.backup.verify import verify
from ops.wal import listing as points_in_time
from ops.wal.archive import ROOT

DESCRIPTION = """Back up the database, and prove it: dump and content fingerprints of every table in one snapshot, restored into
a scratch server and compared there. A set that is not equal does not count, and nothing older is removed for it. Runs where
PostgreSQL's programs (of the server's major version) and Python's psycopg are."""
ENVIRONMENT = """environment: DATABASE_URL (what is backed up), DB_BACKUPS_DIR (where to), DB_BACKUP_COMPRESSION,
DB_BACKUP_RETENTION_DAYS and the others of docs/configuration.md, and PATH to PostgreSQL's programs. Exit status:
0 done, 1 failed (no new set counts, older ones are as they were), 2 wrong usage, 3 refused and nothing changed, 4 another one runs."""

stop = stopping.handler("No new set counts; older ones are as they were.", hint="Begin anew: scripts/backup.sh")


def parser() -> argparse.ArgumentParser:
    """Return what reads the command line."""
    root = argparse.ArgumentParser(prog="scripts/backup.sh", description=DESCRIPTION, epilog=ENVIRONMENT)
    root.add_argument(
        "what",
        nargs="?",
        choices=["db", "media", "all"],
        default="db",
        help="what to back up: the database, media, or media around the database (default: db)",
    )
    verbs = root.add_mutually_exclusive_group()
    verbs.add_argument("--list", action="store_true", help="show the sets that are there, the newest last")
    verbs.add_argument("--verify", metavar="ID", help="verify a set that is there, or the latest, once more")
    verbs.add_argument(
        "--drill",
        action="store_true",
        help="fetch the latest set from BACKUP_OFFSITE_TARGET, restore and compare it, and tell how long that took",
    )
    verbs.add_argument(
        "--dry-run", action="store_true", help="look at everything, say what would be done, change nothing"
    )
    root.add_argument("--json", action="store_true", help="print the result as JSON")
    root.add_argument(
        "--despite-lost-rows",
        action="store_true",
        help="also where a table has lost more than half its rows since the last set",
    )
    root.add_argument(
        "--despite-lost-files",
        action="store_true",
        help="also where the media folder is empty, or has lost more than half its files since the last snapshot",
    )
    return root


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit status."""
    options = parser().parse_args(arguments)
    return stopping.ended(stop, lambda: result(options, settings.read(os.environ)))


def result(options: argparse.Namespace, read: Settings) -> str:
    """Call the verb that is asked for; return what it prints."""
    progress = Progress()
    if options.what == "media":
        return media.result(options, read, progress)
    if options.list:
        return list_sets(read, is_json=options.json)
    if options.verify:
        return verify_set(read, options.verify, progress, is_json=options.json)
    if options.drill:
        return drill_set(read, progress, is_json=options.json)
    if options.dry_run:
        return look_alone(read, progress, is_json=options.json)
    around = media.around(options, read, progress) if options.what == "all" else None
    return take_set(read, progress, around=around, despite_lost_rows=options.despite_lost_rows, is_json=options.json)


def list_sets(read: Settings, *, is_json: bool) -> str:
    """Show the sets."""
    name = read.database.name
    found, damaged = every_set(read), sets.damaged(sets.folder_of(read.folder, name), database=name)
    archives, there = read.folder / ROOT, elsewhere.look(read)
    if is_json:
        points = points_in_time.facts(archives) if archives.is_dir() else None
        return listing.as_json(found, damaged, points_in_time=points, elsewhere=there)
    table = listing.as_table(found, damaged, now=datetime.datetime.now(tz=datetime.UTC), elsewhere=there)
    if not archives.is_dir():
        return table
    return f"{table}\n\n{points_in_time.as_text(archives, zone=settings.text(os.environ, 'DJANGO_TIME_ZONE'))}"


def verify_set(read: Settings, wanted: str, progress: Progress, *, is_json: bool) -> str:
    """Verify a set that is there."""
    guards.target(read)
    name = read.database.name
    with lock.held(read.folder, what="verification"):
        backup_set = sets.named(sets.folder_of(read.folder, name), wanted, database=name)
        found = verify(
            backup_set,
            scratch_folder=read.scratch_folder,
            progress=progress,
            identity=read.identity,
            media_manifest=belonging.manifest_of(read, backup_set, progress),
        )
    if is_json:
        return json.dumps({"id": backup_set.id, "level": found.level, "seconds": found.seconds})
    if found.hashed_at:
        return (
            f"Set {backup_set.id} has the files with which it reached level {found.level}: their hashes are the same."
        )
    done = "restored and compared" if found.counts else "its hashes are right, and no more was looked at"
    return f"Set {backup_set.id} is whole: {done}, level {found.level}."


def drill_set(read: Settings, progress: Progress, *, is_json: bool) -> str:
    """Restore from off this machine, into nothing."""
    guards.target(read)
    found = drill.drill(read, progress=progress)
    return json.dumps(asdict(found)) if is_json else drill.as_text(found)


def look_alone(read: Settings, progress: Progress, *, is_json: bool) -> str:
    """Look, and say what would be done."""
    guards.target(read)
    last = look(read, progress).last
    going = [each.id for each in expired(read)]
    if is_json:
        return json.dumps({"database": read.database.name, "last": last.id if last else None, "expired": going})
    begin = f"Would back up {read.database.name} to {read.folder} with {read.compression}; the last set that counts is "
    return f"{begin}{last.id if last else 'none'}. Of the sets that are there could go: {', '.join(going) or 'none'}."


def take_set(
    read: Settings, progress: Progress, *, around: Around | None, despite_lost_rows: bool, is_json: bool
) -> str:
    """Take a set."""
    taken, removed = back_up(read, despite_lost_rows=despite_lost_rows, progress=progress, media=around)
    if is_json:
        return json.dumps(
            {
                "id": taken.id,
                "removed": removed,
                "seconds": progress.seconds,
                "bytes": taken.manifest.bytes,
                "media": taken.manifest.media,
            }
        )
    size, rows = megabytes(taken.manifest.bytes), f"{taken.manifest.rows:,}"
    whole = f"Backed up {read.database.name} as {taken.id}: {size}, {rows} rows in {len(taken.manifest.tables)} tables"
    media_line = f" Media belong to it: snapshot {taken.manifest.media['snapshot']}." if taken.manifest.media else ""
    return f"{whole}, restored and compared in {sum(progress.seconds.values()):.0f} s.{media_line}"
