"""The orderings that lists of the gallery have, each with an index behind it (see models)."""

from enum import Enum

import strawberry

from api.keyset import Ordering


@strawberry.enum(description="How photos are ordered: by upload, or by when they were taken.")
class PhotoOrder(Enum):
    """`TAKEN_…` counts a photo whose file does not say when it was taken as taken when it was uploaded."""

    NEWEST = strawberry.enum_value("NEWEST", description="Uploaded last, first.")
    OLDEST = strawberry.enum_value("OLDEST", description="Uploaded first, first.")
    TAKEN_NEWEST = strawberry.enum_value("TAKEN_NEWEST", description="Taken last, first.")
    TAKEN_OLDEST = strawberry.enum_value("TAKEN_OLDEST", description="Taken first, first.")


@strawberry.enum(description="How albums are ordered.")
class AlbumOrder(Enum):
    """By creation or by title."""

    NEWEST = strawberry.enum_value("NEWEST", description="Made last, first.")
    OLDEST = strawberry.enum_value("OLDEST", description="Made first, first.")
    TITLE = strawberry.enum_value("TITLE", description="By title, A to Z.")


PHOTO_ORDERINGS = {
    PhotoOrder.NEWEST: Ordering(name="photos.newest", column="created_at", is_descending=True),
    PhotoOrder.OLDEST: Ordering(name="photos.oldest", column="created_at", is_descending=False),
    PhotoOrder.TAKEN_NEWEST: Ordering(name="photos.taken_newest", column="moment", is_descending=True),
    PhotoOrder.TAKEN_OLDEST: Ordering(name="photos.taken_oldest", column="moment", is_descending=False),
}
ALBUM_ORDERINGS = {
    AlbumOrder.NEWEST: Ordering(name="albums.newest", column="created_at", is_descending=True),
    AlbumOrder.OLDEST: Ordering(name="albums.oldest", column="created_at", is_descending=False),
    AlbumOrder.TITLE: Ordering(name="albums.title", column="title", is_descending=False),
}
TAGS_BY_NAME = Ordering(name="tags.name", column="name", is_descending=False)
