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

    title: str = strawberry.field(description="1 to 200 characters.")
    description: str = strawberry.field(default="", description="As long as one likes.")
    visibility: Visibility = strawberry.field(default=Visibility.PRIVATE, description="Who may see it.")


@strawberry.input
class UpdateAlbumInput:
    """What to change of an album; what is left out or null stays as it is, but for the cover, which null takes away."""

    id: strawberry.ID = strawberry.field(description="The album.")
    title: str | None = strawberry.field(default=strawberry.UNSET, description="A new title.")
    description: str | None = strawberry.field(default=strawberry.UNSET, description="A new description.")
    visibility: Visibility | None = strawberry.field(
        default=strawberry.UNSET, description="Who may see it from now on."
    )
    cover_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET, description="One of its photos, or null for none."
    )

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

    id: strawberry.ID = strawberry.field(description="The album.")


@strawberry.input
class UploadPhotosInput:
    """Files for an album; captions go with the files by their place, tags with all of them."""

    album_id: strawberry.ID = strawberry.field(description="One of the viewer's albums.")
    files: list[Upload] = strawberry.field(description="JPEG, PNG or WebP, by their content and not by their names.")
    captions: list[str] | None = strawberry.field(default=None, description="One for each file, by its place.")
    tags: list[str] | None = strawberry.field(default=None, description="For all of them.")

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

    id: strawberry.ID = strawberry.field(description="The photo.")
    caption: str | None = strawberry.field(default=None, description="A new caption.")
    tags: list[str] | None = strawberry.field(default=None, description="All tags it shall have.")


@strawberry.input
class DeletePhotoInput:
    """Which photo to delete."""

    id: strawberry.ID = strawberry.field(description="The photo.")
