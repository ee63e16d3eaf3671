"""The broker's transport: kombu's own, whose worker survives a Redis that dies while tasks are in hand.

Kombu 5.7 puts unacknowledged tasks back when it closes a lost connection, through that very connection, and the worker ends
with "Unrecoverable error: 'NoneType' object has no attribute 'hostname'". There is no need to: Redis keeps a list of what is
not acknowledged, and hands it out again after the visibility timeout.
"""

import logging
from typing import Any

import kombu.transport
from kombu.transport import redis
from redis.exceptions import RedisError

logger = logging.getLogger("slipway.tasks")


class QoS(redis.QoS):  # type: ignore[misc]  # kombu ships no types
    """Leaves to the visibility timeout what can't be put back."""

    def restore_unacked(self, client: Any = None) -> None:
        """Put unacknowledged tasks back, where the connection still can."""
        try:
            super().restore_unacked(client)
        except (AttributeError, OSError, RedisError) as error:
            waiting = len(self._delivered)
            logger.warning("tasks in hand come back later", extra={"tasks": waiting, "error": str(error)})
            self._delivered.clear()


class Channel(redis.Channel):  # type: ignore[misc]  # kombu ships no types
    """A channel with our bookkeeping."""

    QoS = QoS


class Transport(redis.Transport):  # type: ignore[misc]  # kombu ships no types
    """A transport with our channel."""

    Channel = Channel


def use() -> None:
    """Make it the transport of every Redis address in this process."""
    for scheme in ("redis", "rediss", "redis+socket"):
        kombu.transport.TRANSPORT_ALIASES[scheme] = "config.broker:Transport"
