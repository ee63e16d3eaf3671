"""Removes what the application has cached of the database that is no more. Leaves tasks and subscriptions in the same Redis alone."""

from dataclasses import dataclass, field

import redis

from config import redis_clients
from config.redis_address import RedisAddressError

PATTERN = "slipway:*"  # CACHES["default"]["KEY_PREFIX"] in config/settings.py, and what Django puts behind it
BATCH = 1000


@dataclass(frozen=True, kw_only=True)
class Cache:
    """Where the cache is; `password` is for an address that has none."""

    url: str
    password: str | None = field(repr=False)


def flush(cache: Cache | None) -> str:
    """Remove the cache's keys; return what went wrong."""
    if cache is None:
        return "REDIS_URL is not set"
    limits = {"socket_timeout": 5, "socket_connect_timeout": 5}
    try:
        remove(redis_clients.client(cache.url, **limits, **({"password": cache.password} if cache.password else {})))
    except (redis.RedisError, RedisAddressError) as error:
        return str(error)
    return ""


def remove(client: redis.Redis) -> None:
    """Remove the cache's keys, some at a time. Raises redis.RedisError."""
    with client:
        cursor = None
        while cursor != 0:
            cursor, keys = client.scan(cursor or 0, match=PATTERN, count=BATCH)
            if keys:
                client.unlink(*keys)
