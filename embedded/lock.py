"""One process at a time works with a clone's `.data`: the lock, and who holds it. The kernel frees it when its holder dies."""

import contextlib
import fcntl
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from embedded.errors import LOCKED, OperatorError

WRITING_SECONDS = 1.0


@dataclass(frozen=True)
class Holder:
    """Who holds a lock: its process, and since when."""

    process: int
    since: str

    def __str__(self) -> str:
        return f"process {self.process}, since {self.since}"


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock; raises OperatorError where another process does, and says which."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = opened(path)
    try:
        if not is_taken(descriptor):
            raise OperatorError(
                f"Refusing to start: this clone is in use ({holder(path) or 'by a process that has just ended'}).",
                hint="Use that one, or end it with Ctrl-C where it runs, or with: python -m embedded stop",
                status=LOCKED,
            )
        text = f"process {os.getpid()}, since {datetime.now(tz=UTC):%Y-%m-%d %H:%M:%S} UTC".encode()
        os.pwrite(descriptor, text, 0)
        os.ftruncate(descriptor, len(text))
        yield
    finally:
        os.close(descriptor)


def opened(path: Path) -> int:
    """Open the lock file, making it where there is none."""
    return os.open(path, os.O_RDWR | os.O_CREAT, 0o644)


def is_taken(descriptor: int) -> bool:
    """Take the lock; return whether we have it, and on a file that nobody removed meanwhile."""
    with contextlib.suppress(OSError):
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return os.fstat(descriptor).st_nlink > 0
    return False


def holder(path: Path) -> Holder | None:
    """Return who holds the lock, or None."""
    deadline = time.monotonic() + WRITING_SECONDS
    while time.monotonic() < deadline:
        if not is_held(path):
            return None
        if found := re.fullmatch(r"process (\d+), since (.+)", path.read_text()):
            return Holder(int(found[1]), found[2])
        time.sleep(0.02)  # it has the lock and has not yet said who it is
    return None


def is_held(path: Path) -> bool:
    """Tell whether somebody holds the lock."""
    try:
        with path.open("r+") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except FileNotFoundError:
        return False
    return False
