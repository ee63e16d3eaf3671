"""`manage.py demo`: parses, asks apps.gallery.demo to load, reports. What it loads is told there."""

import argparse
import sys
from typing import Any, NoReturn

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from apps.accounts.models import User
from apps.gallery.demo.content import PASSWORD, PEOPLE, DemoPerson

REFUSED = 3


def positive(text: str) -> int:
    """Return a number of rows."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} is not a number of rows to add; at least 1 is")
    return number


class Command(BaseCommand):
    """Load the demo."""

    help = (
        "Load two people, ada@example.com and grace@example.com with the password slipway-demo, and four "
        "albums of photographs in the public domain, as if they had uploaded them: the worker makes the "
        "renditions. Who is there already is left alone, with what they renamed or deleted, so this may be "
        "run at any time. For development only: with DJANGO_DEBUG=false it refuses. "
        "Exit status: 0 done, 1 failed, 2 wrong usage, 3 refused and nothing changed."
    )
    requires_system_checks: list[str] = []  # they load the API's schema, and cost more than all this does

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument(
            "--render", action="store_true", help="make the renditions here and now, for when no worker runs"
        )
        parser.add_argument(
            "--photos",
            type=positive,
            metavar="N",
            help="for load tests: see to it that the first N of their photos are there, the same in every "
            "run, in albums of load-01@example.com to load-20 (same password); they share the demo's files",
        )
        parser.add_argument(
            "--yes",
            action="store_true",
            help="with --photos: add them even where DJANGO_DEBUG is false, and nothing else; nobody can "
            "then sign in as their owners",
        )

    def handle(self, *_arguments: Any, render: bool, photos: int | None, yes: bool, **_options: Any) -> None:
        """Look, then load."""
        is_development = bool(settings.DEBUG)
        if not is_development:
            refuse_in_production(photos=photos, is_confirmed=yes)
        if is_development:
            self.load(missing_people())
        if is_development and render:
            self.render()
        if photos:
            self.multiply(photos)

    def load(self, people: list[DemoPerson]) -> None:
        """Load the people who are not there."""
        if not people:
            self.stdout.write("The demo's people are there already, and were left as they are.")
            return
        from apps.gallery.demo import loading

        for person in people:
            self.progress(f"Loading {person.email}")
            count = loading.load_person(person)
            self.stdout.write(f"Loaded {person.email} with {count} photos in {len(person.albums)} albums.")
        self.stdout.write(f"Sign in with the password {PASSWORD}")

    def render(self) -> None:
        """Make the renditions that are still to be made."""
        from apps.gallery.demo import loading

        self.progress("Making renditions")
        count = loading.render_pending([person.email for person in PEOPLE])
        self.stdout.write(f"Made the renditions of {count} photos.")

    def multiply(self, count: int) -> None:
        """Add rows for load tests."""
        from apps.gallery.demo import multiplying

        self.progress(f"Adding rows until there are {count} for load tests")
        added = multiplying.multiply(count)
        self.stdout.write(f"Added {added} photos for load tests; {count - added} were there already.")

    def progress(self, line: str) -> None:
        """Say what happens next."""
        self.stderr.write(line, style_func=str)  # not in the red of errors


def missing_people() -> list[DemoPerson]:
    """Return the demo's people who are not there. One query each: it is all that a second run does."""
    return [person for person in PEOPLE if not User.objects.with_email(person.email).exists()]


def refuse_in_production(*, photos: int | None, is_confirmed: bool) -> None:
    """Leave with a hint, unless all that is asked for are rows, and those on purpose."""
    if photos is None:
        refuse(
            "Refusing to load the demo: DJANGO_DEBUG is false, and everybody knows its people's password.",
            hint="Load it in development: make run",
        )
    if not is_confirmed:
        refuse(
            f"Refusing to add {photos} photos for load tests: DJANGO_DEBUG is false, so this may be in use.",
            hint=f"To have them in its lists and searches anyway: manage.py demo --photos {photos} --yes",
        )


def refuse(fact: str, *, hint: str) -> NoReturn:
    """End without having changed anything."""
    sys.stderr.write(f"error: {fact}\n hint: {hint}\n")
    raise SystemExit(REFUSED)
