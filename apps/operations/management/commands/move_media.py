"""`manage.py move_media`: parses, looks, moves, reports. The move is in apps.operations.moving."""

import argparse
import json
import signal
import sys
import time
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from apps.operations.moving import guards, named, report
from apps.operations.moving.bar import Bar
from apps.operations.moving.errors import FAILED, MoveError
from apps.operations.moving.run import GRACE_SECONDS, Move
from config.media.moving import MovingStorage
from config.media.place import MediaAwayError

MOST_THREADS = 64
GO_ON = "What is not moved is where it was. Run it again to go on."


def number_of_threads(text: str) -> int:
    """Return how many files are moved side by side."""
    if not 1 <= (number := int(text)) <= MOST_THREADS:
        raise argparse.ArgumentTypeError(f"{number} files at once are none; 1 to {MOST_THREADS} are")
    return number


class Command(BaseCommand):
    """Move media."""

    help = (
        "Move all uploaded files to where MEDIA_STORAGE_MOVE says, the bucket or the folder, while the site runs: both places are "
        "read and deleted from meanwhile. Each file is copied, read back, compared by its hash, and only then removed where it "
        "was. May be killed, and run again: it goes on. In the end it looks whether every file that the database names is there. "
        "Exit status: 0 done, 1 something is left or missing, 2 wrong usage, 3 refused and nothing changed, 4 another one runs."
    )
    requires_system_checks: list[str] = []  # they load the API's schema

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("--dry-run", action="store_true", help="count what there is to move; change nothing")
        parser.add_argument(
            "--threads", type=number_of_threads, default=8, metavar="N", help="how many files at once; 8 if not given"
        )
        parser.add_argument("--json", action="store_true", help="print the result as JSON")

    def handle(self, *_arguments: Any, dry_run: bool, threads: int, **options: Any) -> None:
        """Look, then move."""
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            media = guards.both_places()
            found = (
                report.counted(media, move=settings.MEDIA_STORAGE_MOVE) if dry_run else moved(media, threads=threads)
            )
        except MediaAwayError as error:
            sys.stderr.write(str(MoveError(str(error), hint=GO_ON, status=FAILED)))
            raise SystemExit(FAILED) from None
        except MoveError as error:
            sys.stderr.write(str(error))
            raise SystemExit(error.status) from None
        self.stdout.write(json.dumps(found) if options["json"] else found["words"], style_func=str)
        if any(found.get(what) for what in ("left", "missing", "different")):
            raise SystemExit(FAILED)


def moved(media: MovingStorage, *, threads: int) -> dict[str, Any]:
    """Move; return what was moved, and how everything is that the database names. Raises MoveError, MediaAwayError."""
    began = time.monotonic()
    grace_seconds = GRACE_SECONDS if settings.MEDIA_ACCEL_LOCATION else 0
    with guards.alone(media):
        guards.require_room(media)
        move = Move(media, threads=threads, bar=Bar(sys.stderr), grace_seconds=grace_seconds)
        try:
            outcome = move.run()
        except KeyboardInterrupt:
            count = len(move.outcome.hashes)
            raise MoveError(f"Stopped; {count:,} files were copied.", hint=GO_ON, status=FAILED) from None
    found = named.look(media.new, outcome.hashes)
    return report.result(outcome, found, move=settings.MEDIA_STORAGE_MOVE, seconds=time.monotonic() - began)
