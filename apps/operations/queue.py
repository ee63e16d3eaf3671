"""How much waits in the task queue. Reads Redis, which answers soon or not at all."""

from dataclasses import dataclass
from functools import cache

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

from config import redis_clients

TIMEOUT_SECONDS = 1.0
UNACKNOWLEDGED = "unacked"  # kombu's name for what workers have in hand


@dataclass(frozen=True, kw_only=True, slots=True)
class Depth:
    """Tasks that wait, and tasks that a worker has in hand."""

    waiting: int
    running: int


@cache
def server() -> "redis.Redis":
    """Return the broker."""
    return redis_clients.client(
        settings.BROKER_REDIS_URL,
        socket_timeout=TIMEOUT_SECONDS,
        socket_connect_timeout=TIMEOUT_SECONDS,
        retry=Retry(NoBackoff(), 0),
    )


def depth() -> Depth | None:
    """Return how much there is, None where Redis does not say."""
    from config.celery import app

    try:
        with server().pipeline(transaction=False) as pipe:
            pipe.llen(app.conf.task_default_queue)
            pipe.hlen(UNACKNOWLEDGED)
            waiting, running = pipe.execute()
    except redis.RedisError:
        return None
    return Depth(waiting=waiting, running=running)
