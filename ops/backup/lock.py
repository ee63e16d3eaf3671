"""One command at a time on a target."""

import contextlib
import os
import socket
from collections.abc import Iterator
from pathlib import Path

from ops import lock
from ops.backup import files

NAME = ".lock"


@contextlib.contextmanager
def held(folder: Path, *, what: str) -> Iterator[None]:
    """Hold the target's lock; raises OperatorError, status 4, where another process does."""
    path = folder / NAME
    with files.told("take the lock", path):
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        lock.take(descriptor, path)
        with files.told("take the lock", path):
            lock.note(descriptor, what=what, where=f"on {socket.gethostname()}")
        yield
    finally:
        os.close(descriptor)
