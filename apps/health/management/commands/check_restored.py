"""`manage.py check_restored`: what the application says of the database that it is connected to, for the verification of a backup."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from apps.health.restored import answers, media, migrations


class Command(BaseCommand):
    """Check a restored database."""

    help = (
        "Check a database that was restored, which DATABASE_URL names: its migrations are this code's, the API answers out of it, and "
        "every file that it names is in a media snapshot. Changes nothing. Exit status: 0 nothing is wrong, 1 something is."
    )
    requires_system_checks = ()  # they are about the server that serves

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("--media-manifest", type=Path, metavar="PATH", help="the manifest of a media snapshot")
        parser.add_argument(
            "--to-serve",
            action="store_true",
            help="this code is to serve it: migrations that it does not know are wrong, those that it has to run are listed",
        )
        parser.add_argument("--json", action="store_true", help="print the result as JSON")

    def handle(self, *_arguments: Any, media_manifest: Path | None, to_serve: bool, **options: Any) -> None:
        """Check, and tell."""
        found = checked(media_manifest, is_to_serve=to_serve)
        self.stdout.write(json.dumps(found) if options["json"] else as_text(found))
        if found["problems"] or found["media"].get("names"):
            raise SystemExit(1)


def checked(media_manifest: Path | None, *, is_to_serve: bool) -> dict[str, Any]:
    """Return what is wrong, what could not be looked at, which migrations are to be run, and how the files are that it names."""
    compared = migrations.compared()
    problems = [compared.problem] if compared.problem else []
    if is_to_serve and compared.unknown:
        problems += compared.notes
    if not compared.are_this_code_s:
        return {"problems": problems, "notes": compared.notes, "pending": compared.pending, "media": {}}
    files = media.files_of(media_manifest) if media_manifest else None
    found = media.closure(files)
    notes = [f"no media snapshot to look for {found.named} files in"] if found.named and files is None else []
    return {"problems": problems + answers.problems(), "notes": notes, "media": asdict(found)}


def as_text(found: dict[str, Any]) -> str:
    """Return the result for people."""
    files = found["media"]
    lines = [f"wrong: {line}" for line in found["problems"]] + [f"not looked at: {line}" for line in found["notes"]]
    if files.get("names"):
        lines.append(f"of {files['named']} files {files['missing']} are missing, {files['different']} are different: "
                     + ", ".join(files["names"][:10]))  # fmt: skip
    return "\n".join(lines or [f"Migrations, answers and {files['named']} files are as they should be."])
