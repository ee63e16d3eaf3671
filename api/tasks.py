"""What the worker does for the GraphQL server."""

import logging
from typing import Any

from celery import shared_task

from api.shared_cache import nginx, purging
from config.measuring.numbers import count_forgotten

logger = logging.getLogger("slipway.shared_cache")

SECONDS = 10.0
RETRIES_MAX = 6  # a minute in all: nginx keeps nothing for much longer


@shared_task(name=purging.TASK, bind=True, max_retries=RETRIES_MAX)
def forget_answers(self: Any, keys: list[str]) -> None:
    """Have every nginx forget answers, and try again what one of them has not."""
    left = nginx.forget(keys, seconds=SECONDS)
    count_forgotten(len(keys) - len(left), when="later")
    if left and self.request.retries < RETRIES_MAX:
        raise self.retry(args=[left], countdown=2**self.request.retries)
    if left:
        logger.warning(
            "nginx has not forgotten answers, which it does when their time is up", extra={"answers": len(left)}
        )
