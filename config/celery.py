"""The task queue's application object: `celery -A config.celery worker`."""

import os
from typing import Any

from celery import Celery
from celery.beat import PersistentScheduler
from celery.signals import heartbeat_sent
from django.conf import settings

from config import broker, heartbeat, worker_draining  # noqa: F401 - the last one listens

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

broker.use()
app = Celery("slipway")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@heartbeat_sent.connect
def worker_is_well(**_: Any) -> None:
    """Renew the heartbeat: the worker sends one every two seconds, while its broker takes it."""
    heartbeat.beat(settings.HEARTBEAT_FILE)


class Scheduler(PersistentScheduler):
    """Celery's scheduler, with a heartbeat."""

    def tick(self, *arguments: Any, **options: Any) -> Any:
        """Send what is due; note how long the queue is."""
        from apps.operations import samples

        seconds = super().tick(*arguments, **options)
        heartbeat.beat(settings.HEARTBEAT_FILE)
        samples.take_when_due()
        return seconds
