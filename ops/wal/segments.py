"""Names and positions of WAL: pure arithmetic over PostgreSQL's own scheme. Reads nothing."""

import re
from dataclasses import dataclass

NAME = re.compile(r"[0-9A-F]{24}")
HISTORY = re.compile(r"[0-9A-F]{8}\.history")
FOUR_GIB = 1 << 32
PAGE_BYTES = 8192
LONG_HEADER, SHORT_HEADER = 40, 24


@dataclass(frozen=True, kw_only=True, order=True)
class Segment:
    """One file of WAL. Ordered by timeline, then by position."""

    timeline: int
    number: int

    def name(self, segment_bytes: int) -> str:
        """Return the name of its file."""
        each = FOUR_GIB // segment_bytes
        return f"{self.timeline:08X}{self.number // each:08X}{self.number % each:08X}"

    @classmethod
    def of_name(cls, name: str, segment_bytes: int) -> "Segment":
        """Return the segment that a file's name tells."""
        each = FOUR_GIB // segment_bytes
        return cls(timeline=int(name[:8], 16), number=int(name[8:16], 16) * each + int(name[16:], 16))


def position(text: str) -> int:
    """Return a position of WAL, which PostgreSQL writes like 0/3000028, as a number of bytes."""
    high, low = text.split("/")
    return int(high, 16) * FOUR_GIB + int(low, 16)


def written(found: int) -> str:
    """Return a position as PostgreSQL writes it."""
    return f"{found // FOUR_GIB:X}/{found % FOUR_GIB:X}"


def end_of_written(next_record: int, segment_bytes: int) -> int:
    """Return where the last record ends, given where the next one begins: that is behind a page's header, which is not written yet."""
    if next_record % segment_bytes == LONG_HEADER:
        return next_record - LONG_HEADER
    return next_record - SHORT_HEADER if next_record % PAGE_BYTES == SHORT_HEADER else next_record
