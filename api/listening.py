"""Listens to a group of the channel layer on behalf of one subscription, and keeps no more messages than it can handle."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from channels.layers import get_channel_layer

from api.errors import SlowConsumerError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

WAITING_MAX = 100


@asynccontextmanager
async def listen(group: str) -> AsyncIterator[AsyncIterator[dict[str, Any]]]:
    """Yield the group's messages from now on; raises SlowConsumerError once more than WAITING_MAX wait to be taken.

    The layer itself would keep any number: without this, a client that reads nothing would fill the memory.
    """
    layer: Any = get_channel_layer()
    channel = await layer.new_channel()
    waiting: asyncio.Queue[Any] = asyncio.Queue(WAITING_MAX)
    is_slow = asyncio.Event()
    pump = asyncio.ensure_future(move(layer, channel, waiting, is_slow))
    try:
        await layer.group_add(group, channel)
        yield messages_of(waiting, pump, is_slow)
    finally:
        pump.cancel()
        await layer.group_discard(group, channel)


async def move(layer: Any, channel: str, waiting: asyncio.Queue[Any], is_slow: asyncio.Event) -> None:
    """Move messages out of the layer for ever; where there is no room, say so, and drop them.

    It does not end by itself: the layer would keep what comes next, and only a `receive` that is cancelled has it forget the channel.
    """
    while True:
        message = await layer.receive(channel)
        if waiting.full():
            is_slow.set()
        else:
            waiting.put_nowait(message)


async def messages_of(
    waiting: asyncio.Queue[Any], pump: asyncio.Task[None], is_slow: asyncio.Event
) -> AsyncIterator[dict[str, Any]]:
    """Yield what was moved; raises SlowConsumerError where something was dropped, and what ended the moving."""
    while True:
        getter = asyncio.ensure_future(waiting.get())
        try:
            await asyncio.wait({getter, pump}, return_when=asyncio.FIRST_COMPLETED)
            if is_slow.is_set():
                raise SlowConsumerError
            if pump.done():
                pump.result()
            yield getter.result()
        finally:
            getter.cancel()
