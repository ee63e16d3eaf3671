"""The generic cell rate algorithm, in Redis, on Redis's own clock: one key for each client, which says when its debt is paid.

A client that has been away for a window may spend the whole allowance at once, and then as fast as it comes back.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

from config import redis_clients
from config.breaker import Breaker

PREFIX = "slipway:rate:"
TIMEOUT_SECONDS = 0.5

SCRIPT = """
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local interval, allowance, amount = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local paid_at = math.max(now, tonumber(redis.call('GET', KEYS[1]) or now))
local room = now + allowance * interval - paid_at
if room < amount * interval then
  return {0, math.floor(math.max(0, room) / interval), math.ceil((amount * interval - room) / 1000000)}
end
paid_at = paid_at + amount * interval
redis.call('SET', KEYS[1], string.format('%.0f', paid_at), 'PX', math.ceil((paid_at - now) / 1000))
return {1, math.floor((room - amount * interval) / interval), math.ceil((paid_at - now) / 1000000)}
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """Whether an amount was granted, what remains, and in how many seconds: all is back, or the amount can be had."""

    is_granted: bool
    remaining: int
    seconds: int


class RedisAwayError(Exception):
    """Redis does not answer, so nothing is known."""


breaker = Breaker()


@cache
def server() -> redis.Redis:
    """Return Redis, which answers soon or not at all."""
    return redis_clients.client(
        settings.CACHE_REDIS_URL,
        socket_timeout=TIMEOUT_SECONDS,
        socket_connect_timeout=TIMEOUT_SECONDS,
        retry=Retry(NoBackoff(), 0),
    )


@cache
def script() -> Any:
    """Return the script at Redis, called by its hash."""
    return server().register_script(SCRIPT)


def take(key: str, amount: int, *, allowance: int, window_seconds: int) -> Standing:
    """Take an amount from what a client may spend; raises RedisAwayError."""
    if breaker.is_open:
        raise RedisAwayError
    interval = window_seconds * 1_000_000 / allowance
    try:
        granted, remaining, seconds = script()(keys=[PREFIX + key], args=[interval, allowance, amount])
    except redis.RedisError as error:
        breaker.open()
        raise RedisAwayError from error
    return Standing(is_granted=bool(granted), remaining=int(remaining), seconds=int(seconds))
