"""What tests of the shared cache have: an index of each test's own."""

import secrets
from collections.abc import Iterator

import pytest
import redis
from django.conf import settings as django_settings
from pytest_django import Settings
from redis.backoff import NoBackoff
from redis.retry import Retry

from api.shared_cache import index
from config.breaker import Breaker


@pytest.fixture
def shared_cache(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An index that nobody else writes to, and an nginx that is not there."""
    settings.SHARED_CACHE_ADDRESS = "127.0.0.1:1"
    prefix = f"slipway:answers:test-{secrets.token_hex(4)}:"
    monkeypatch.setattr(index, "PREFIX", prefix)
    yield
    with redis.Redis.from_url(django_settings.REDIS_URL) as server:
        for key in server.scan_iter(f"{prefix}*"):
            server.delete(key)


@pytest.fixture
def no_redis(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A Redis that does not answer."""
    away = redis.Redis(port=1, socket_connect_timeout=0.2, retry=Retry(NoBackoff(), 0))
    monkeypatch.setattr(index, "server", lambda: away)
    monkeypatch.setattr(index, "breaker", Breaker())
    for each in (index.keeping, index.taking):
        each.cache_clear()
    yield
    for each in (index.keeping, index.taking):
        each.cache_clear()
