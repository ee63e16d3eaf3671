"""After a restore nothing is cached of the database that is no more; tasks and subscriptions, in the same Redis, stay."""

from collections.abc import Iterator
from secrets import token_hex

import pytest
import redis
from django.conf import settings as application
from django.core.cache import cache

from config.celery import app
from ops.backup.sets import BackupSet
from ops.errors import DONE
from ops.restore import command
from ops.restore.caches import BATCH, PATTERN, Cache
from tests.ops.restore.conftest import lose_rows, rows

RESTORE = ("latest", "--overwrite", "--without-safety-backup", "--without-application-check")
MANY = BATCH + BATCH // 2


@pytest.fixture
def valkey(monkeypatch: pytest.MonkeyPatch) -> Iterator[redis.Redis]:
    """The server that the application's cache, tasks and subscriptions are in, and of which the restore is told."""
    monkeypatch.setenv("REDIS_URL", application.REDIS_URL)
    with redis.Redis.from_url(application.REDIS_URL) as client:
        yield client


@pytest.fixture
def queue(valkey: redis.Redis) -> Iterator[str]:
    """A queue with a task that no worker takes."""
    name = f"kept-{token_hex(4)}"
    app.send_task("apps.gallery.tasks.render", args=["nobody's"], queue=name)
    assert valkey.llen(name) == 1
    yield name
    valkey.delete(name, f"_kombu.binding.{name}")


def cached() -> None:
    """Cache more than is removed at once."""
    cache.set_many({f"of-the-old-database:{number}": number for number in range(MANY)})


def left(valkey: redis.Redis) -> int:
    """Return how much is cached."""
    return sum(1 for _ in valkey.scan_iter(PATTERN, count=BATCH))


def test_what_is_cached_goes_with_a_restore_and_with_its_undo(backup_set: BackupSet, valkey: redis.Redis) -> None:
    for arguments in (RESTORE, ("--undo",)):
        cached()
        assert left(valkey) >= MANY
        assert command.main([*arguments]) == DONE
        assert left(valkey) == 0
        assert cache.get("of-the-old-database:0") is None


def test_tasks_and_subscriptions_stay(backup_set: BackupSet, valkey: redis.Redis, queue: str) -> None:
    channel = "slipway__group__kept"  # as channels_redis names one
    with valkey.pubsub(ignore_subscribe_messages=True) as subscriber:  # type: ignore[no-untyped-call]  # redis leaves it out
        subscriber.subscribe(channel)
        cached()
        assert command.main([*RESTORE]) == DONE
        assert valkey.publish(channel, "still there") == 1
        subscriber.get_message(timeout=10)
        told = subscriber.get_message(timeout=10)
        assert told is not None
        assert told["data"] == b"still there"
    assert valkey.llen(queue) == 1
    assert left(valkey) == 0


def test_the_password_may_be_apart_from_the_address(
    backup_set: BackupSet, valkey: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By somebody who may touch what is cached, and nothing else."""
    commands = ["+scan", "+unlink", "+client"]
    valkey.acl_setuser("flusher", enabled=True, passwords=["+se cret"], keys=[PATTERN], commands=commands)
    monkeypatch.setenv("REDIS_URL", f"redis://flusher@{application.REDIS_URL.rpartition('@')[2]}")
    monkeypatch.setenv("REDIS_PASSWORD", "se cret")
    try:
        cached()
        assert command.main([*RESTORE]) == DONE
    finally:
        valkey.acl_deluser("flusher")
    assert left(valkey) == 0


def test_a_cache_that_is_away_costs_no_restore_and_is_told(
    backup_set: BackupSet, url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1/0")  # nobody there
    before = rows(url)
    lose_rows(url)
    assert command.main([*RESTORE]) == DONE
    assert rows(url) == before
    printed = capsys.readouterr().err
    assert "refused. It goes by itself, after CACHE_TIMEOUT_SECONDS" in printed


def test_the_cache_may_be_another_redis_than_the_one_for_the_rest() -> None:
    environment = {"REDIS_URL": "redis://redis", "REDIS_PASSWORD": "p", "CACHE_REDIS_URL": "rediss://:q@cache.test"}
    assert command.cache_of(environment) == Cache(url="rediss://:q@cache.test", password=None)
