"""`manage.py prepare`: what a container does before it serves. The steps are in config.start_up."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from config import redis_look, start_up
from config.postgresql.directly import connect_directly


class Command(BaseCommand):
    """Prepare."""

    help = (
        "Wait for the database, run the system checks (those for a deployment, unless DJANGO_DEBUG is true), migrate under a "
        "lock unless RUN_MIGRATIONS is false, load the demo where LOAD_DEMO is true, and collect static files. Run by "
        "entrypoint.sh at every start of a container. Exit status: 0 done, 1 failed."
    )
    requires_system_checks: list[str] = []  # a step of its own, once the database is there

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument(
            "--only-wait", action="store_true", help="wait for the database and do no more: for a worker or a shell"
        )

    def handle(self, *_arguments: Any, only_wait: bool, **_options: Any) -> None:
        """Take the steps."""
        if not only_wait:
            connect_directly()
        try:
            start_up.wait_for_database(self.say)
            redis_look.look(self.say)
            if not only_wait:
                self.prepare()
        except start_up.StartUpError as error:
            self.stderr.write(str(error), style_func=str)
            raise SystemExit(1) from None

    def prepare(self) -> None:
        """Look, then bring database and static files to what the code needs."""
        start_up.check()
        start_up.look_at_media(self.say)
        if settings.RUN_MIGRATIONS:
            start_up.migrate(self.say)
        start_up.load_demo()
        start_up.collect_static()

    def say(self, line: str) -> None:
        """Tell what is waited for."""
        self.stderr.write(line, style_func=str)
