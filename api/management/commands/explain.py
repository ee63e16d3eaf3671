"""`manage.py explain`: how an operation is answered. Thin: api.plans.explaining finds out."""

import json
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from api.documents import Operation, make
from api.errors import ApplicationError
from api.plans.explaining import Explanation, explain, way_of
from api.requests import GraphQLRequest
from apps.accounts.models import User


class Command(BaseCommand):
    """Run a query, and tell how."""

    help = (
        "Run a query once and tell how it is answered: by a plan or by the executor and why, with or without a thread, which fields "
        "have their SQL kept, every statement, and PostgreSQL's plan of it. Nothing else than a query is run."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("operation", help="the document, a file with it, or - for standard input")
        parser.add_argument("--name", help="which of its operations, where it has several")
        parser.add_argument("--variables", default="{}", metavar="JSON", help="such as '{\"first\": 5}'")
        parser.add_argument("--viewer", metavar="EMAIL", help="who asks (default: nobody who is signed in)")

    def handle(self, *_arguments: Any, operation: str, name: str, variables: str, viewer: str, **_options: Any) -> None:
        """Do it."""
        text = text_of(operation)
        request = GraphQLRequest(query=text, variables=variables_of(variables), operation_name=name)
        try:
            found = explain(operation_of(text, name), request, person(viewer) if viewer else None)
        except ValueError as error:
            raise CommandError(f"Nothing was run: {error}.") from None
        self.stdout.write("\n".join(lines(found)))
        if found.errors:
            raise SystemExit(1)


def text_of(given: str) -> str:
    """Return a document's text; raises CommandError."""
    try:
        if given == "-":
            return sys.stdin.read()
        is_text = "{" in given
        return given if is_text else Path(given).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"Cannot read {given}: {error}. Give a document, a file with one, or -.") from None


def variables_of(text: str) -> dict[str, Any]:
    """Return variables; raises CommandError."""
    try:
        found = json.loads(text)
    except ValueError as error:
        raise CommandError(f"--variables is no JSON: {error}") from None
    if not isinstance(found, dict):
        raise CommandError("--variables is a JSON object, such as '{\"first\": 5}'.")
    return found


def operation_of(text: str, name: str | None) -> Operation:
    """Return the operation; raises CommandError with all that is wrong with the document."""
    try:
        document = make(text)
        if document.refusal:
            raise CommandError("\n".join(each["message"] for each in document.refusal.formatted))
        return document.operation(name)
    except ApplicationError as error:
        raise CommandError(str(error)) from None


def person(email: str) -> User:
    """Return who asks; raises CommandError."""
    found = User.objects.filter(email=email).first()
    if found is None:
        raise CommandError(f"Nobody here has the address {email}.")
    return found


def lines(found: Explanation) -> list[str]:
    """Return what is printed."""
    told = [f"answered by {found.answered_by}"]
    told += [f"  error: {each}" for each in found.errors]
    told += [f"  {name}: {how}" for name, how in found.fields.items()]
    for number, (sql, params) in enumerate(found.statements, 1):
        told += ["", f"statement {number}: {sql}", *(f"  {line}" for line in way_of(sql, params))]
    return told
