"""Has a base backup taken where there is none that WAL follows: by the command that does it by the clock, as a process beside us."""

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

from ops.backup.programs import Program
from ops.errors import LOCKED, OperatorError
from ops.wal import reach
from ops.wal.archive import Archive

LOOK_SECONDS, RETRY_SECONDS = 5.0, 60.0
COMMAND = (sys.executable, "-m", "ops.wal", "base")
PROJECT = Path(__file__).resolve().parents[2]


class BaseTaker:
    """Looks now and then whether one is missing. `newest` is the one that WAL follows. From the main thread alone."""

    def __init__(self, archive: Archive, *, say: Callable[[str], None]) -> None:
        self.archive, self.say = archive, say
        self.program: Program | None = None
        self.newest: str | None = None
        self.problem = ""
        self.is_asked_for = self.is_locked_out = False
        self.look_at = 0.0

    @property
    def is_at_work(self) -> bool:
        """Whether one is being taken, or is to be once another command is done."""
        return self.program is not None or self.is_locked_out

    def ask(self) -> None:
        """Have one taken whatever is there: WAL is missing since."""
        self.is_asked_for, self.look_at = True, 0.0

    def tend(self) -> None:
        """Look, start, note an end. Raises OSError."""
        if self.program is not None and not self.program.is_running:
            self.note_end(self.program)
        if self.program is not None or time.monotonic() < self.look_at:
            return
        self.look_at = time.monotonic() + LOOK_SECONDS
        found = None if self.is_asked_for else reach.newest_followed(self.archive)
        self.newest = found.id if found else None
        if self.newest is None:
            self.start()

    def start(self) -> None:
        """Start the command."""
        if not self.is_locked_out:
            self.say("There is no base backup that WAL follows without a gap: taking one")
        environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
        hint = "Try by hand: python3 -m ops.wal base"
        self.program = Program(COMMAND, what="take a base backup", hint=hint, environment=environment)

    def note_end(self, program: Program) -> None:
        """Note how it went."""
        self.is_locked_out = program.process.returncode == LOCKED
        try:
            self.say(program.finish().splitlines()[-1])
            self.problem, self.is_asked_for, self.look_at = "", False, 0.0
        except OperatorError as error:
            self.look_at = time.monotonic() + (LOOK_SECONDS if self.is_locked_out else RETRY_SECONDS)
            if not self.is_locked_out:
                self.problem = str(error.args[0])
                self.say(self.problem)
        program.end()
        self.program = None

    def end(self) -> None:
        """End it where it runs."""
        if self.program is not None:
            self.program.end()
            self.program = None
