"""What the worker does for the gallery. Each task may come twice: see apps.gallery.renditions."""

from typing import Any
from uuid import UUID

from celery import shared_task
from django.db import OperationalError
from redis.exceptions import ConnectionError as RedisConnectionError

from apps.gallery import files, renditions

# A database, Redis or bucket that is away comes back: wait for it rather than lose the task.
RETRY: dict[str, Any] = {
    "autoretry_for": (OperationalError, RedisConnectionError, OSError),
    "retry_backoff": 2,
    "retry_backoff_max": 60,
    "max_retries": 10,
}


@shared_task(name="gallery.make_renditions", **RETRY)
def make_renditions(photo_id: str) -> None:
    """Make a photo's renditions."""
    renditions.make(UUID(photo_id))


@shared_task(name="gallery.place_renditions", **RETRY)
def place_renditions(album_id: str) -> None:
    """Move an album's renditions to where its visibility says."""
    renditions.place(UUID(album_id))


@shared_task(name="gallery.requeue_pending_photos")
def requeue_pending_photos() -> None:
    """Send again what the broker never got."""
    renditions.requeue_pending()


@shared_task(name="gallery.delete_files", **RETRY)
def delete_files(*names: str) -> None:
    """Delete files that could not be deleted when their rows were."""
    if left := files.delete_all(names):
        raise OSError(f"cannot delete {', '.join(left)}")
