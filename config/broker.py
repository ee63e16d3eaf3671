"""The broker's transport: kombu's own, whose worker survives a Redis that dies while tasks are in hand.

Kombu 5.7 puts unacknowledged tasks back when it closes a lost connection, and acknowledges what finished since, through that
very connection, and the worker ends with "Unrecoverable error: 'NoneType' object has no attribute 'hostname'". There is no
need to: Redis keeps a list of what is not acknowledged, and hands it out again after the visibility timeout.
"""

import logging
from typing import Any

import kombu.transport
from kombu.transport import redis
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError

logger = logging.getLogger("slipway.tasks")


class QoS(redis.QoS):
    """Leaves to the visibility timeout what can't be put back."""

    def restore_unacked(self, client: Any = None) -> None:
        """Put unacknowledged tasks back, where the connection still can."""
        delivered: dict[str, Any] = self._delivered or {}
        try:
            super().restore_unacked(client)
        except (OSError, RedisError) as error:
            logger.warning("tasks in hand come back later", extra={"tasks": len(delivered), "error": str(error)})
            delivered.clear()


class Channel(redis.Channel):
    """A channel that says it when its connection is gone, in terms that the worker takes as a lost connection."""

    QoS = QoS

    def _connparams(self, *arguments: Any, **options: Any) -> Any:
        if self.connection is None or self.connection.client is None:
            raise RedisConnectionError("this channel was closed with its connection")
        return super()._connparams(*arguments, **options)  # type: ignore[misc]  # its stubs leave this method out


class SentinelChannel(Channel, redis.SentinelChannel):
    """The same of the server that Sentinels name."""


class Transport(redis.Transport):
    """A transport with our channel."""

    Channel = Channel


class SentinelTransport(redis.SentinelTransport):
    """A transport with our channel, by Sentinels."""

    Channel = SentinelChannel


def use() -> None:
    """Make it the transport of every Redis address in this process."""
    for scheme in ("redis", "rediss", "redis+socket"):
        kombu.transport.TRANSPORT_ALIASES[scheme] = "config.broker:Transport"
    kombu.transport.TRANSPORT_ALIASES["sentinel"] = "config.broker:SentinelTransport"
