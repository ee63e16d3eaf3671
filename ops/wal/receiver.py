"""Runs pg_receivewal, and starts it again where it ended: sooner or later, and told each time."""

import time
from collections.abc import Callable

from ops.backup.database import Database
from ops.backup.programs import Program
from ops.errors import OperatorError
from ops.wal import keep, tools
from ops.wal.archive import Archive

FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.5, 30.0
WELL_AFTER_SECONDS = 60
HINT = "See the database's log, the disk, and pg_hba.conf: it needs a line for replication."


class Receiver:
    """pg_receivewal, as long as it is wanted. From the main thread alone."""

    def __init__(self, database: Database, archive: Archive, *, say: Callable[[str], None]) -> None:
        self.database, self.archive, self.say = database, archive, say
        self.program: Program | None = None
        self.failures, self.problem = 0, ""
        self.started = self.not_before = 0.0

    @property
    def is_running(self) -> bool:
        """Whether it receives, or tries to."""
        return self.program is not None and self.program.is_running

    def tend(self) -> None:
        """Start it where it does not run and its pause is over."""
        if self.program is not None and not self.program.is_running:
            self.note_end(self.program)
        if self.program is None and time.monotonic() >= self.not_before:
            self.start()
        elif self.is_running and self.problem and time.monotonic() > self.started + WELL_AFTER_SECONDS:
            self.failures, self.problem = 0, ""

    def start(self) -> None:
        """Start it. Raises OSError."""
        keep.remove_torn(self.archive)
        command = tools.receive_wal(self.database, self.archive.receiving)
        self.started = time.monotonic()
        self.program = Program(command, what="receive WAL", hint=HINT, environment=self.database.environment)

    def note_end(self, program: Program) -> None:
        """Tell that it ended, and for how long it is left alone."""
        try:
            self.problem = f"pg_receivewal ended. {program.finish()}".strip()
        except OperatorError as error:
            self.problem = str(error.args[0])
        program.end()
        self.program = None
        if time.monotonic() > self.started + WELL_AFTER_SECONDS:
            self.failures = 0
        pause = min(FIRST_PAUSE_SECONDS * 2**self.failures, LONGEST_PAUSE_SECONDS)
        self.failures += 1
        self.not_before = time.monotonic() + pause
        self.say(f"{self.problem} Starting it again in {pause:g} s")

    def end(self) -> None:
        """End it where it runs."""
        if self.program is not None:
            self.program.end()
            self.program = None
