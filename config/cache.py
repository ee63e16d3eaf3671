"""The cache: Django's own over Redis, which counts what it finds and what it does not, and may ask Sentinels where Redis is."""

from collections.abc import Iterable
from typing import Any

from django.core.cache.backends.redis import RedisCache, RedisCacheClient

from config import redis_clients
from config.measuring import numbers

NOTHING = object()


class Client(RedisCacheClient):
    """A client of one address, of any kind that we know."""

    def __init__(self, servers: list[str], **options: Any) -> None:
        super().__init__(servers, **options)
        self._connections = redis_clients.pool(servers[0], **options)

    def _get_connection_pool(self, write: bool) -> Any:  # noqa: FBT001, ARG002 - the signature is Django's
        return self._connections


class CountingCache(RedisCache):
    """A cache whose lookups are counted."""

    def __init__(self, server: Any, parameters: dict[str, Any]) -> None:
        super().__init__(server, parameters)
        self._class = Client

    def get(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        """Return a value."""
        found = super().get(key, NOTHING, version)
        numbers.count_lookup("application", is_there=found is not NOTHING)
        return default if found is NOTHING else found

    def get_many(self, keys: Iterable[Any], version: int | None = None) -> dict[Any, Any]:
        """Return the values that are there."""
        wanted = list(keys)
        found: dict[Any, Any] = super().get_many(wanted, version)
        for key in wanted:
            numbers.count_lookup("application", is_there=key in found)
        return found
