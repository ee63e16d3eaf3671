"""Tells on stderr which step is being taken: plain lines, and at a terminal the seconds that it takes."""

import contextlib
import sys
import threading
import time
from collections.abc import Iterator


class Progress:
    """The steps of one deploy."""

    def __init__(self, *, steps: int) -> None:
        self.steps, self.number = steps, 0
        self.began = time.monotonic()
        self.is_terminal = sys.stderr.isatty()

    @contextlib.contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Tell that a step begins, and how long it took, or that it failed."""
        self.number += 1
        began, head = time.monotonic(), f"[{self.number:>2}/{self.steps}] {name}"
        self.say(head, is_open=self.is_terminal)
        with self.clock(head):
            try:
                yield
            except BaseException:
                self.end(head, f"failed after {time.monotonic() - began:.1f} s")
                raise
        self.end(head, f"done in {time.monotonic() - began:.1f} s")

    @contextlib.contextmanager
    def clock(self, head: str) -> Iterator[None]:
        """Show the seconds while a step is taken, where there is a terminal."""
        if not self.is_terminal:
            yield
            return
        is_over, began = threading.Event(), time.monotonic()

        def run() -> None:
            while not is_over.wait(1):
                sys.stderr.write(f"\r{head} … {time.monotonic() - began:.0f} s")
                sys.stderr.flush()

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        try:
            yield
        finally:
            is_over.set()
            thread.join()

    def end(self, head: str, how: str) -> None:
        """Tell how a step ended."""
        self.say(f"\r{head}, {how}" if self.is_terminal else f"        {how}")

    def say(self, line: str, *, is_open: bool = False) -> None:
        """Write a line, or the beginning of one."""
        sys.stderr.write(line if is_open else f"{line}\n")
        sys.stderr.flush()

    @property
    def total_seconds(self) -> float:
        """How long it has taken so far."""
        return round(time.monotonic() - self.began, 1)
