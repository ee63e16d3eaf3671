"""Worker and scheduler renew a file's time while they are well; `python -m config.heartbeat` is their containers' health check.

A worker that lost its broker, or hangs, sends no heartbeat. The standard library alone below `main`, so that a check costs little.
"""

import os
import sys
import time
from pathlib import Path

FRESH_SECONDS = 30.0  # a worker's heartbeat comes every 2 s, a scheduler's every 5 s


def beat(path: str) -> None:
    """Renew the file's time; an empty path is none."""
    if path:
        Path(path).touch()


def age_seconds(path: Path) -> float:
    """Return the seconds since the last beat; raises FileNotFoundError before the first."""
    return time.time() - path.stat().st_mtime


def main() -> int:
    """Return 0 where the last beat is fresh, else 1 with a line."""
    path = Path(os.environ.get("HEARTBEAT_FILE") or "/dev/null/none")
    try:
        age = age_seconds(path)
    except OSError as error:
        sys.stdout.write(f"no heartbeat yet: {error}\n")
        return 1
    if age > FRESH_SECONDS:
        sys.stdout.write(f"the last heartbeat was {age:.0f} s ago\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
