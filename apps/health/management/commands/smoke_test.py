"""`manage.py smoke_test`: asks the server in this container what a deploy wants to know. The tests are each app's."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from apps.health import smoke
from apps.health.probe import PORT


class Command(BaseCommand):
    """Run the smoke tests."""

    help = (
        "Ask the server on this machine as users would: a query of somebody signed in, a mutation, an upload with its renditions, a "
        "subscription, static files. What it makes it removes. Exit status: 0 all as it should be, 1 not."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("--port", type=int, default=PORT, help=f"the server's port (default: {PORT})")

    def handle(self, *_arguments: Any, port: int, **_options: Any) -> None:
        """Run them, and tell what failed."""
        if failed := smoke.run(port=port, say=self.stdout.write):
            for line in failed:
                self.stderr.write(f"failed: {line}", style_func=str)
            raise SystemExit(1)
