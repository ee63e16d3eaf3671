"""What the queue was like, once a minute for a day, in Redis: taken by the scheduler, which goes on where no worker does."""

import contextlib
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass

import redis

from apps.operations import queue

KEY = "slipway:operations:queue"
EVERY_SECONDS = 60.0
KEPT = 24 * 60
FORGET_SECONDS = 2 * 86_400  # what has a time to live may be evicted, where Redis is full of better things

_taken = -EVERY_SECONDS


@dataclass(frozen=True, kw_only=True, slots=True)
class Sample:
    """The queue at a moment, in seconds since 1970."""

    at: float
    waiting: int
    running: int


@contextmanager
def away_is_nothing() -> Iterator[None]:
    """Let Redis be away."""
    with contextlib.suppress(redis.RedisError):
        yield


def take_when_due() -> None:
    """Take a sample where the last is a minute old. Called every few seconds."""
    global _taken  # noqa: PLW0603 - the scheduler is one process and one thread
    if time.monotonic() - _taken >= EVERY_SECONDS:
        _taken = time.monotonic()
        take()


def take() -> None:
    """Take a sample."""
    found = queue.depth()
    if found is None:
        return
    sample = Sample(at=time.time(), waiting=found.waiting, running=found.running)
    with away_is_nothing(), queue.server().pipeline(transaction=False) as pipe:
        pipe.lpush(KEY, json.dumps(asdict(sample)))
        pipe.ltrim(KEY, 0, KEPT - 1)
        pipe.expire(KEY, FORGET_SECONDS)
        pipe.execute()


def read() -> list[Sample]:
    """Return the samples, the newest last; none where Redis is away."""
    with away_is_nothing():
        return [Sample(**json.loads(each)) for each in reversed(queue.server().lrange(KEY, 0, KEPT - 1))]
    return []
