"""A file that one process at a time holds: who does stands in it, and the lock goes with the process, however that ends."""

import contextlib
import datetime
import fcntl
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from ops.errors import LOCKED, OperatorError


@dataclass(frozen=True, kw_only=True)
class Holder:
    """Who holds a lock, or held it when it was killed. `where` tells whose process it is, or on which host: `of ada`, `on db1`."""

    what: str
    process: int
    where: str
    since: str

    def __str__(self) -> str:
        return f"process {self.process} {self.where} does a {self.what} since {self.since}"


def take(descriptor: int, path: Path) -> None:
    """Take the lock; raises OperatorError, status 4, where another process has it.

    The file stays: whoever removes it lets a third process in.
    """
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise OperatorError(
            f"Refusing to go on: {holder(path) or f'another process holds {path}'}. Nothing was changed.",
            hint="Wait for its end. The lock goes with its process: no file has to be removed.",
            status=LOCKED,
        ) from None


def note(descriptor: int, *, what: str, where: str) -> None:
    """Write down who holds it. Raises OSError."""
    since = datetime.datetime.now(tz=datetime.UTC).isoformat(timespec="seconds")
    text = json.dumps(asdict(Holder(what=what, process=os.getpid(), where=where, since=since)))
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, text.encode(), 0)


def holder(path: Path) -> Holder | None:
    """Return who is noted, None where nobody is."""
    with contextlib.suppress(OSError, ValueError, TypeError):
        return Holder(**json.loads(path.read_text(encoding="utf-8")))
    return None
