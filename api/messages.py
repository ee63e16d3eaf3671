"""What a subscription hears of, and how one answer to it serves all who ask the same."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

Made = TypeVar("Made")

# So long an answer serves those who ask the same; who comes later, since he reads slowly, has one made that is as of then.
SHARED_SECONDS = 1.0


class Message(dict[str, Any]):
    """A message of the channel layer's: one object for all in this process who hear it."""

    def __init__(self, content: dict[str, Any]) -> None:
        super().__init__(content)
        self._making: dict[Hashable, asyncio.Future[Any]] = {}

    async def once(self, key: Hashable, make: Callable[[], asyncio.Future[Made]]) -> Made:
        """Return what comes of `make`, or raise it; it is called once for all who come with the same key meanwhile.

        Who is cancelled while it is made takes it from nobody else.
        """
        making = self._making.get(key)
        if making is None:
            making = self._making[key] = make()
            making.add_done_callback(lambda done: self._keep_for_a_while(key, done))
        found: Made = await asyncio.shield(making)
        return found

    def _keep_for_a_while(self, key: Hashable, done: asyncio.Future[Any]) -> None:
        if not done.cancelled():
            done.exception()  # seen, also where everybody who asked has gone
        asyncio.get_running_loop().call_later(SHARED_SECONDS, self._making.pop, key, None)


@dataclass(frozen=True, slots=True)
class Event:
    """What a subscription has to tell of a message, still to be looked up: in the thread that answers. None means nothing."""

    message: Message
    look_up: Callable[[], Any]


def event(message: Message, look_up: Callable[[], Any]) -> Any:
    """Return what a subscription yields for a message.

    `look_up` is called in a thread, and where it returns None nothing is told. It looks at the message, the arguments and who asks, as
    of now, and at nothing else of the request: all who ask the same by the same credentials, within about a second, get one answer.
    """
    return Event(message, look_up)
