"""Notices that a dump stands still: no byte more in its file, no table's fingerprint more, for too long; by a clock that nobody sets.

A fingerprint of a very large table may take long alone, once the dump is there; then it is enough that the server answers.
"""

import contextlib
import time
from pathlib import Path

from ops.backup.database import Database, told
from ops.errors import OperatorError


class Stall:
    """What was seen last, and since when nothing else."""

    def __init__(self, database: Database, path: Path, *, limit_seconds: float) -> None:
        self.database, self.path, self.limit_seconds = database, path, limit_seconds
        self.seen, self.since = (-1, -1), time.monotonic()

    def look(self, *, is_dumping: bool, fingerprints: int) -> None:
        """Raise OperatorError where nothing has moved for too long. `fingerprints` are those that are done."""
        now, found = time.monotonic(), (self.size(), fingerprints)
        if found != self.seen:
            self.seen, self.since = found, now
        elif now - self.since > self.limit_seconds:
            if is_dumping:
                raise OperatorError(
                    f"Cannot dump the database: for {self.limit_seconds:.0f} s pg_dump has written nothing, and no table was done.",
                    hint="See what it waits for: SELECT * FROM pg_stat_activity; or give it longer: DB_BACKUP_STALL_SECONDS",
                )
            self.require_answer()
            self.since = now

    def size(self) -> int:
        """Return how large the file is."""
        with contextlib.suppress(OSError):
            return self.path.stat().st_size
        return 0

    def require_answer(self) -> None:
        """Raise OperatorError where the server does not answer."""
        with told("go on with the fingerprints: the server does not answer"):
            self.database.connect(is_autocommit=True).close()
