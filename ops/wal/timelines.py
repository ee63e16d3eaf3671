"""Which timeline a position of WAL is on: what PostgreSQL's history files say. Pure functions, but for one that reads a file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ops.wal.segments import position

Histories = Mapping[int, Sequence["Switch"]]


@dataclass(frozen=True, kw_only=True)
class Switch:
    """Where a timeline was left for the next one."""

    timeline: int
    at: int


def read(path: Path) -> list[Switch]:
    """Return the switches of a history file, the oldest first. Raises OSError."""
    rows = [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines() if line[:1].isdigit()]
    return [Switch(timeline=int(row[0]), at=position(row[1])) for row in rows]


def newest_of(timeline: int, histories: Histories) -> int:
    """Return the newest timeline that descends from one."""
    heirs = [each for each, switches in histories.items() if timeline in [switch.timeline for switch in switches]]
    return max([timeline, *heirs])


def of_segment(number: int, *, segment_bytes: int, start: int, histories: Histories) -> int:
    """Return the timeline whose file has a segment, on the way from one timeline to its newest heir.

    The segment in which a timeline was left belongs to the next one, whose file begins with a copy.
    """
    newest = newest_of(start, histories)
    for switch in histories.get(newest, ()):
        if switch.timeline >= start and number < switch.at // segment_bytes:
            return switch.timeline
    return newest
