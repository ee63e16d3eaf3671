"""Level 5: PostgreSQL finds no damage in what was restored, the application what it expects. Both look while tables are compared."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from ops.backup import application, tools
from ops.backup.application import Question, Said
from ops.backup.database import Database
from ops.backup.manifest import Manifest
from ops.backup.programs import Program
from ops.errors import OperatorError

SHOWN = 10
EXTENSION = "amcheck"  # pg_amcheck installs it in what was restored


class UnsoundError(OperatorError):
    """What was restored is what was in the database, so that the set counts; and there it is not sound."""


class Soundness:
    """What is being looked at; what could not be begun is told in the end, since it says nothing of the set."""

    def __init__(self) -> None:
        self.amcheck: Program | None = None
        self.question: Question | None = None
        self.said = Said()
        self.error: OperatorError | None = None

    def seen(self) -> Said:
        """Wait; return what the application said. Raises UnsoundError."""
        try:
            if self.error is not None:
                raise self.error
            if self.amcheck is not None:
                self.amcheck.finish()
            if self.question is not None:
                self.said = self.question.answered()
        except OperatorError as error:
            raise UnsoundError(str(error.args[0]), hint=application.HINT) from None
        if self.said.problems:
            problems = "; ".join(self.said.problems[:SHOWN])
            raise UnsoundError(f"The application is not well on what was restored: {problems}.", hint=application.HINT)
        return self.said


@contextlib.contextmanager
def begun(written: Manifest, restored: Database, *, media_manifest: Path | None) -> Iterator[Soundness]:
    """Begin to look; both have ended when the block is left."""
    found, reason = Soundness(), application.reason_not_to_ask(written)
    with contextlib.ExitStack() as stack:
        try:
            what = "find the restored tables and indexes sound"
            found.amcheck = stack.enter_context(Program(tools.amcheck(restored), what=what, hint=application.HINT))
            if reason:
                found.said = Said(notes=[reason])
            else:
                found.question = stack.enter_context(application.asked(restored, media_manifest=media_manifest))
        except OperatorError as error:
            found.error = error
        yield found


def without_extension(written: Manifest, found: dict[str, str]) -> dict[str, str]:
    """Return the extensions that were found without the one that looking has installed."""
    return {name: version for name, version in found.items() if name != EXTENSION or name in written.extensions}
