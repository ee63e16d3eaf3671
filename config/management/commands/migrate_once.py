"""`manage.py migrate_once`: what a deploy does with the database. Thin: config.migrating does it."""

import json
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from config import migrating
from config.postgresql.directly import connect_directly
from config.start_up import StartUpError

REFUSED = 3


class Command(BaseCommand):
    """Look, refuse what is dangerous, migrate."""

    help = (
        "Apply the pending migrations while the version before serves: under a lock, waiting for no table for long, and only what "
        "it can live with. Prints a JSON object as its last line. Exit status: 0 done, 1 failed, 3 refused and nothing changed."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("--plan", action="store_true", help="print what is pending and what of it is dangerous")
        parser.add_argument(
            "--allow-dangerous", action="append", default=[], metavar="APP.NAME",
            help="apply this migration although the version that serves can't live with it",
        )  # fmt: skip

    def handle(self, *_arguments: Any, plan: bool, allow_dangerous: list[str], **_options: Any) -> None:
        """Do it."""
        connect_directly()
        found = migrating.plan()
        refused = [danger for danger in found.dangers if danger.migration not in allow_dangerous]
        if not plan and not refused:
            self.migrate()
        told = {**asdict(found), "refused": [asdict(danger) for danger in refused]}
        self.stdout.write(json.dumps(told), style_func=str)
        if refused and not plan:
            raise SystemExit(REFUSED)

    def migrate(self) -> None:
        """Migrate; Django's own lines are not part of the result."""
        try:
            migrating.migrate(self.say)
        except StartUpError as error:
            self.stderr.write(str(error), style_func=str)
            raise SystemExit(1) from None

    def say(self, line: str) -> None:
        """Tell what is waited for."""
        self.stderr.write(line, style_func=str)
