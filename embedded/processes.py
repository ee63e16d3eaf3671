"""Starts and stops processes: the one door through which commands are run. A child never outlives us, even where we are killed."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from embedded.errors import OperatorError

PR_SET_PDEATHSIG = 1  # prctl(2)
LAST_LINES = 15


def die_with_parent(parent_death_signal: int) -> Callable[[], None]:
    """Return what a child does between fork and exec: ask the kernel for a signal when its parent's thread dies."""
    # Looked up before the fork: after it, a lock that another thread held would stay locked for ever.
    prctl = ctypes.CDLL(None).prctl if sys.platform == "linux" else None

    def ask() -> None:
        if prctl is not None:
            prctl(PR_SET_PDEATHSIG, parent_death_signal)

    return ask


def run(command: Sequence[str | Path], *, env: Mapping[str, str] | None = None, cwd: Path | None = None) -> str:
    """Run a command to its end and return what it printed; raises OperatorError where it fails."""
    done = subprocess.run(  # noqa: S603 - commands are lists of our own
        [str(part) for part in command], capture_output=True, text=True, check=False, env=env, cwd=cwd
    )
    if done.returncode != 0:
        printed = (done.stdout + done.stderr).strip()
        raise OperatorError(
            f"Cannot run {Path(str(command[0])).name}: it ended with status {done.returncode}.",
            hint=f"It said:\n{last_lines(printed)}",
        )
    return done.stdout


def last_lines(text: str) -> str:
    """Return the end of a log, indented."""
    return "\n".join(f"    {line}" for line in text.splitlines()[-LAST_LINES:]) or "    (nothing)"


class Child:
    """A process of ours with a log file. It has a session of its own, so that Ctrl-C reaches us alone and we end it in order."""

    def __init__(
        self,
        name: str,
        command: Sequence[str | Path],
        *,
        log_path: Path,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        stop_signal: signal.Signals = signal.SIGTERM,
        show: Callable[[str], None] | None = None,
    ) -> None:
        """Start it. Call from the main thread: the child gets `stop_signal` when the thread that started it ends."""
        self.name, self.log_path, self.stop_signal = name, log_path, stop_signal
        log_path.parent.mkdir(parents=True, exist_ok=True)
        self._log = log_path.open("ab")
        self.process = subprocess.Popen(  # noqa: S603 - commands are lists of our own
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if show else self._log,
            stderr=subprocess.STDOUT,
            env=env,
            cwd=cwd,
            start_new_session=True,
            preexec_fn=die_with_parent(stop_signal),  # noqa: PLW1509 - it only makes one system call
        )
        self._reader = threading.Thread(target=self._read, args=(show,), daemon=True) if show else None
        if self._reader:
            self._reader.start()

    def _read(self, show: Callable[[str], None]) -> None:
        assert self.process.stdout is not None  # noqa: S101 - a pipe was asked for
        for line in self.process.stdout:
            self._log.write(line)
            self._log.flush()
            show(line.decode(errors="replace").rstrip("\n"))

    @property
    def is_running(self) -> bool:
        """Whether it has not ended."""
        return self.process.poll() is None

    def log_end(self) -> str:
        """Return the last lines of its log."""
        return last_lines(self.log_path.read_text(errors="replace"))

    def stop(self, *, timeout_seconds: float = 15) -> None:
        """Ask it to end, and make it where it takes too long."""
        if self.is_running:
            self._signal(self.stop_signal, is_for_group=False)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(timeout_seconds)
        self.kill()

    def kill(self) -> None:
        """End it and what it started, at once."""
        self._signal(signal.SIGKILL, is_for_group=True)
        self.process.wait()
        if self._reader:
            self._reader.join(timeout=2)
        if self.process.stdout:
            self.process.stdout.close()
        self._log.close()

    def _signal(self, number: signal.Signals, *, is_for_group: bool) -> None:
        with contextlib.suppress(ProcessLookupError):
            if is_for_group:
                os.killpg(self.process.pid, number)
            else:
                self.process.send_signal(number)
