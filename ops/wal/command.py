"""`python3 -m ops.wal`: reads the command line, calls one verb, prints its result, and tells errors. The one place that does."""

import argparse
import json
import os
import threading
from types import FrameType

from ops.backup import guards, lock, stopping
from ops.backup import settings as backup_settings
from ops.backup.guards import megabytes
from ops.backup.progress import Progress
from ops.wal import drill, listing, prune, settings, take
from ops.wal.receive import receive
from ops.wal.settings import WalSettings

stop = stopping.handler(
    "What was there is as it was.", hint="Begin anew, or see what there is: python3 -m ops.wal list"
)
DESCRIPTION = "What going back to a point in time needs: WAL as it is written, and base backups to start from."


def parser() -> argparse.ArgumentParser:
    """Return what reads the command line."""
    root = argparse.ArgumentParser(prog="python3 -m ops.wal", description=DESCRIPTION)
    verbs = root.add_subparsers(dest="verb", required=True)
    verbs.add_parser("receive", help="receive WAL until SIGTERM; take a base backup where there is none")
    base = verbs.add_parser("base", help="take a base backup: of what has changed, or of everything where that is due")
    base.add_argument("--full", action="store_true", help="of everything")
    drilled = verbs.add_parser(
        "drill", help="recover to the latest minute in a scratch server, and look at what comes out"
    )
    listed = verbs.add_parser("list", help="show which times can be recovered to")
    for verb in (base, drilled, listed):
        verb.add_argument("--json", action="store_true", help="print the result as JSON")
    return root


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit status."""
    options = parser().parse_args(arguments)
    is_ending = threading.Event()

    def end(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - the signature is Python's
        is_ending.set()

    handler = end if options.verb == "receive" else stop
    return stopping.ended(handler, lambda: result(options, is_ending))


def result(options: argparse.Namespace, is_ending: threading.Event) -> str:
    """Call the verb that is asked for; return what it prints."""
    settings.require_on(os.environ)
    read = settings.read(os.environ)
    if options.verb == "receive":
        receive(read, is_ending=is_ending, say=Progress().say)
        return ""
    if options.verb == "base":
        return take_base(read, is_full=options.full, is_json=options.json)
    if options.verb == "drill":
        return hold_drill(read, is_json=options.json)
    if options.json:
        return listing.as_json(read.root)
    return listing.as_text(read.root, zone=backup_settings.text(os.environ, "DJANGO_TIME_ZONE"))


def take_base(read: WalSettings, *, is_full: bool, is_json: bool) -> str:
    """Take a base backup, and remove what no time of the window needs any more."""
    guards.target(read.backup)
    progress = Progress()
    with lock.held(read.backup.folder, what="base backup"):
        archive, base = take.take(read, is_full=is_full, progress=progress)
        removed, segments = prune.prune(archive, days=read.days, progress=progress)
    if is_json:
        facts = {"id": base.id, "parent": base.parent, "bytes": base.bytes, "seconds": base.seconds}
        return json.dumps(facts | {"removed": removed, "removed_segments": segments})
    kind = f"what has changed since {base.parent}" if base.parent else "the whole cluster"
    return f"Base backup {base.id} has {kind}: {megabytes(base.bytes)}, verified, in {base.seconds:.0f} s."


def hold_drill(read: WalSettings, *, is_json: bool) -> str:
    """Recover, and look."""
    guards.target(read.backup)
    with lock.held(read.backup.folder, what="drill"):
        found = drill.drill(read.backup, root=read.root, progress=Progress())
    if is_json:
        return json.dumps(found)
    rows = f"{found['rows']:,} rows in {found['tables']} tables"
    return f"Recovered to {found['recovered_to']}: {rows}, read and checked, in {found['seconds']:.0f} s."
