"""Which names of operations get a series of their own. Clients choose these names, and a series is kept for ever."""

import re
from collections import Counter

ROOM = 100
USES = 10  # so often a name comes until it is not somebody's only request
WAITING_ROOM = 1000
NAME = re.compile(r"[_A-Za-z][_0-9A-Za-z]{0,63}")
ANONYMOUS, OTHER = "(anonymous)", "(other)"  # no operation can be called so


class Names:
    """At most `room` names while the process lives. None makes way for another: hostile ones would make series for ever."""

    def __init__(self, *, room: int = ROOM, uses: int = USES) -> None:
        self._room, self._uses = room, uses
        self._known: set[str] = set()
        self._waiting: Counter[str] = Counter()

    def label(self, name: str | None) -> str:
        """Return what an operation is counted under."""
        if name is None:
            return ANONYMOUS
        if name in self._known:
            return name
        return self._newcomer(name)

    def _newcomer(self, name: str) -> str:
        if len(self._known) >= self._room or not NAME.fullmatch(name):
            return OTHER
        self._waiting[name] += 1
        if self._waiting[name] >= self._uses:
            self._known.add(name)
            del self._waiting[name]
            return name
        if len(self._waiting) > WAITING_ROOM:
            self._waiting.clear()
        return OTHER
