"""What a subscription hears of a group, on the channel layer that serves, and what waits for one that takes nothing."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
import redis.asyncio
from channels.layers import get_channel_layer
from django.conf import settings
from msgpack import FormatError  # type: ignore[import-untyped]  # it has none

from api import listening
from api.errors import SlowConsumerError
from api.listening import listen


async def tell(group: str, number: int) -> None:
    await get_channel_layer().group_send(group, {"type": "told", "number": number})


async def heard(messages: Any) -> Any:
    return await asyncio.wait_for(anext(messages), 30)


def run(main: Callable[[Any], Coroutine[Any, Any, None]]) -> None:
    """Run with a Redis of one's own."""

    async def whole() -> None:
        async with redis.asyncio.Redis.from_url(settings.REDIS_URL) as other:
            await main(other)

    asyncio.run(whole())


def kept() -> tuple[int, int, int]:
    """Return how many channels and groups the layer keeps for this loop, and how many groups we do."""
    layer = get_channel_layer()._get_layer()
    return len(layer.channels), len(layer.groups), len(listening.of_this_loop())


def test_who_takes_them_gets_them_all() -> None:
    async def main(_: Any) -> None:
        async with listen("listening") as messages:
            for number in range(5):
                await tell("listening", number)
                assert (await heard(messages))["number"] == number

    run(main)


def test_all_hear_one_message_for_which_redis_is_asked_once() -> None:
    async def main(_: Any) -> None:
        async with listen("together") as first, listen("together") as second:
            assert kept() == (1, 1, 1)
            await tell("together", 1)
            assert await heard(first) is await heard(second)

    run(main)


def test_who_takes_nothing_is_told_and_holds_up_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listening, "WAITING_MAX", 2)

    async def main(_: Any) -> None:
        async with listen("slow") as slow, listen("slow") as quick:
            for number in range(5):
                await tell("slow", number)
                assert (await heard(quick))["number"] == number
            with pytest.raises(SlowConsumerError):
                await heard(slow)
            assert len(slow._waiting) == 0

    run(main)


def test_who_leaves_leaves_the_others_and_the_last_one_ends_the_listening() -> None:
    async def main(_: Any) -> None:
        async with listen("leaving") as stays:
            async with listen("leaving"):
                pass
            await tell("leaving", 1)
            assert (await heard(stays))["number"] == 1
        await asyncio.sleep(0)
        assert kept() == (0, 0, 0)
        async with listen("leaving") as again:
            await tell("leaving", 2)
            assert (await heard(again))["number"] == 2

    run(main)


def test_who_leaves_before_it_has_begun_leaves_nothing_behind() -> None:
    async def main(_: Any) -> None:
        async def listens() -> None:
            async with listen("early"):
                raise AssertionError

        leaving = asyncio.ensure_future(listens())
        await asyncio.sleep(0)
        leaving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await leaving
        await asyncio.sleep(0)
        assert kept() == (0, 0, 0)

    run(main)


def test_what_ends_the_listening_is_told_to_all_and_who_comes_then_begins_anew() -> None:
    async def main(other: Any) -> None:
        async with listen("broken") as first, listen("broken") as second:
            await other.publish("slipway__group__broken", b"\xc1")  # no message of the layer's
            for each in (first, second):
                with pytest.raises(FormatError):
                    await heard(each)
            async with listen("broken") as third:
                await tell("broken", 3)
                assert (await heard(third))["number"] == 3

    run(main)


def test_what_a_thread_tells_is_heard() -> None:
    async def main(other: Any) -> None:
        layer: Any = get_channel_layer()
        async with listen("thread") as messages:
            for number in range(2):
                await asyncio.to_thread(layer.tell, "thread", {"type": "told", "number": number})
                assert await heard(messages) == {"type": "told", "number": number}
                await other.client_kill_filter(_id=layer._server.client_id())  # the next one finds its connection dead

    run(main)
