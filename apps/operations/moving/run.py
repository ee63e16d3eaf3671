"""A move from beginning to end: everything is copied and proven, then removed where it was; what came meanwhile as well.

It keeps no notes: what is still in the old place is what there is to do. So it may be killed at any time, and called again.
"""

import time
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from threading import Event
from typing import TypeVar

from apps.operations.moving.bar import Bar
from apps.operations.moving.one import OtherContentsError, copied
from config.media.moving import MovingStorage
from config.media.place import MediaAwayError

Item = TypeVar("Item")
AT_ONCE = 64
GRACE_SECONDS = 10.0  # nginx may just have been told that a file is in the old place: for so long it stays there


@dataclass(kw_only=True)
class Outcome:
    """What was moved, with each file's hash; what could not be, and why."""

    hashes: dict[str, str] = field(default_factory=dict)
    bytes: int = 0
    left: dict[str, str] = field(default_factory=dict)


class Move:
    """One run. `bar` is told how far it is."""

    def __init__(self, media: MovingStorage, *, threads: int, bar: Bar, grace_seconds: float) -> None:
        self.old, self.new = media.old, media.new
        self.threads, self.bar, self.grace_seconds = threads, bar, grace_seconds
        self.outcome = Outcome()
        self.stop = Event()
        self.proven: deque[tuple[float, str]] = deque()

    def run(self) -> Outcome:
        """Move until nothing is left that can be; raises MediaAwayError where the bucket stays away. `outcome` has what was done."""
        there = {name for name, _ in self.new.files()}
        with ThreadPoolExecutor(self.threads, thread_name_prefix="move") as pool:
            while waiting := list(self.waiting()):
                self.bar.expect(len(waiting), sum(size for _, size in waiting))
                for some in batches(waiting, AT_ONCE):
                    self.copy(some, there, pool)
                    self.remove(before=time.monotonic() - self.grace_seconds)
        self.remove_the_rest()
        self.bar.end()
        return self.outcome

    def waiting(self) -> Iterator[tuple[str, int]]:
        """Yield what is in the old place, and neither proven nor given up."""
        for name, size in self.old.files():
            if name not in self.outcome.hashes and name not in self.outcome.left:
                yield name, size

    def copy(self, some: list[tuple[str, int]], there: set[str], pool: ThreadPoolExecutor) -> None:
        """Copy files side by side, and note how that went."""
        asked = [
            pool.submit(copied, name, old=self.old, new=self.new, is_there=name in there, stop=self.stop)
            for name, _ in some
        ]
        try:
            for (name, size), answer in zip(some, asked, strict=True):
                self.note(name, size, answer)
                self.bar.add(1, size)
        except BaseException:
            self.stop.set()
            for answer in asked:
                answer.cancel()
            raise

    def note(self, name: str, size: int, answer: "Future[str | None]") -> None:
        """Note that a file is proven, or why it could not be moved; one that was deleted meanwhile is nobody's."""
        try:
            sha256 = answer.result()
        except MediaAwayError:
            raise
        except OtherContentsError:
            self.outcome.left[name] = "the new place has another file of that name, or did not keep it as it was"
        except (OSError, ValueError) as error:
            self.outcome.left[name] = f"{type(error).__name__}: {error}"
        else:
            if sha256 is not None:
                self.outcome.hashes[name] = sha256
                self.outcome.bytes += size
                self.proven.append((time.monotonic(), name))

    def remove(self, *, before: float) -> None:
        """Remove from the old place what was proven before a time."""
        names = []
        while self.proven and self.proven[0][0] <= before:
            names.append(self.proven.popleft()[1])
        left = self.old.delete_all(names)
        self.outcome.left |= dict.fromkeys(left, "it is copied, and cannot be removed from the old place")

    def remove_the_rest(self) -> None:
        """Remove what was proven last, when its time has come."""
        if self.proven:
            time.sleep(max(0.0, self.proven[-1][0] + self.grace_seconds - time.monotonic()))
            self.remove(before=time.monotonic())


def batches(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """Yield lists of so many items."""
    rest = iter(items)
    while some := list(islice(rest, size)):
        yield some
