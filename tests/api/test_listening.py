"""What waits for a subscriber who takes nothing, on the channel layer that serves."""

import asyncio
from typing import Any

import pytest
from channels.layers import get_channel_layer

from api import listening
from api.errors import SlowConsumerError


def test_who_takes_nothing_is_told_and_nothing_more_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listening, "WAITING_MAX", 2)

    async def main() -> None:
        layer: Any = get_channel_layer()
        waiting: asyncio.Queue[Any] = asyncio.Queue(2)
        is_slow = asyncio.Event()
        channel = await layer.new_channel()
        pump = asyncio.ensure_future(listening.move(layer, channel, waiting, is_slow))
        for number in range(5):
            await layer.send(channel, {"type": "told", "number": number})
        await asyncio.wait_for(is_slow.wait(), 30)
        assert waiting.qsize() == 2
        with pytest.raises(SlowConsumerError):
            await anext(listening.messages_of(waiting, pump, is_slow))
        assert not pump.done()
        pump.cancel()

    asyncio.run(main())


def test_who_takes_them_gets_them_all() -> None:
    async def main() -> None:
        layer: Any = get_channel_layer()
        async with listening.listen("listening") as messages:
            for number in range(5):
                await layer.group_send("listening", {"type": "told", "number": number})
                assert (await asyncio.wait_for(anext(messages), 30))["number"] == number

    asyncio.run(main())
