"""Shows how far a move is: a bar at a terminal, a line for each tenth elsewhere. Knows nothing of media."""

import time
from typing import TextIO

WIDTH = 24
REDRAWN_SECONDS = 0.2
MB = 1_000_000
MINUTE_SECONDS = 60


class Bar:
    """What is done of how much. `files` and `bytes` may grow while it goes on."""

    def __init__(self, out: TextIO) -> None:
        self.out, self.is_terminal = out, out.isatty()
        self.files = self.bytes = self.done_files = self.done_bytes = 0
        self.began = self.drawn = time.monotonic()
        self.tenths = 0

    def expect(self, files: int, size: int) -> None:
        """Count what is to be done."""
        self.files, self.bytes = self.files + files, self.bytes + size

    def add(self, files: int, size: int) -> None:
        """Count what is done, and show it now and then."""
        self.done_files, self.done_bytes = self.done_files + files, self.done_bytes + size
        now = time.monotonic()
        if self.is_terminal and (now - self.drawn > REDRAWN_SECONDS or self.done_files == self.files):
            self.drawn = now
            self.out.write(f"\r\033[K{self.line(now - self.began)}")
            self.out.flush()
        elif not self.is_terminal and self.share * 10 >= self.tenths + 1:
            self.tenths = int(self.share * 10)
            self.out.write(f"{self.line(now - self.began)}\n")
            self.out.flush()

    def end(self) -> None:
        """Leave the line."""
        if self.is_terminal and self.files:
            self.out.write("\n")

    @property
    def share(self) -> float:
        """How much of it is done, 0 to 1: by bytes, which take the time, and by files where these have none."""
        if self.bytes:
            return min(1.0, self.done_bytes / self.bytes)
        return self.done_files / self.files if self.files else 1.0

    def line(self, seconds: float) -> str:
        """Return the bar with its figures."""
        full = int(self.share * WIDTH)
        speed = self.done_bytes / seconds if seconds else 0
        figures = (
            f"{self.share * 100:3.0f} %  {self.done_files:,} of {self.files:,} files, "
            f"{self.done_bytes / MB:,.1f} of {self.bytes / MB:,.1f} MB, {speed / MB:,.1f} MB/s"
        )
        bar = f"[{'#' * full}{'-' * (WIDTH - full)}] " if self.is_terminal else ""
        return f"  {bar}{figures}{self.left(seconds)}"

    def left(self, seconds: float) -> str:
        """Return for how long it will go on, in words; nothing at the beginning and at the end."""
        if not 0 < self.share < 1:
            return ""
        left = seconds / self.share - seconds
        return f", {left / MINUTE_SECONDS:,.0f} min left" if left > MINUTE_SECONDS else f", {left:.0f} s left"
