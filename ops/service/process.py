"""One command of a job as a process: its output goes to the log line by line, it has a time limit, and it ends in order."""

import collections
import contextlib
import logging
import os
import re
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ops.backup.programs import die_with_parent
from ops.errors import DONE, FAILED

KEPT_LINES = 60
LOOK_SECONDS = 0.2
END_SECONDS = 45  # less than compose's stop_grace_period
SILENT_SECONDS = 1800
ERROR, HINT = re.compile(r"^error: (.*)$"), re.compile(r"^ *hint: (.*)$")


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How a command ended: its status, the problem in one line where it failed, and the end of what it said."""

    status: int = DONE
    problem: str = ""
    hint: str = ""
    said: str = ""
    is_stopped: bool = False

    @property
    def is_well(self) -> bool:
        """Whether all is done."""
        return self.status == DONE and not self.is_stopped


class Process:
    """A command that runs. Start it in the main thread: the kernel ends it when the thread that started it ends."""

    def __init__(
        self, command: Sequence[str], *, log: logging.Logger, mask: Callable[[str], str], environment: Mapping[str, str]
    ) -> None:
        self.log, self.mask = log, mask
        self.lines: collections.deque[str] = collections.deque(maxlen=KEPT_LINES)
        self.heard = time.monotonic()
        self.process = subprocess.Popen(  # noqa: S603 - no shell, and the words are ours
            list(command),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            env=dict(environment),
            start_new_session=True,  # a signal reaches us alone, and its whole group can be ended
            preexec_fn=die_with_parent(signal.SIGTERM),  # noqa: PLW1509 - it only makes one system call
        )
        self.reader = threading.Thread(target=self.read, name="output", daemon=True)
        self.reader.start()

    def read(self) -> None:
        """Log what it says, until it closes its output."""
        assert self.process.stdout is not None  # noqa: S101 - it is a pipe
        with self.process.stdout as lines:
            for line in lines:
                self.heard = time.monotonic()
                text = self.mask(line.rstrip())
                if text:
                    self.lines.append(text)
                    self.log.log(logging.ERROR if ERROR.match(text) else logging.INFO, "%s", text)

    def finish(self, *, is_stopping: Callable[[], bool], limit_seconds: float) -> Outcome:
        """Wait for its end, and see to it: when the service stops, or its time is over."""
        deadline = time.monotonic() + limit_seconds
        while self.process.poll() is None:
            if is_stopping():
                self.end()
                return self.outcome(is_stopped=True)
            if time.monotonic() > deadline:
                self.end()
                return self.exceeded(limit_seconds)
            self.tell_silence()
            time.sleep(LOOK_SECONDS)
        return self.outcome()

    def tell_silence(self) -> None:
        """Log that nothing was heard for long."""
        if time.monotonic() - self.heard > SILENT_SECONDS:
            self.heard = time.monotonic()
            last = self.lines[-1] if self.lines else "nothing"
            self.log.warning("has said nothing for %d minutes; its last words: %s", SILENT_SECONDS // 60, last)

    def end(self) -> None:
        """End it in order; what does not end, with all that it has started, at once."""
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def outcome(self, *, is_stopped: bool = False) -> Outcome:
        """Return how it ended, by its status and by what it said."""
        self.reader.join(timeout=5)
        said = "\n".join(self.lines)
        status = self.process.returncode
        if status == DONE:
            return Outcome(said=said, is_stopped=False)
        errors = [found[1] for text in self.lines if (found := ERROR.match(text))]
        hints = [found[1] for text in self.lines if (found := HINT.match(text))]
        how = f"status {status}" if status > 0 else signal.Signals(-status).name
        return Outcome(
            status=status if status > 0 else FAILED,
            problem=errors[-1] if errors else f"It ended with {how}.",
            hint=hints[-1] if hints else "See its log: docker compose logs --tail 100 backup",
            said=said,
            is_stopped=is_stopped,
        )

    def exceeded(self, limit_seconds: float) -> Outcome:
        """Return the outcome of one whose time was over."""
        self.reader.join(timeout=5)
        return Outcome(
            status=FAILED,
            problem=f"It did not end within {limit_seconds:.0f} s, and was ended.",
            hint="See what it waited for: docker compose logs --tail 100 backup; or raise BACKUP_LIMIT_SECONDS",
            said="\n".join(self.lines),
        )
