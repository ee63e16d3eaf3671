"""Knows until which time everything that was committed is here, and how far behind we are: samples of clock and position."""

import bisect
import datetime
import threading

MOST = 20_000
Sample = tuple[int, datetime.datetime]


class Coverage:
    """Samples that wait to be received, and those that are. Shared by threads."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.waiting: list[Sample] = []
        self.received: list[Sample] = []
        self.lag_seconds = 0.0

    def add(self, written: int, at: datetime.datetime, *, flushed: int) -> None:
        """Note where the server's WAL ended at a time, and up to where it is here."""
        with self.lock:
            self.waiting.append((written, at))
            count = bisect.bisect_right(self.waiting, flushed, key=lambda sample: sample[0])
            self.received += self.waiting[:count]
            del self.waiting[:count]
            self.lag_seconds = (at - self.waiting[0][1]).total_seconds() if self.waiting else 0.0
            if len(self.waiting) > MOST:  # nobody receives: every second one tells as much
                del self.waiting[1::2]
            del self.received[:-MOST]

    @property
    def last(self) -> Sample | None:
        """The position and time up to which everything is here."""
        with self.lock:
            return self.received[-1] if self.received else None

    def until(self, position: int) -> Sample | None:
        """Return the latest time of which everything is before a position, with where WAL ended then; None where no sample tells."""
        with self.lock:
            count = bisect.bisect_right(self.received, position, key=lambda sample: sample[0])
            return self.received[count - 1] if count else None

    def forget(self) -> None:
        """Begin anew: what waited will never come."""
        with self.lock:
            self.waiting.clear()
