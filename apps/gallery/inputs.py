"""What the gallery's mutations take."""

from typing import Any

import strawberry
from django.core.exceptions import ValidationError

from api.nodes import optional_row_id
from api.payloads import UserError, user_errors
from api.uploads import Upload
from apps.gallery.enums import Visibility


@strawberry.input
class CreateAlbumInput:
    """A new album."""

    title: str
    description: str = ""
    visibility: Visibility = Visibility.PRIVATE


@strawberry.input
class UpdateAlbumInput:
    """What to change of an album; what is left out or null stays as it is, but for the cover, which null takes away."""

    id: strawberry.ID
    title: str | None = strawberry.UNSET
    description: str | None = strawberry.UNSET
    visibility: Visibility | None = strawberry.UNSET
    cover_id: strawberry.ID | None = strawberry.UNSET

    def changes(self) -> dict[str, Any]:
        """Return the model's attributes to set."""
        given: dict[str, Any] = {
            name: getattr(self, name) for name in ("title", "description") if isinstance(getattr(self, name), str)
        }
        if self.visibility:
            given["visibility"] = self.visibility.value
        if self.cover_id is not strawberry.UNSET:
            given["cover_id"] = optional_row_id(self.cover_id, "Photo")
        return given


@strawberry.input
class DeleteAlbumInput:
    """Which album to delete."""

    id: strawberry.ID


@strawberry.input
class UploadPhotosInput:
    """Files for an album; captions go with the files by their place, tags with all of them."""

    album_id: strawberry.ID
    files: list[Upload]
    captions: list[str] | None = None
    tags: list[str] | None = None

    def caption_of(self, index: int) -> str:
        """Return the caption of a file by its place, empty where there is none."""
        return self.captions[index] if self.captions and index < len(self.captions) else ""

    @staticmethod
    def errors_of(index: int, error: ValidationError) -> list[UserError]:
        """Return what was wrong with one file, under its place."""
        return [
            UserError(field=field_of(index, each.field), message=each.message, code=each.code)
            for each in user_errors(error)
        ]


def field_of(index: int, name: str | None) -> str:
    """Return the input's field that a photo's field came from."""
    return {"caption": f"captions.{index}", "tags": "tags"}.get(name or "", f"files.{index}")


@strawberry.input
class UpdatePhotoInput:
    """What to change of a photo; null leaves it as it is."""

    id: strawberry.ID
    caption: str | None = None
    tags: list[str] | None = strawberry.field(default=None, description="All tags it shall have.")


@strawberry.input
class DeletePhotoInput:
    """Which photo to delete."""

    id: strawberry.ID
