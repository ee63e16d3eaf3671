"""Tells on stderr what is being done, and notes how long each step took."""

import contextlib
import sys
import time
from collections.abc import Iterator

MB = 1_000_000


class Progress:
    """The steps of one command; `seconds` has those that are done."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.is_terminal = sys.stderr.isatty()

    @contextlib.contextmanager
    def step(self, name: str, line: str) -> Iterator[None]:
        """Tell that a step begins, and how long it took where it succeeds."""
        began = time.monotonic()
        self.say(line)
        yield
        self.seconds[name] = round(time.monotonic() - began, 2)
        self.say(f"  done in {self.seconds[name]:.1f} s")

    def portion(self, done: int, of: int) -> None:
        """Show at a terminal how many tables are done."""
        if self.is_terminal and of:
            sys.stderr.write(f"\r  {done} of {of} tables, {100 * done // of} %" + ("\n" if done == of else ""))
            sys.stderr.flush()

    def files(self, done: int, of: int) -> None:
        """Show at a terminal how many files are done."""
        if self.is_terminal and (done % 100 == 0 or done == of):
            sys.stderr.write(f"\r  {done:,} of {of:,} files, {100 * done // of} %" + ("\n" if done == of else ""))
            sys.stderr.flush()

    def amount(self, done: int, of: int) -> None:
        """Show at a terminal how many bytes are done."""
        if self.is_terminal and of:
            sys.stderr.write(
                f"\r  {done / MB:,.1f} of {of / MB:,.1f} MB, {min(100, 100 * done // of)} %"
                + ("\n" if done >= of else "")
            )
            sys.stderr.flush()

    def say(self, line: str) -> None:
        """Write a line."""
        sys.stderr.write(f"{line}\n")
        sys.stderr.flush()
