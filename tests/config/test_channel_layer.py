"""Listening on a Redis that is real, whose connections break."""

import asyncio
import time
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import pytest
import redis.asyncio
from channels.layers import get_channel_layer
from django.conf import settings
from redis.exceptions import ConnectionError as NoConnectionError

from api.listening import listen
from config import channel_layer
from config.channel_layer import ChannelLayer

LISTENERS = 40
PREFIX = "slipway__group__"


async def hears(group: str, begun: asyncio.Event) -> object:
    """Listen to a group until something was heard."""
    async with listen(group) as messages:
        begun.set()
        message = await asyncio.wait_for(anext(messages), 30)
        return message["number"]


async def wait_until_subscribed(other: Any, groups: list[str]) -> None:
    """Return when Redis knows somebody who listens to each."""
    deadline = time.monotonic() + 30
    while not all(number for _, number in await other.pubsub_numsub(*(PREFIX + group for group in groups))):
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)


async def listen_while_connections_are_cut(other: Any, name: str) -> None:
    """Have many begin to listen while all that listen lose their connection, and tell each something of its own."""
    groups = [f"{name}-{number}" for number in range(LISTENERS)]
    begun = [asyncio.Event() for _ in groups]
    listeners = []
    for group, each in zip(groups, begun, strict=True):
        listeners.append(asyncio.ensure_future(hears(group, each)))
        if len(listeners) % 3 == 2:
            await other.client_kill_filter(_type="pubsub")
        await asyncio.sleep(0)
    for each in begun:
        await asyncio.wait_for(each.wait(), 30)
    await wait_until_subscribed(other, groups)
    for number, group in enumerate(groups):
        await get_channel_layer().group_send(group, {"type": "told", "number": number})
    assert await asyncio.gather(*listeners) == list(range(LISTENERS))


def test_who_begins_to_listen_while_the_connection_breaks_hears_all_the_same() -> None:
    async def main() -> None:
        async with redis.asyncio.Redis.from_url(settings.REDIS_URL) as other:
            for number in range(10):
                await listen_while_connections_are_cut(other, f"cut-{number}")

    asyncio.run(main())


def layer_of(address: str) -> ChannelLayer:
    return ChannelLayer(hosts=[{"address": address, "socket_connect_timeout": 2}], prefix="slipway")


def test_who_listens_to_a_redis_that_is_away_is_told_so() -> None:
    async def main() -> None:
        with pytest.raises(NoConnectionError):
            await layer_of("redis://127.0.0.1:1/0").new_channel()

    asyncio.run(main())


def test_a_redis_that_takes_connections_and_says_nothing_is_away_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channel_layer, "ANSWER_SECONDS", 0.2)

    async def main() -> None:
        taken: list[asyncio.StreamWriter] = []
        silent = await asyncio.start_server(lambda _reader, writer: taken.append(writer), "127.0.0.1", 0)
        layer = layer_of(f"redis://127.0.0.1:{silent.sockets[0].getsockname()[1]}/0")
        with pytest.raises(NoConnectionError, match=r"did not confirm a subscription within 0\.2 s"):
            await layer.new_channel()
        await layer.flush()
        silent.close()
        for writer in taken:
            writer.close()
            await writer.wait_closed()

    asyncio.run(main())


def test_a_connection_that_says_nothing_any_more_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channel_layer, "SILENT_SECONDS", 0.2)
    monkeypatch.setattr(channel_layer, "ANSWER_SECONDS", 1)

    async def main() -> None:
        way = Way()
        server = await asyncio.start_server(way.carry, "127.0.0.1", 0)
        listening = layer_of(by_way_of(server.sockets[0].getsockname()[1]))
        channel = await listening.new_channel()
        await asyncio.sleep(1)
        assert way.opened == 1  # idle is not silent: it answers when it is asked
        way.is_blocked = True
        while way.opened == 1:
            await asyncio.sleep(0.05)
        way.is_blocked = False
        telling = layer_of(settings.REDIS_URL)
        async with redis.asyncio.Redis.from_url(settings.REDIS_URL) as other:
            while (await other.pubsub_numsub(channel))[0][1] != 1:
                await asyncio.sleep(0.05)
        await telling.send(channel, {"type": "told"})
        assert await listening.receive(channel) == {"type": "told"}
        await listening.flush()
        server.close()
        await asyncio.gather(*way.carrying)

    asyncio.run(asyncio.wait_for(main(), 60))


def by_way_of(port: int) -> str:
    """Return the address of the real Redis, at another port."""
    address = urlsplit(settings.REDIS_URL)
    return settings.REDIS_URL.replace(f"{address.hostname}:{address.port}", f"127.0.0.1:{port}")


class Way:
    """What carries bytes to the real Redis and back, until it is blocked: then they vanish, as where a host is gone."""

    def __init__(self) -> None:
        self.is_blocked = False
        self.opened = 0
        self.carrying: list[asyncio.Task[None]] = []

    def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.opened += 1
        self.carrying.append(asyncio.ensure_future(self.carry_both_ways(reader, writer)))

    async def carry_both_ways(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        address = urlsplit(settings.REDIS_URL)
        there, back = await asyncio.open_connection(address.hostname, address.port)
        ways = [asyncio.ensure_future(self.pass_on(*each)) for each in ((reader, back), (there, writer))]
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for each in (back, writer):
            each.close()
            await each.wait_closed()
        await asyncio.gather(*ways)

    async def pass_on(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while part := await source.read(10_000):
                if not self.is_blocked:
                    target.write(part)
