"""One answer to a message serves all who ask the same, and nobody's leaving or failing changes another's."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from api import messages
from api.messages import Message


class Maker:
    """Makes answers, once it may."""

    def __init__(self) -> None:
        self.made = 0
        self.may = asyncio.Event()

    def __call__(self) -> asyncio.Future[int]:
        self.made += 1
        return asyncio.ensure_future(self.make(self.made))

    async def make(self, number: int) -> int:
        await self.may.wait()
        return number


def run(main: Callable[[Message, Maker], Coroutine[Any, Any, None]]) -> None:
    async def whole() -> None:
        await main(Message({"type": "told"}), Maker())

    asyncio.run(whole())


async def all_of(message: Message, make: Maker, count: int) -> list[asyncio.Task[int]]:
    asking = [asyncio.ensure_future(message.once("key", make)) for _ in range(count)]
    await asyncio.sleep(0)
    return asking


def test_one_is_made_for_all_who_ask_the_same() -> None:
    async def main(message: Message, make: Maker) -> None:
        asking = await all_of(message, make, 3)
        other = asyncio.ensure_future(message.once("another key", make))
        make.may.set()
        assert await asyncio.gather(*asking, other) == [1, 1, 1, 2]
        assert await message.once("key", make) == 1

    run(main)


def test_who_leaves_takes_it_from_nobody() -> None:
    async def main(message: Message, make: Maker) -> None:
        first, second = await all_of(message, make, 2)
        first.cancel()
        await asyncio.sleep(0)
        make.may.set()
        assert (await second, make.made, first.cancelled()) == (1, 1, True)

    run(main)


def test_what_went_wrong_is_told_to_all() -> None:
    async def main(message: Message, _: Maker) -> None:
        async def fail() -> None:
            raise ValueError("away")

        asking = [asyncio.ensure_future(message.once("key", lambda: asyncio.ensure_future(fail()))) for _ in range(2)]
        for each in asking:
            with pytest.raises(ValueError, match="away"):
                await each

    run(main)


def test_who_comes_late_has_one_made_that_is_as_of_then(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(messages, "SHARED_SECONDS", 0)

    async def main(message: Message, make: Maker) -> None:
        make.may.set()
        assert await message.once("key", make) == 1
        while message._making:
            await asyncio.sleep(0)
        assert await message.once("key", make) == 2

    run(main)
