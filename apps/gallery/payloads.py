"""What the gallery's mutations answer with."""

import strawberry

from api.payloads import UserError
from apps.gallery.types import Album, Photo


@strawberry.type
class AlbumPayload:
    """The album as it is now, or what was wrong with the input."""

    album: Album | None = strawberry.field(description="The album.")
    errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.type
class DeleteAlbumPayload:
    """Which album is gone."""

    deleted_id: strawberry.ID | None = strawberry.field(description="The id that the album had.")
    errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.type
class UploadPhotosPayload:
    """The photos that were kept, PENDING until their renditions are made, and what was wrong with the others."""

    photos: list[Photo] = strawberry.field(description="Those that were kept, in the order of the files.")
    errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.type
class PhotoPayload:
    """The photo as it is now, or what was wrong with the input."""

    photo: Photo | None = strawberry.field(description="The photo.")
    errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.type
class DeletePhotoPayload:
    """Which photo is gone."""

    deleted_id: strawberry.ID | None = strawberry.field(description="The id that the photo had.")
    errors: list[UserError] = strawberry.field(default_factory=list)
