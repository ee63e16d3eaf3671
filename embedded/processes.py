"""Starts and stops processes: the one door through which commands are run. A child never outlives us, even where we are killed."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, BinaryIO

import psutil

from embedded.errors import OperatorError
from embedded.signals import Stopped, leave_interrupt_to_child, pause

PR_SET_PDEATHSIG = 1  # prctl(2)
LAST_LINES = 15
LOG_MAX_BYTES = 10_000_000
LOOK_SECONDS = 0.02


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
    with (
        tempfile.TemporaryFile("w+", errors="replace") as out,
        tempfile.TemporaryFile("w+", errors="replace") as err,
        subprocess.Popen(  # noqa: S603 - commands are lists of our own
            [str(part) for part in command], stdout=out, stderr=err, env=env, cwd=cwd
        ) as process,
    ):
        try:
            status = end_of(process)
        except BaseException:
            process.kill()
            raise
        printed, complained = text_of(out), text_of(err)
    if status != 0:
        raise OperatorError(
            f"Cannot run {Path(str(command[0])).name}: it ended with status {status}.",
            hint=f"It said:\n{last_lines((printed + complained).strip())}",
        )
    return printed


def text_of(file: IO[str]) -> str:
    """Return what was written into a file."""
    file.seek(0)
    return file.read()


def end_of(process: subprocess.Popen[bytes]) -> int:
    """Wait until a process has ended; return its status. Raises Stopped where we are told to end meanwhile."""
    while process.poll() is None:
        pause(LOOK_SECONDS)
    return process.wait()


def run_in_terminal(command: Sequence[str | Path], *, env: Mapping[str, str], cwd: Path) -> int:
    """Run a command that has the terminal and its Ctrl-C; return its exit status as a shell would."""
    leave_interrupt_to_child()
    with subprocess.Popen(  # noqa: S603 - commands are lists of our own
        [str(part) for part in command],
        env=env,
        cwd=cwd,
        preexec_fn=die_with_parent(signal.SIGTERM),  # noqa: PLW1509 - it only makes one system call
    ) as process:
        try:
            status = end_of(process)
        except Stopped:
            process.terminate()
            raise
    return status if status >= 0 else 128 - status


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
        self._asked_at: float | None = None
        self._log = opened_log(log_path)
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
            with contextlib.suppress(OSError):  # the terminal is gone; whoever writes to us must not wait for ever
                show(line.decode(errors="replace").rstrip("\n"))

    @property
    def is_running(self) -> bool:
        """Whether it has not ended."""
        return self.process.poll() is None

    def log_end(self) -> str:
        """Return the last lines of its log."""
        return last_lines(self.log_path.read_text(errors="replace"))

    def stop(self, *, timeout_seconds: float = 15) -> None:
        """Ask it to end, and make it where it takes too long, counted from when it was asked first."""
        asked_at = self.ask_to_stop()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(max(0, asked_at + timeout_seconds - time.monotonic()))
        self.kill()

    def ask_to_stop(self) -> float:
        """Ask it to end, and do not wait; return when it was asked. Ask once: to Celery a second time means at once."""
        if self._asked_at is None:
            self._asked_at = time.monotonic()
            with contextlib.suppress(ProcessLookupError):
                self.process.send_signal(self.stop_signal)
        return self._asked_at

    def kill(self) -> None:
        """End it and what it started, at once."""
        everything = (
            self._descendants()
        )  # those with sessions of their own, as PostgreSQL's are, hear nothing of the group's
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        for process in everything:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        self.process.wait()
        wait_for_end(everything)
        self._close()

    def _descendants(self) -> list[psutil.Process]:
        with contextlib.suppress(psutil.NoSuchProcess):
            return psutil.Process(self.process.pid).children(recursive=True)
        return []

    def _close(self) -> None:
        if self._reader:
            self._reader.join(timeout=2)
        if self.process.stdout:
            self.process.stdout.close()
        self._log.close()


def wait_for_end(processes: Sequence[psutil.Process], *, timeout_seconds: float = 2) -> None:
    """Wait until processes work no more; whether whoever inherited them has taken note does not matter."""
    deadline = time.monotonic() + timeout_seconds
    while any(is_working(process) for process in processes) and time.monotonic() < deadline:
        time.sleep(0.01)


def is_working(process: psutil.Process) -> bool:
    """Tell whether a process has not ended."""
    with contextlib.suppress(psutil.NoSuchProcess):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False


def opened_log(path: Path) -> BinaryIO:
    """Open a log file to write at its end; one that has grown long is put aside."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and path.stat().st_size > LOG_MAX_BYTES:
        path.replace(path.with_suffix(".old.log"))
    return path.open("ab")
