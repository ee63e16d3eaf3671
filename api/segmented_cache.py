"""A bounded cache in two segments: what was asked for once never displaces what is asked for again and again.

So a stranger who sends a thousand documents of one use each pushes out one another's and nobody else's. For one thread.
"""

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

Value = TypeVar("Value")

NEWCOMERS_SHARE = 5  # a fifth of the room


class SegmentedCache(Generic[Value]):
    """Keeps values whose weights add up to at most `room`. A newcomer that is asked for again moves among the regulars."""

    def __init__(self, *, room: int) -> None:
        self._newcomers = Segment[Value](room=room // NEWCOMERS_SHARE)
        self._regulars = Segment[Value](room=room - room // NEWCOMERS_SHARE)

    def clear(self) -> None:
        """Forget all."""
        for segment in (self._newcomers, self._regulars):
            segment.clear()

    def __len__(self) -> int:
        return len(self._newcomers.entries) + len(self._regulars.entries)

    def get(self, key: Hashable) -> Value | None:
        """Return a value, None where there is none."""
        regular = self._regulars.entries.get(key)
        if regular is not None:
            self._regulars.entries.move_to_end(key)
            return regular[0]
        newcomer = self._newcomers.pop(key)
        if newcomer is None:
            return None
        for demoted_key, demoted in self._regulars.put(key, newcomer):
            self._newcomers.put(demoted_key, demoted)
        return newcomer[0]

    def put(self, key: Hashable, value: Value, *, weight: int) -> None:
        """Keep a value, in place of the one that is there."""
        if key not in self._regulars.entries:
            self._newcomers.put(key, (value, weight))
            return
        for demoted_key, demoted in self._regulars.put(key, (value, weight)):
            self._newcomers.put(demoted_key, demoted)


class Segment(Generic[Value]):
    """Values with their weights, the one that was used last at the end."""

    def __init__(self, *, room: int) -> None:
        self.entries: OrderedDict[Hashable, tuple[Value, int]] = OrderedDict()
        self._room, self._weight = room, 0

    def put(self, key: Hashable, entry: tuple[Value, int]) -> list[tuple[Hashable, tuple[Value, int]]]:
        """Add an entry, and return those that had to make room for it; the entry itself is among them where it is too heavy."""
        self.pop(key)
        self.entries[key] = entry
        self._weight += entry[1]
        displaced = []
        while self._weight > self._room:
            displaced.append(self.entries.popitem(last=False))
            self._weight -= displaced[-1][1][1]
        return displaced

    def clear(self) -> None:
        """Take all entries out."""
        self.entries.clear()
        self._weight = 0

    def pop(self, key: Hashable) -> tuple[Value, int] | None:
        """Take an entry out."""
        entry = self.entries.pop(key, None)
        if entry is not None:
            self._weight -= entry[1]
        return entry
