"""`photoChanged`: tells who watches an album of each change to its photos, with the permissions of the query."""

from collections.abc import AsyncGenerator
from enum import Enum
from typing import Any
from uuid import UUID

import strawberry
from channels.db import database_sync_to_async
from strawberry import relay

from api.context import Context, Info
from api.errors import ForbiddenError, NotFoundError
from api.fields import subscription
from api.nodes import row_id
from apps.gallery import events, selectors
from apps.gallery.types import Photo


@strawberry.enum(description="What happened to a photo.")
class PhotoChangeKind(Enum):
    """A photo becoming READY or FAILED is an update."""

    CREATED = "CREATED"
    UPDATED = "UPDATED"
    DELETED = "DELETED"


@strawberry.type(description="A change to a photo of an album.")
class PhotoChange:
    """`photo` is as of now, and null once it is deleted."""

    kind: PhotoChangeKind
    photo_id: strawberry.ID
    photo: Photo | None


def may_watch(context: Context, album_id: UUID) -> bool:
    """Tell whether the viewer, as of now, may see the album."""
    context.forget_viewer()
    return selectors.visible_albums(context.viewer).filter(pk=album_id).exists()


def change_for(context: Context, album_id: UUID, message: dict[str, Any]) -> PhotoChange | None:
    """Return what to tell the viewer of a message; None where the photo is not theirs to see. Raises NotFoundError."""
    if not may_watch(context, album_id):
        raise NotFoundError("There is no such album any more.")
    photo_id = UUID(message["photo_id"])
    photo: Any = selectors.visible_photos(context.viewer).filter(pk=photo_id, album=album_id).first()
    kind = PhotoChangeKind(message["kind"])
    if photo is None and kind != PhotoChangeKind.DELETED:
        return None  # not ready yet, which is its owner's alone to see; or deleted since, of which a message follows
    return PhotoChange(kind=kind, photo_id=strawberry.ID(str(relay.GlobalID("Photo", str(photo_id)))), photo=photo)


@strawberry.type
class Subscription:
    """What can be watched."""

    @subscription(description="Changes to an album's photos, from now on.")
    async def photo_changed(self, info: Info, album_id: strawberry.ID) -> AsyncGenerator[PhotoChange, None]:
        """Yield a change for each message about the album that the viewer may know of."""
        context, consumer = info.context, info.context.consumer
        if consumer is None:
            raise ForbiddenError("Subscriptions are sent over a WebSocket.")
        album = row_id(album_id, "Album")
        async with consumer.listen_to_channel(events.MESSAGE_TYPE, groups=[events.group_of(album)]) as messages:
            # Only now that nothing can be missed: who may watch is asked after the watching has begun.
            if not await database_sync_to_async(may_watch)(context, album):
                raise NotFoundError("There is no such album.")
            async for message in messages:
                change = await database_sync_to_async(change_for)(context, album, message)
                if change is not None:
                    yield change
