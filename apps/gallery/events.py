"""Tell who is watching an album that a photo of it changed. Through Redis; a change is told after its commit."""

import logging
from typing import Literal
from uuid import UUID

from channels.layers import get_channel_layer
from django.db import transaction
from redis.exceptions import RedisError

logger = logging.getLogger("slipway.gallery")

MESSAGE_TYPE = "photo.changed"
Kind = Literal["CREATED", "UPDATED", "DELETED"]


def group_of(album_id: UUID) -> str:
    """Return the channel layer's group of an album."""
    return f"album.{album_id}"


def publish_on_commit(album_id: UUID, *, photo_id: UUID, kind: Kind) -> None:
    """Tell the album's watchers once the change can be seen by them."""
    transaction.on_commit(lambda: publish(album_id, photo_id=photo_id, kind=kind), robust=True)


def publish(album_id: UUID, *, photo_id: UUID, kind: Kind) -> None:
    """Tell the album's watchers now. Where Redis is away this is logged and lost: the change itself is in the database."""
    message = {"type": MESSAGE_TYPE, "photo_id": str(photo_id), "kind": kind}
    try:
        get_channel_layer().tell(group_of(album_id), message)
    except (OSError, RedisError) as error:
        logger.warning("cannot tell watchers of a change", extra={"photo": str(photo_id), "error": str(error)})
