"""`photoChanged`: tells who watches an album of each change to its photos, with the permissions of the query."""

from collections.abc import AsyncGenerator
from enum import Enum
from functools import partial
from typing import Annotated, Any
from uuid import UUID

import strawberry
from strawberry import relay

from api import threads
from api.context import Context, Info
from api.errors import NotFoundError
from api.fields import subscription
from api.listening import listen
from api.messages import event
from api.nodes import row_id
from apps.gallery import events, selectors
from apps.gallery.types import Photo


@strawberry.enum(description="What happened to a photo.")
class PhotoChangeKind(Enum):
    """A photo becoming READY or FAILED is an update."""

    CREATED = strawberry.enum_value("CREATED", description="It was uploaded, or can be seen now.")
    UPDATED = strawberry.enum_value("UPDATED", description="Something of it is another now, its state too.")
    DELETED = strawberry.enum_value("DELETED", description="It is gone.")


@strawberry.type(description="A change to a photo of an album.")
class PhotoChange:
    """`photo` is as of now, and null once it is deleted."""

    kind: PhotoChangeKind = strawberry.field(description="What happened.")
    photo_id: strawberry.ID = strawberry.field(description="To which photo.")
    photo: Photo | None = strawberry.field(description="The photo as of now; null once it is deleted.")


def require_may_watch(context: Context, album_id: UUID) -> None:
    """Raise NotFoundError where the viewer may not see the album."""
    if not selectors.visible_albums(context.viewer).filter(pk=album_id).exists():
        raise NotFoundError("There is no such album.")


def change_for(context: Context, album_id: UUID, message: dict[str, Any]) -> PhotoChange | None:
    """Return what to tell the viewer of a message; None where the photo is not theirs to see. Raises NotFoundError."""
    photo_id, kind = UUID(message["photo_id"]), PhotoChangeKind(message["kind"])
    photo: Any = selectors.watched_photo(viewer=context.viewer, key=photo_id, album=album_id)
    if photo is None:
        require_may_watch(context, album_id)
    if photo is None and kind != PhotoChangeKind.DELETED:
        return None  # not ready yet, which is its owner's alone to see; or deleted since, of which a message follows
    return PhotoChange(kind=kind, photo_id=strawberry.ID(str(relay.GlobalID("Photo", str(photo_id)))), photo=photo)


@strawberry.type
class Subscription:
    """What can be watched."""

    @subscription(description="Changes to an album's photos, from now on.")
    async def photo_changed(
        self, info: Info, album_id: Annotated[strawberry.ID, strawberry.argument(description="The album.")]
    ) -> AsyncGenerator[PhotoChange, None]:
        """Yield a change for each message about the album that the viewer may know of."""
        context, album = info.context, row_id(album_id, "Album")
        async with listen(events.group_of(album)) as messages:
            # Only now that nothing can be missed: who may watch is asked after the watching has begun, and as of then.
            context.forget_viewer()
            await threads.run(lambda: require_may_watch(context, album))
            async for message in messages:
                yield event(message, partial(change_for, context, album, message))
