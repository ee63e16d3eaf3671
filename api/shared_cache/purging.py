"""Has kept answers forgotten once what they were made of has changed. Whoever writes calls `purge_on_commit`."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import transaction
from kombu.exceptions import OperationalError as BrokerError

from api.gcra import RedisAwayError
from api.shared_cache import index, nginx
from config.measuring.numbers import count_forgotten

if TYPE_CHECKING:
    from collections.abc import Iterable

logger = logging.getLogger("slipway.shared_cache")

AT_ONCE_SECONDS = 1.0  # so long a write waits for nginx at most; a task does the rest
# For an answer on its way it waits until that is sent, and a moment longer, until nginx has it; later it is forgotten once more.
SENT_SECONDS, ARRIVED_SECONDS, ONCE_MORE_SECONDS = 0.5, 0.03, 2
TASK, TASK_KEYS = "shared_cache.forget", 500


class Purge:
    """What is done after a commit: one for all the writes of a transaction."""

    def __init__(self) -> None:
        self.surrogates: set[str] = set()

    def do(self) -> None:
        """Do it. A method, as Django wants to call what fails by its name."""
        purge(self.surrogates)


def purge_on_commit(*surrogates: str) -> None:
    """Forget what was made of any of these, once the change can be seen. In whatever order writes and rollbacks come."""
    if not settings.SHARED_CACHE_ADDRESS:
        return
    connection = transaction.get_connection()
    inside = set(connection.savepoint_ids)
    waiting = (getattr(do, "__self__", None) for sids, do, _ in connection.run_on_commit if sids <= inside)
    found = next((each for each in waiting if isinstance(each, Purge)), None)
    if found is None:
        found = Purge()
        found.surrogates.update(surrogates)
        transaction.on_commit(found.do, robust=True)
    else:  # it is done whenever this write is kept; where this one is not, it is done for nothing
        found.surrogates.update(surrogates)


def purge(surrogates: Iterable[str]) -> None:
    """Forget now what was made of any of these. What cannot be told to nginx now is by a task."""
    try:
        taken = index.take(sorted(surrogates))
        left = told(taken.keys)
        if taken.sending:
            index.wait_until_sent(taken, seconds=SENT_SECONDS)
            time.sleep(ARRIVED_SECONDS)
            left += told(taken.on_their_way)
            later(taken.on_their_way, seconds=ONCE_MORE_SECONDS)
    except RedisAwayError:
        logger.warning("cannot look up which answers are kept: nginx forgets them when their time is up")
        return
    later(sorted(set(left)), seconds=0)


def told(keys: list[str]) -> list[str]:
    """Tell nginx, and return what it has not forgotten."""
    left = nginx.forget(keys, seconds=AT_ONCE_SECONDS) if keys else []
    count_forgotten(len(keys) - len(left), when="at_once")
    return left


def later(keys: list[str], *, seconds: float) -> None:
    """Have the worker see to it that these are forgotten, in so many seconds."""
    from config.celery import app

    try:
        for place in range(0, len(keys), TASK_KEYS):
            app.send_task(TASK, args=[keys[place : place + TASK_KEYS]], countdown=seconds)
    except (BrokerError, OSError) as error:
        logger.warning(
            "cannot enqueue a task; nginx forgets answers when their time is up", extra={"error": str(error)}
        )
