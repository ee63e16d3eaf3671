"""Listens to groups of the channel layer for subscriptions, once a process to each, and keeps for none more than it can take."""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from channels.layers import get_channel_layer

from api.errors import SlowConsumerError
from api.messages import Message

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

WAITING_MAX = 100


@asynccontextmanager
async def listen(group: str) -> AsyncIterator[Listener]:
    """Yield the group's messages from now on. A listener of whom more than WAITING_MAX wait to be taken gets SlowConsumerError."""
    groups = of_this_loop()
    found = groups.get(group) or groups.setdefault(group, Group(group))
    listener = Listener()
    found.listeners.add(listener)
    try:
        await found.begun()
        yield listener
    finally:
        found.listeners.discard(listener)
        if not found.listeners:
            found.forget()
            await found.end()


class Listener:
    """One subscription's messages, as they come. Raises SlowConsumerError, and what ended the listening."""

    def __init__(self) -> None:
        self._waiting: deque[Message] = deque()
        self._ended_by: BaseException | None = None
        self._is_called = asyncio.Event()

    def take(self, message: Message) -> None:
        """Keep a message until it is asked for; where there is no room, drop it, and with it the listener."""
        if len(self._waiting) >= WAITING_MAX:
            self.end(SlowConsumerError())
        elif not self._ended_by:
            self._waiting.append(message)
            self._is_called.set()

    def end(self, error: BaseException) -> None:
        """Have nothing more to say but an error, and forget what waits."""
        self._ended_by = self._ended_by or error
        self._waiting.clear()
        self._is_called.set()

    def __aiter__(self) -> Listener:
        return self

    async def __anext__(self) -> Message:
        while not self._waiting:
            if self._ended_by:
                raise self._ended_by
            self._is_called.clear()
            await self._is_called.wait()
        return self._waiting.popleft()


class Group:
    """A group that this process listens to. What the layer brings is one object for all its listeners."""

    def __init__(self, name: str) -> None:
        self.listeners: set[Listener] = set()
        self._name = name
        self._layer: Any = get_channel_layer()
        self._channel = ""
        self._beginning: asyncio.Task[None] | None = None
        self._pump: asyncio.Task[None] | None = None

    async def begun(self) -> None:
        """Return once nothing that comes is missed; raises what the layer raises where Redis is away."""
        self._beginning = self._beginning or asyncio.ensure_future(self._begin())
        await asyncio.shield(self._beginning)

    async def _begin(self) -> None:
        self._channel = await self._layer.new_channel()
        self._pump = asyncio.ensure_future(self._move())
        await self._layer.group_add(self._name, self._channel)

    async def _move(self) -> None:
        """Hand messages on for ever. Only a `receive` that is cancelled has the layer forget the channel, and keep no more for it."""
        try:
            while True:
                message = Message(await self._layer.receive(self._channel))
                for listener in tuple(self.listeners):
                    listener.take(message)
        except Exception as error:  # noqa: BLE001 - whatever it was, nobody hears anything any more
            self.forget()
            for listener in self.listeners:
                listener.end(error)

    def forget(self) -> None:
        """Have whoever comes now begin anew."""
        groups = of_this_loop()
        if groups.get(self._name) is self:
            del groups[self._name]

    async def end(self) -> None:
        """Listen no more. What has begun is finished first, or the layer would keep half of it."""
        with suppress(Exception):  # who wanted to listen was told
            await self.begun()
        if self._pump:
            self._pump.cancel()
            await self._layer.group_discard(self._name, self._channel)


loops: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, Group]] = WeakKeyDictionary()


def of_this_loop() -> dict[str, Group]:
    """Return the groups that the running loop listens to."""
    return loops.setdefault(asyncio.get_running_loop(), {})
