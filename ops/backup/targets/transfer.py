"""Runs the programs that copy, and watches them: one that has moved nothing for too long is ended. No secret goes into a command."""

import contextlib
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ops.backup.programs import SHOWN_LINES, Program
from ops.errors import OperatorError

STALL_SECONDS = 120
LOOK_SECONDS = 0.02
SLOWEST_LOOK_SECONDS = 0.2
TAIL_BYTES = 2000
READ, WRITTEN = "rchar", "wchar"  # proc(5): all that a process has read and written, files and connections alike
Read = Callable[[str], object]  # shows progress from the end of what a program said and printed


@dataclass(frozen=True, kw_only=True)
class Ended:
    """How a program ended, what it printed, and what it complained of."""

    status: int
    printed: bytes
    complaints: str


def run(
    command: Sequence[str],
    *,
    what: str,
    hint: str,
    environment: Mapping[str, str] | None = None,
    reads: bytes = b"",
    folder: Path | None = None,
    read: Read | None = None,
    counted: Sequence[str] = (READ, WRITTEN),
    least_bytes: int = 1,
    patience_seconds: float = 0,
) -> Ended:
    """Run a program to its end, whatever its status. Raises OperatorError where it stalls.

    That is where `read` finds nothing new, nor has the program read or written so many bytes of those that are `counted`, for
    STALL_SECONDS and the `patience_seconds` that it may have to wait for another's work.
    """
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as prints:
        given.write(reads)
        given.seek(0)
        with Program(
            command, what=what, hint=hint, environment=environment, folder=folder, reads=given, prints=prints
        ) as program:
            limit_seconds = STALL_SECONDS + patience_seconds
            watch(program, prints.fileno(), read, counted=counted, least_bytes=least_bytes, limit_seconds=limit_seconds)
            program.said.seek(0)
            prints.seek(0)
            complaints = program.said.read().decode(errors="replace").strip()
            return Ended(status=program.process.returncode, printed=prints.read(), complaints=complaints)


def watch(
    program: Program, prints: int, read: Read | None, *, counted: Sequence[str], least_bytes: int, limit_seconds: float
) -> None:
    """Wait for a program's end; raise OperatorError where its progress stays the same for too long."""
    seen: object = None
    seen_bytes, since, look_seconds = 0, time.monotonic(), LOOK_SECONDS
    while program.is_running:
        time.sleep(look_seconds)
        look_seconds = min(look_seconds * 1.5, SLOWEST_LOOK_SECONDS)
        told = read(end_of(program.said.fileno()) + end_of(prints)) if read else None
        found_bytes = moved(program.process.pid, counted, unknown=seen_bytes + least_bytes)
        if told != seen or found_bytes - seen_bytes >= least_bytes:
            seen, seen_bytes, since = told, found_bytes, time.monotonic()
        if time.monotonic() - since > limit_seconds:
            raise OperatorError(
                f"Cannot {program.what}: nothing has moved for {limit_seconds:.0f} s; {program.name} was ended.",
                hint=program.hint,
            )


def moved(process: int, counted: Sequence[str], *, unknown: int) -> int:
    """Return how many bytes a process has read and written; `unknown` where the system does not tell."""
    try:
        lines = Path(f"/proc/{process}/io").read_text(encoding="ascii").splitlines()
    except OSError:
        return unknown
    return sum(int(line.split()[1]) for line in lines if line.startswith(tuple(counted)))


def end_of(descriptor: int) -> str:
    """Return the end of what a program has printed so far; where it writes next stays as it is."""
    size = os.fstat(descriptor).st_size
    return os.pread(descriptor, TAIL_BYTES, max(0, size - TAIL_BYTES)).decode(errors="replace")


def failed(ended: Ended, *, program: str, what: str, hint: str) -> OperatorError:
    """Return the error of a program that failed."""
    said = "\n".join(ended.complaints.splitlines()[-SHOWN_LINES:])
    return OperatorError(f"Cannot {what}: {program} ended with status {ended.status}. {said}".rstrip(), hint=hint)


@contextlib.contextmanager
def listed(names: Sequence[str], *, separator: bytes = b"\0") -> Iterator[Path]:
    """Have a file that lists names, whatever characters they have."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(b"".join(os.fsencode(name) + separator for name in names))
        file.flush()
        yield Path(file.name)
