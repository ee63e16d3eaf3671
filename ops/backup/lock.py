"""One command at a time on a target: a lock that says who holds it, and that goes with the process, however that ends."""

import contextlib
import datetime
import fcntl
import json
import os
import socket
from collections.abc import Iterator
from pathlib import Path

from ops.backup import files
from ops.errors import LOCKED, OperatorError

NAME = ".lock"


@contextlib.contextmanager
def held(folder: Path, *, what: str) -> Iterator[None]:
    """Hold the target's lock; raises OperatorError, status 4, where another process does."""
    path = folder / NAME
    with files.told("take the lock", path):
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        take(descriptor, path)
        with files.told("take the lock", path):
            note(descriptor, what)
        yield
    finally:
        os.close(descriptor)


def take(descriptor: int, path: Path) -> None:
    """Take the lock, or tell who has it. The file stays: whoever removes it lets a third process in."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise OperatorError(
            f"Refusing to go on: {holder(path)}. Nothing was changed.",
            hint="Wait for its end. The lock goes with its process: no file has to be removed.",
            status=LOCKED,
        ) from None


def note(descriptor: int, what: str) -> None:
    """Write down who holds it."""
    since = datetime.datetime.now(tz=datetime.UTC).isoformat(timespec="seconds")
    text = json.dumps({"what": what, "process": os.getpid(), "host": socket.gethostname(), "since": since})
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, text.encode(), 0)


def holder(path: Path) -> str:
    """Return who holds it, and since when."""
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        found = json.loads(path.read_text(encoding="utf-8"))
        return f"process {found['process']} on {found['host']} does a {found['what']} since {found['since']}"
    return f"another process holds {path}"
