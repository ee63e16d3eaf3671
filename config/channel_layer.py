"""The channel layer over Redis: channels_redis', with a connection for listening that one task alone opens, reads and closes.

In channels_redis 4.3 whoever subscribes opens it too. Where that meets the reader's own reconnecting, two sockets are opened
for one connection, and what was subscribed on the one that lost is not subscribed again: its subscriber hears nothing.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING, Any

import redis
from channels_redis.pubsub import RedisPubSubChannelLayer, RedisPubSubLoopLayer, RedisSingleShardConnection
from channels_redis.utils import _wrap_close, create_pool, decode_hosts
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as NoConnectionError
from redis.exceptions import RedisError
from redis.retry import Retry

from config import redis_clients

if TYPE_CHECKING:
    from collections.abc import Mapping

logger = logging.getLogger("slipway.channel_layer")

ANSWER_SECONDS = 5.0
SILENT_SECONDS = 15.0  # then it is asked for a sign of life, and after as long again given up: its host may be gone
PAUSE_SECONDS = 0.1
TELL_SECONDS = 2.0


class Listening(RedisSingleShardConnection):  # type: ignore[misc]  # it has no types
    """What one process listens to on one Redis."""

    def __init__(self, host: Mapping[str, Any], layer: RedisPubSubLoopLayer) -> None:
        super().__init__(host, layer)
        self._wanted: dict[str, asyncio.Future[None]] = {}  # each channel, and whether Redis has confirmed it
        self._connection: Any = None  # set while it is open and told of all that is wanted

    async def subscribe(self, channel: str) -> None:
        """Listen to a channel. Returns when Redis has confirmed it; raises redis' ConnectionError where it does not."""
        confirmed = self._wanted.get(channel)
        if confirmed is None:
            confirmed = self._wanted[channel] = asyncio.get_running_loop().create_future()
            self._ensure_receiver()
            await self._tell("SUBSCRIBE", channel)
        try:
            await asyncio.wait_for(asyncio.shield(confirmed), ANSWER_SECONDS)
        except TimeoutError:
            raise NoConnectionError(f"Redis did not confirm a subscription within {ANSWER_SECONDS:g} s") from None

    async def unsubscribe(self, channel: str) -> None:
        """Listen to a channel no more."""
        if self._wanted.pop(channel, None):
            await self._tell("UNSUBSCRIBE", channel)

    async def flush(self) -> None:
        """Forget everything, and close what is open."""
        self._wanted = {}
        await super().flush()

    async def _tell(self, command: str, channel: str) -> None:
        """Send a command, if the connection is open; if it is not, the next one is told of all that is wanted then."""
        if self._connection is not None and self._connection.is_connected:
            with suppress(RedisError, OSError):  # the reader meets the same, and opens the next one
                await self._connection.send_command(command, channel, check_health=False)

    async def _do_receiving(self) -> None:
        """Keep a connection open for ever, and hand on what comes."""
        # Without a limit of the connection's own a command is written at once, in order, and not by a task that finds it closed.
        pool = create_pool({**self.host, "socket_timeout": None})
        is_away = False
        while True:
            connection = pool.make_connection()
            try:
                await asyncio.wait_for(connection.connect(), ANSWER_SECONDS)
                if is_away:
                    logger.info("listening to Redis again", extra={"channels": len(self._wanted)})
                is_away = False
                await self._read(connection)
            except (RedisError, OSError) as error:
                if not is_away:
                    logger.warning("cannot listen to Redis", extra={"error": str(error), "channels": len(self._wanted)})
                if self._connection is None:  # it could not be opened; where it broke, the next one may well do
                    self._refuse(error)
                is_away = True
            finally:
                self._connection = None
                with suppress(RedisError, OSError):
                    await connection.disconnect(nowait=True)
            await asyncio.sleep(PAUSE_SECONDS)

    async def _read(self, connection: Any) -> None:
        """Ask for all that is wanted, and hand on what comes until the connection ends, which raises."""
        self._connection = connection
        if self._wanted:
            await connection.send_command("SUBSCRIBE", *self._wanted, check_health=False)
        is_asked = False
        while True:
            answer = await connection.read_response(
                timeout=SILENT_SECONDS, disconnect_on_error=False, push_request=True
            )
            if answer is not None:
                is_asked = False
                self._take(answer)
            elif is_asked:
                raise NoConnectionError(f"Redis did not answer for {2 * SILENT_SECONDS:g} s")
            else:
                is_asked = True
                await connection.send_command("PING", check_health=False)

    def _take(self, answer: Any) -> None:
        """Hand on a message, or note that a subscription is confirmed."""
        match answer:
            case [b"message", channel, data]:
                self._receive_message({"channel": channel, "data": data})
            case [b"subscribe", channel, _]:
                confirmed = self._wanted.get(channel.decode())
                if confirmed and not confirmed.done():
                    confirmed.set_result(None)

    def _refuse(self, error: Exception) -> None:
        """Tell whoever waits to be confirmed that Redis is away; who is confirmed is subscribed again once it is back."""
        for channel, confirmed in list(self._wanted.items()):
            if not confirmed.done():
                del self._wanted[channel]
                confirmed.set_exception(NoConnectionError(str(error)))
                confirmed.exception()  # seen, also where nobody waits any more


class LoopLayer(RedisPubSubLoopLayer):  # type: ignore[misc]  # it has no types
    """The layer of one event loop."""

    def __init__(self, *, hosts: list[Any], **options: Any) -> None:
        super().__init__(hosts=hosts, **options)
        self._shards = [Listening(redis_clients.channel_host(host), self) for host in decode_hosts(hosts)]


class ChannelLayer(RedisPubSubChannelLayer):  # type: ignore[misc]  # it has no types
    """The layer of a process."""

    def tell(self, group: str, message: Mapping[str, Any]) -> None:
        """Send a message to a group, from a thread, on a connection that is kept; raises RedisError.

        `async_to_sync` would begin an event loop for it, and in that one a layer with connections of its own.
        """
        self._server.publish(f"{self._kwargs['prefix']}__group__{group}", self.serialize(message))

    @cached_property
    def _server(self) -> redis.Redis:
        (host,) = decode_hosts(self._kwargs["hosts"])
        # Once more, where the connection has died meanwhile.
        return redis_clients.client(
            host["address"],
            socket_connect_timeout=TELL_SECONDS,
            socket_timeout=TELL_SECONDS,
            retry=Retry(NoBackoff(), 1),
        )

    def _get_layer(self) -> Any:
        loop = asyncio.get_running_loop()
        if loop not in self._layers:
            self._layers[loop] = LoopLayer(*self._args, **self._kwargs, channel_layer=self)
            _wrap_close(self, loop)
        return self._layers[loop]
