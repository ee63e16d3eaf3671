"""Asks each thing that the application stands on whether it is there. Tells no secret and raises nothing."""

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooSlowError
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.db import close_old_connections, connection
from django.db.migrations.executor import MigrationExecutor

from config.media.place import media

logger = logging.getLogger("slipway.health")

LIMIT_SECONDS = 6.0
WORKER_ANSWER_SECONDS = 1.0


class DownError(Exception):
    """A dependency is not as it has to be; the message may be shown to anybody."""


def database() -> str:
    """Ask the database for one row."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return "answers"


def cached() -> str:
    """Write to the cache and read it back."""
    cache.set("health", "written", timeout=10)
    if cache.get("health") != "written":
        raise DownError("does not keep what is written")
    return "answers"


def worker_queue() -> str:
    """Ask the broker how much waits, and whether a worker listens."""
    from config.celery import app

    with app.connection_for_read() as broker:
        broker.ensure_connection(max_retries=0, timeout=1)
        channel: Any = broker.default_channel
        waiting: int = channel._size(app.conf.task_default_queue)  # noqa: SLF001 - kombu's only way to a queue's length
    if not app.control.ping(timeout=WORKER_ANSWER_SECONDS, limit=1):
        raise DownError(f"no worker answers; {waiting} tasks wait")
    return f"a worker answers; {waiting} tasks wait"


_is_migrated = False


def migrations() -> str:
    """Compare the migrations in the code with those in the database. Once they agree, they agree until the process ends."""
    global _is_migrated  # noqa: PLW0603 - the plan costs some 50 ms, and a process's own migrations never change
    if not _is_migrated:
        executor = MigrationExecutor(connection)
        pending = executor.migration_plan(executor.loader.graph.leaf_nodes())
        if pending:
            raise DownError(f"{len(pending)} not applied")
        _is_migrated = True
    return "applied"


DEPENDENCIES: dict[str, Callable[[], str]] = {
    "database": database,
    "cache": cached,
    "worker queue": worker_queue,
    "migrations": migrations,
}


def bucket() -> str:
    """Ask the bucket of media whether it is there."""
    media().look()
    return "answers"


def wanted() -> dict[str, Callable[[], str]]:
    """Return whom to ask: the bucket too, where there is one."""
    return DEPENDENCIES | ({"media": bucket} if settings.MEDIA_STORAGE_URL else {})


_threads = ThreadPoolExecutor(max_workers=len(DEPENDENCIES) + 1, thread_name_prefix="health")


def look(ask: Callable[[], str]) -> dict[str, str]:
    """Return how one dependency is: `status` is up or down, `detail` says more."""
    try:
        close_old_connections()
        return {"status": "up", "detail": ask()}
    except DownError as error:
        return {"status": "down", "detail": str(error)}
    except Exception as error:  # noqa: BLE001 - whatever it is, the dependency is not usable
        logger.warning("a dependency is away", extra={"error": f"{type(error).__name__}: {error}"[:500]})
        return {"status": "down", "detail": f"does not answer ({type(error).__name__})"}
    finally:
        close_old_connections()


def report() -> dict[str, dict[str, str]]:
    """Return how each dependency is, asked side by side, within about LIMIT_SECONDS."""
    asked = {name: _threads.submit(look, ask) for name, ask in wanted().items()}
    found = {}
    for name, answer in asked.items():
        try:
            found[name] = answer.result(timeout=LIMIT_SECONDS)
        except TooSlowError:
            found[name] = {"status": "down", "detail": f"no answer within {LIMIT_SECONDS:.0f} s"}
    return found
