"""Level 5's questions to the application: `manage.py check_restored` on the scratch server, in a process of its own."""

import importlib.util
import json
import secrets
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote

from ops.backup.contents import Facts
from ops.backup.database import Database
from ops.backup.manifest import Manifest
from ops.backup.programs import Program
from ops.errors import OperatorError

SHOWN = 5
ROOT = Path(__file__).resolve().parents[2]
COMMAND = ROOT / "manage.py"
HINT = (
    "The set counts: it is what was in the database. Something is wrong there, or with the application: docs/backups.md"
)


@dataclass(frozen=True, kw_only=True)
class Said:
    """What the application said: what is wrong, what it could not look at, and how the files are that the database names.

    `pending` are the migrations of this code that are not applied.
    """

    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    pending: list[str] = field(default_factory=list)
    media: Facts = field(default_factory=dict)

    @property
    def about_media(self) -> list[str]:
        """What is wrong with the files, in a line."""
        if not self.media.get("names"):
            return []
        shown = ", ".join(self.media["names"][:SHOWN]) + (", …" if self.media["names"][SHOWN:] else "")
        counts = f"{self.media['missing']} are missing, {self.media['different']} are different"
        return [f"of {self.media['named']} media files that the database names {counts}: {shown}"]


def reason_not_to_ask(written: Manifest) -> str:
    """Return why the application can't be asked of a set; empty where it can."""
    if not written.migrations:
        return "the database has no migrations of Django's"
    if not COMMAND.exists() or importlib.util.find_spec("django") is None:
        return "the application is not installed beside this tool"
    return ""


class Question:
    """A question that is being answered, while something else is done."""

    def __init__(
        self,
        restored: Database,
        media_manifest: Path | None,
        answer: IO[bytes],
        *,
        instead: Mapping[str, str] | None = None,
    ) -> None:
        """Ask. `instead` is what the application starts with where it is to serve the database: no scratch server's then."""
        more = ["--media-manifest", str(media_manifest)] if media_manifest else []
        more += ["--to-serve"] if instead else []
        self.answer = answer
        self.program = Program(
            [sys.executable, str(COMMAND), "check_restored", "--json", *more],
            what="ask the application of the restored database",
            hint=HINT,
            environment=instead or environment(restored),
            prints=answer,
        )

    def answered(self) -> Said:
        """Wait; return the answer. Status 1 has one too: what is wrong is in it. Raises OperatorError where there is none."""
        status = self.program.process.wait()
        self.answer.seek(0)
        try:
            found: dict[str, Any] = json.loads(self.answer.read())
        except ValueError:
            self.program.finish()
            raise OperatorError(f"The application has no answer (status {status}).", hint=HINT) from None
        return Said(**found)


@contextmanager
def asked(restored: Database, *, media_manifest: Path | None) -> Iterator[Question]:
    """Ask; the process has ended when the block is left."""
    with tempfile.TemporaryFile() as answer:
        question = Question(restored, media_manifest, answer)
        with question.program:
            yield question


def environment(restored: Database) -> dict[str, str]:
    """Return what the application needs to start: the scratch server, and no secret, cache or queue of the real one."""
    host, name = restored.parameters["host"], quote(restored.name, safe="")
    return {
        "DATABASE_URL": f"postgres:///{host}/{name}",
        "PGUSER": restored.parameters["user"],
        "ENV_FILE": "",
        "DJANGO_SECRET_KEY": secrets.token_urlsafe(48),
        "DJANGO_ALLOWED_HOSTS": "localhost",
        "SITE_URL": "https://localhost",
        "REDIS_URL": "redis://127.0.0.1:1/0",  # nobody there
        "LOG_LEVEL": "ERROR",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
