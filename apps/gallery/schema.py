"""The gallery's part of the API: queries, mutations and the subscription. Each parses, calls one selector or service, reports."""

from typing import Annotated

import strawberry
from django.core.exceptions import ValidationError

from api.cache_hints import kept_for
from api.connections import Connection, connect
from api.context import Info
from api.fields import field, mutation, shown
from api.keyset import PageRequest
from api.nodes import found, row_id
from api.payloads import UserError, user_errors
from apps.gallery import selectors, services
from apps.gallery.inputs import (
    CreateAlbumInput,
    DeleteAlbumInput,
    DeletePhotoInput,
    UpdateAlbumInput,
    UpdatePhotoInput,
    UploadPhotosInput,
)
from apps.gallery.nodes import NODES
from apps.gallery.orderings import ALBUM_ORDERINGS, PHOTO_ORDERINGS, TAGS_BY_NAME, AlbumOrder, PhotoOrder
from apps.gallery.payloads import (
    AlbumPayload,
    DeleteAlbumPayload,
    DeletePhotoPayload,
    PhotoPayload,
    UploadPhotosPayload,
)
from apps.gallery.selectors import AlbumCriteria, PhotoCriteria
from apps.gallery.subscription import Subscription
from apps.gallery.surrogates import MADE_OF, of_album, of_photo, of_photos
from apps.gallery.types import Album, AlbumFilter, Photo, PhotoFilter, Tag

# So long an album that was made private may still be shown out of somebody's cache.
KEPT_SECONDS = 10

__all__ = ["MADE_OF", "NODES", "Mutation", "Query", "Subscription"]


@strawberry.type
class Query:
    """Reads."""

    @field(
        description="One album, or null where there is none that the viewer may see.",
        directives=kept_for(KEPT_SECONDS),
        made_of=of_album,
        prepared=True,
    )
    def album(self, info: Info, id: strawberry.ID) -> Album | None:  # noqa: A002 - the API's name
        """Return an album by its id."""
        album: Album | None = found(selectors.visible_albums(info.context.viewer), id, "Album")
        return album

    @field(
        description="One photo, or null where there is none that the viewer may see.",
        directives=kept_for(KEPT_SECONDS),
        made_of=of_photo,
        prepared=True,
    )
    def photo(self, info: Info, id: strawberry.ID) -> Photo | None:  # noqa: A002 - the API's name
        """Return a photo by its id."""
        photo: Photo | None = found(selectors.visible_photos(info.context.viewer), id, "Photo")
        return photo

    @field(description="Public albums, and the viewer's own.", directives=kept_for(KEPT_SECONDS), prepared=True)
    def albums(
        self,
        info: Info,
        filter: AlbumFilter | None = None,  # noqa: A002 - the API's name
        order_by: AlbumOrder = AlbumOrder.NEWEST,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> Connection[Album]:
        """Return a page of albums."""
        albums = selectors.albums(info.context.viewer, filter.criteria() if filter else AlbumCriteria())
        page = PageRequest.of(first=first, after=after, last=last, before=before)
        return connect(albums, ordering=ALBUM_ORDERINGS[order_by], page=page)

    @field(
        description="Photos of public albums that are ready, and all of the viewer's own.",
        directives=kept_for(KEPT_SECONDS),
        made_of=of_photos,
        prepared=True,
    )
    def photos(
        self,
        info: Info,
        filter: PhotoFilter | None = None,  # noqa: A002 - the API's name
        order_by: PhotoOrder = PhotoOrder.NEWEST,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> Connection[Photo]:
        """Return a page of photos."""
        photos = selectors.photos(info.context.viewer, filter.criteria() if filter else PhotoCriteria())
        page = PageRequest.of(first=first, after=after, last=last, before=before)
        return connect(photos, ordering=PHOTO_ORDERINGS[order_by], page=page)

    @field(description="Tags by name.", directives=kept_for(KEPT_SECONDS), prepared=True)
    def tags(
        self,
        search: Annotated[str | None, strawberry.argument(description="How their names begin.")] = None,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> Connection[Tag]:
        """Return a page of tags whose names start with `search`."""
        page = PageRequest.of(first=first, after=after, last=last, before=before)
        return connect(selectors.tags(search), ordering=TAGS_BY_NAME, page=page)


@strawberry.type
class Mutation:
    """Writes."""

    @mutation
    def create_album(self, info: Info, input: CreateAlbumInput) -> AlbumPayload:  # noqa: A002 - the convention's name
        """Create an album of the viewer's."""
        try:
            album = services.create_album(
                info.context.user,
                title=input.title,
                description=input.description,
                visibility=input.visibility.value,
            )
        except ValidationError as error:
            return AlbumPayload(album=None, errors=user_errors(error))
        return AlbumPayload(album=shown(album))

    @mutation
    def update_album(self, info: Info, input: UpdateAlbumInput) -> AlbumPayload:  # noqa: A002 - the convention's name
        """Change what is given of one of the viewer's albums."""
        try:
            album = services.update_album(info.context.user, row_id(input.id, "Album"), **input.changes())
        except ValidationError as error:
            return AlbumPayload(album=None, errors=user_errors(error))
        return AlbumPayload(album=shown(album))

    @mutation
    def delete_album(self, info: Info, input: DeleteAlbumInput) -> DeleteAlbumPayload:  # noqa: A002 - see above
        """Delete one of the viewer's albums with all its photos."""
        services.delete_album(info.context.user, row_id(input.id, "Album"))
        return DeleteAlbumPayload(deleted_id=input.id)

    @mutation(cost=100)
    def upload_photos(self, info: Info, input: UploadPhotosInput) -> UploadPhotosPayload:  # noqa: A002 - see above
        """Add pictures to one of the viewer's albums; those that are refused stand in `errors`, the others are kept."""
        owner, album_id = info.context.user, row_id(input.album_id, "Album")
        photos: list[Photo] = []
        errors: list[UserError] = []
        services.require_own_album(owner, album_id)
        for index, file in enumerate(input.files):
            try:
                photo = services.add_photo(
                    owner,
                    album_id,
                    file,
                    size=file.size or 0,
                    caption=input.caption_of(index),
                    tags=input.tags or (),
                )
                photos.append(shown(photo))
            except ValidationError as error:
                errors.extend(UploadPhotosInput.errors_of(index, error))
        return UploadPhotosPayload(photos=photos, errors=errors)

    @mutation
    def update_photo(self, info: Info, input: UpdatePhotoInput) -> PhotoPayload:  # noqa: A002 - the convention's name
        """Change what is given of one of the viewer's photos."""
        photo_id = row_id(input.id, "Photo")
        try:
            photo = services.update_photo(info.context.user, photo_id, caption=input.caption, tags=input.tags)
        except ValidationError as error:
            return PhotoPayload(photo=None, errors=user_errors(error))
        return PhotoPayload(photo=shown(photo))

    @mutation
    def delete_photo(self, info: Info, input: DeletePhotoInput) -> DeletePhotoPayload:  # noqa: A002 - see above
        """Delete one of the viewer's photos and its files."""
        services.delete_photo(info.context.user, row_id(input.id, "Photo"))
        return DeletePhotoPayload(deleted_id=input.id)
