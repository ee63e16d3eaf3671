"""The cache: Django's own over Redis, which counts what it finds and what it does not."""

from collections.abc import Iterable
from typing import Any

from django.core.cache.backends.redis import RedisCache

from config.measuring import numbers

NOTHING = object()


class CountingCache(RedisCache):
    """A cache whose lookups are counted."""

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
