"""Sends a signal to a command in this container, which is found by the mark in its environment: `python3 -m ops.signalled MARK 15`."""

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from ops.errors import DONE, FAILED

PROCESSES = Path("/proc")


def marked(mark: str) -> Iterator[int]:
    """Yield the processes that have the mark."""
    for folder in PROCESSES.iterdir():
        with contextlib.suppress(OSError):
            if folder.name.isdigit() and f"SLIPWAY_RUN={mark}".encode() in (folder / "environ").read_bytes().split(
                b"\0"
            ):
                yield int(folder.name)


def main(arguments: list[str]) -> int:
    """Send it to the oldest of them, which ends what it has started itself."""
    mark, number = arguments
    found = sorted(marked(mark))
    if not found:
        return FAILED
    os.kill(found[0], int(number))
    return DONE


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
