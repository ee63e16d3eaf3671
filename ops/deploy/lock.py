"""One deploy, backup or restore at a time on a host; what a killed one left in the lock is told."""

import contextlib
import getpass
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from ops import lock
from ops.backup import files

NAME = "lock"


@contextlib.contextmanager
def held(folder: Path, *, what: str, say: Callable[[str], None]) -> Iterator[None]:
    """Hold the lock; raises OperatorError, status 4, where another process does. Tells of one that was killed with it."""
    path = folder / NAME
    with files.told("take the lock", path):
        folder.mkdir(mode=0o700, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        lock.take(descriptor, path)
        if killed := lock.holder(path):
            say(f"Stale: {killed}, which is there no more. What it left behind is looked at and brought to order.")
        with files.told("take the lock", path):
            lock.note(descriptor, what=what, where=f"of {who()}")
        try:
            yield
        finally:
            os.ftruncate(descriptor, 0)
    finally:
        os.close(descriptor)


def who() -> str:
    """Return the person's name at this machine."""
    with contextlib.suppress(OSError, KeyError):
        return os.environ.get("SUDO_USER") or getpass.getuser()
    return str(os.getuid())
