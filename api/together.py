"""Answers watchers who are each somebody else, several at a time: by one look-up of who they are, and in one thread after another.

For each by himself, to come to a thread and back takes longer than what is done there.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from api import threads, viewers
from api.errors import TimedOutError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from api.execution import Answer
    from api.messages import Event
    from api.streams import Asked

AT_A_TIME = 20


@dataclass(frozen=True, slots=True)
class Turn:
    """One watcher's turn to be answered."""

    asked: Asked
    event: Event
    answer: asyncio.Future[Answer | None]


class Turns:
    """Those of one event loop who have come since it last went round."""

    def __init__(self) -> None:
        self._waiting: list[Turn] = []
        self._at_work: set[asyncio.Task[None]] = set()

    def take(self, asked: Asked, event: Event) -> asyncio.Future[Answer | None]:
        """Return the answer to an event, once it is there; what looking it up raises, or TimedOutError."""
        loop = asyncio.get_running_loop()
        turn = Turn(asked, event, loop.create_future())
        if not self._waiting:
            loop.call_soon(self._begin)
        self._waiting.append(turn)
        return turn.answer

    def _begin(self) -> None:
        waiting, self._waiting = self._waiting, []
        for first in range(0, len(waiting), AT_A_TIME):
            work = asyncio.ensure_future(answer(waiting[first : first + AT_A_TIME]))
            self._at_work.add(work)
            work.add_done_callback(self._at_work.discard)


async def answer(turns: Sequence[Turn]) -> None:
    """Answer some. Where that takes too long for all of them together, each has a time of his own."""
    try:
        await viewers.renew([(turn.asked.context, turn.asked.known) for turn in turns])
        found = await threads.run(lambda: [turn.asked.outcome(turn.event) for turn in turns])
    except TimedOutError as error:
        if len(turns) > 1:
            await asyncio.gather(*(answer([turn]) for turn in turns))
            return
        found = [error]
    except Exception as error:  # noqa: BLE001 - told to each by his own stream
        found = [error] * len(turns)
    for turn, outcome in zip(turns, found, strict=True):
        if isinstance(outcome, Exception):
            turn.answer.set_exception(outcome)
        else:
            turn.answer.set_result(outcome)


loops: WeakKeyDictionary[asyncio.AbstractEventLoop, Turns] = WeakKeyDictionary()


def of_this_loop() -> Turns:
    """Return the running loop's."""
    loop = asyncio.get_running_loop()
    found = loops.get(loop)
    if found is None:
        found = loops[loop] = Turns()
    return found
