"""Runs one of our modules where PostgreSQL's programs are: right here, or in the backup container. The standard library alone.

What the scripts are, in one line: `exec python3 -m ops.inside ops.backup "$@"`; with `--service=NAME` in front where it is another
service than the backups'. It runs right here where psycopg and pg_dump are and
DATABASE_URL is set, as in the container itself. Else it goes into the container of the service where that runs, or into one of its
own, which is gone afterwards. COMPOSE_FILE, COMPOSE_PROJECT_NAME and the .env are Compose's to read. Passed through: arguments, input,
output, the terminal with its progress and its Ctrl-C, SIGTERM, SIGINT and SIGHUP, and the exit status.

On a host that deploys, what changes something holds the lock of deploys meanwhile: a restore under a migration would be none.
"""

import contextlib
import importlib.util
import os
import secrets
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import FrameType

from ops import door
from ops import lock as locks
from ops.deploy import lock
from ops.errors import FAILED, OperatorError

SERVICE = "backup"
STATE = ".deploy"  # the folder with the lock; a host that deploys nothing has none
LOOKING = frozenset({"--help", "-h", "--list", "--dry-run"})
WHAT = {"ops.backup": "backup", "ops.restore": "restore", "ops.restore.media": "restore of media"}
OPTION = "--service="
MARK = "SLIPWAY_RUN"
FORWARDED = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
HINT = "Start the stack: docker compose up -d --wait; or run it where PostgreSQL's programs and psycopg are, with DATABASE_URL set."


def compose(*words: str, service: str = SERVICE) -> list[str]:
    """Return a command on the stack, the service included, which has a profile of its name."""
    return ["docker", "compose", "--profile", service, *words]


def running(service: str = SERVICE) -> list[str]:
    """Return what lists the services that run, a line each."""
    return compose("ps", "--services", "--status", "running", service=service)


def in_service(words: Sequence[str], *, mark: str, is_terminal: bool, service: str = SERVICE) -> list[str]:
    """Return what runs a command in the service's container, marked so that a signal can find it."""
    options = [*([] if is_terminal else ["-T"]), "-e", f"{MARK}={mark}"]
    return compose("exec", *options, service, *words, service=service)


def in_own(words: Sequence[str], *, mark: str, is_terminal: bool, service: str = SERVICE) -> list[str]:
    """Return what runs a command in a container of its own, named so that a signal can find it; starts what it depends on."""
    options = ["--rm", "--name", f"{service}-{mark}", *([] if is_terminal else ["-T"])]
    return compose("run", *options, service, *words, service=service)


def signal_service(mark: str, number: int, *, service: str = SERVICE) -> list[str]:
    """Return what sends a signal to a marked command in the service's container: Docker's client passes none on."""
    return compose("exec", "-T", service, "python3", "-m", "ops.signalled", mark, str(number), service=service)


def signal_own(mark: str, number: int, *, service: str = SERVICE) -> list[str]:
    """Return what sends a signal to a command in a container of its own, which the client would leave behind."""
    return ["docker", "kill", "--signal", str(number), f"{service}-{mark}"]


def main(arguments: Sequence[str]) -> int:
    """Run a module with its arguments; return its exit status."""
    named = arguments[:1] if arguments[0].startswith(OPTION) else []
    service = named[0].removeprefix(OPTION) if named else SERVICE
    words = ["python3", "-m", *arguments[len(named) :]]
    if is_here(os.environ):
        os.execvp(sys.executable, [sys.executable, *words[1:]])  # noqa: S606 - no shell, and the words are ours
    try:
        is_running = service in door.run(running(service), what="ask Docker what runs", hint=HINT).split()
    except OperatorError as error:
        sys.stderr.write(f"{error}\n")
        return FAILED
    is_terminal = all(stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr))
    mark = secrets.token_hex(8)
    command, send = (in_service, signal_service) if is_running else (in_own, signal_own)
    try:
        with host_lock(Path.cwd() / STATE, words[2:]):
            return attached(
                command(words, mark=mark, is_terminal=is_terminal, service=service),
                send=lambda number: send(mark, number, service=service),
                is_terminal=is_terminal,
            )
    except OperatorError as error:
        sys.stderr.write(f"{error}\n")
        return error.status


def host_lock(state: Path, words: Sequence[str]) -> contextlib.AbstractContextManager[None]:
    """Hold the lock of deploys; raises OperatorError where one runs. Who only looks needs none, and a deploy's own backup has it."""
    holder = locks.holder(state / lock.NAME)
    is_ours = holder is not None and holder.process == os.getppid()
    if not state.is_dir() or is_ours or any(word in LOOKING for word in words):
        return contextlib.nullcontext()
    return lock.held(state, what=WHAT.get(words[0], words[0]), say=say)


def say(line: str) -> None:
    """Tell what is to be known beforehand."""
    sys.stderr.write(f"{line}\n")


def is_here(environment: Mapping[str, str]) -> bool:
    """Tell whether all that is needed is in this place."""
    is_told = bool(environment.get("DATABASE_URL") or environment.get("DATABASE_URL_FILE"))
    return is_told and importlib.util.find_spec("psycopg") is not None and shutil.which("pg_dump") is not None


def attached(command: Sequence[str], *, send: Callable[[int], list[str]], is_terminal: bool) -> int:
    """Run Docker's client to its end, and send signals on by a command of their own; return the status of what it ran.

    At a terminal the client has it, and Ctrl-C is a byte that it passes on. Elsewhere it is out of reach of the terminal's signals,
    which would end it and leave the command running.
    """
    with subprocess.Popen(list(command), start_new_session=not is_terminal) as client:  # noqa: S603 - no shell; the words are ours

        def forward(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - the signature is Python's
            subprocess.run(send(number), check=False, stdout=subprocess.DEVNULL)  # noqa: S603 - as above

        with handled(forward):
            status = client.wait()
    return status if status >= 0 else 128 - status


@contextlib.contextmanager
def handled(forward: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    """Have signals forwarded meanwhile."""
    before = {number: signal.signal(number, forward) for number in FORWARDED}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
