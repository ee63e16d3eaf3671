"""The gallery's GraphQL types. Fields that need more than the row fetch it for all rows of a list at once."""

import datetime
from collections.abc import Iterable
from dataclasses import astuple
from typing import Annotated, Any

import strawberry
import strawberry_django
from django.core.files.storage import default_storage
from strawberry import relay

from api.batching import answer_for, related
from api.cache_hints import INHERITED, PRIVATE
from api.connections import Connection, connect_children
from api.context import Info
from api.fields import field, listed
from api.keyset import PageRequest
from api.nodes import optional_row_id
from apps.accounts.types import User
from apps.gallery import models, selectors
from apps.gallery.enums import PhotoState, RenditionSize, Visibility
from apps.gallery.orderings import PHOTO_ORDERINGS, PhotoOrder
from apps.gallery.selectors import AlbumCriteria, PhotoCriteria


@strawberry.input(description="Which photos; what is left out does not narrow.")
class PhotoFilter:
    """A photo has to meet all that is given."""

    album: strawberry.ID | None = strawberry.field(default=None, description="Those of one album.")
    owner: strawberry.ID | None = strawberry.field(default=None, description="Those of one user.")
    tags: list[str] | None = strawberry.field(default=None, description="All of these tags.")
    state: PhotoState | None = strawberry.field(default=None, description="Those in one state.")
    taken_after: datetime.datetime | None = strawberry.field(
        default=None, description="Taken (or uploaded, where the file does not say) at this time or later."
    )
    taken_before: datetime.datetime | None = strawberry.field(default=None, description="Taken before then.")
    created_after: datetime.datetime | None = strawberry.field(default=None, description="Uploaded then or later.")
    created_before: datetime.datetime | None = strawberry.field(default=None, description="Uploaded before then.")
    search: str | None = strawberry.field(default=None, description="Words of the caption, as typed into a search box.")

    def criteria(self) -> PhotoCriteria:
        """Return the filter in the gallery's own terms; raises for an id that is none."""
        return PhotoCriteria(
            album_id=optional_row_id(self.album, "Album"),
            owner_id=optional_row_id(self.owner, "User"),
            tags=tuple(self.tags or ()),
            state=self.state.value if self.state else None,
            taken_after=self.taken_after,
            taken_before=self.taken_before,
            created_after=self.created_after,
            created_before=self.created_before,
            search=self.search,
        )


@strawberry.input(description="Which albums; what is left out does not narrow.")
class AlbumFilter:
    """An album has to meet all that is given."""

    owner: strawberry.ID | None = strawberry.field(default=None, description="Those of one user.")
    visibility: Visibility | None = strawberry.field(default=None, description="Those that so many may see.")
    search: str | None = strawberry.field(default=None, description="Words of title and description.")

    def criteria(self) -> AlbumCriteria:
        """Return the filter in the gallery's own terms; raises for an id that is none."""
        return AlbumCriteria(
            owner_id=optional_row_id(self.owner, "User"),
            visibility=self.visibility.value if self.visibility else None,
            search=self.search,
        )


@strawberry_django.type(models.Rendition, description="A photo at one size, as WebP.", directives=INHERITED)
class Rendition:
    """One file of a photo."""

    size: RenditionSize = strawberry_django.field(description="Which of the sizes.")
    width: int = strawberry_django.field(description="In pixels.")
    height: int = strawberry_django.field(description="In pixels.")
    bytes: int = strawberry_django.field(description="The length of its file.")

    @field(description="Where to fetch it.", reads=("file",))
    def url(self) -> str:
        """Return the file's address."""
        return address_of(row(self).file_name)


def address_of(name: str) -> str:
    """Return the address of a stored file."""
    return default_storage.url(name)


@strawberry_django.type(models.Tag, description="A word that photos share, in lower case.", directives=INHERITED)
class Tag(relay.Node):
    """A tag."""

    id: relay.NodeID[str]
    name: str = strawberry_django.field(description="The word.")

    @field(description="How many photos in the viewer's lists carry it.", directives=PRIVATE, cost=5)
    def photo_count(self, info: Info) -> int:
        """Return the number of photos, counted for all tags of the list at once."""
        viewer = info.context.viewer
        return answer_for(row(self), "photo_count", lambda tags: selectors.photo_counts(viewer, tags), 0)


def row(instance: Any) -> Any:
    """Return what a resolver's `self` really is: the model's row."""
    return instance


@strawberry_django.type(models.Album, description="Photos of one owner under one title.", directives=INHERITED)
class Album(relay.Node):
    """An album."""

    id: relay.NodeID[str]
    title: str = strawberry_django.field(description="What its owner calls it.")
    description: str = strawberry_django.field(description="What its owner says of it.")
    visibility: Visibility = strawberry_django.field(description="Who may see it.")
    created_at: datetime.datetime
    updated_at: datetime.datetime = strawberry_django.field(description="When something of it was last changed.")

    @field(description="Whose it is.", follows="owner")
    def owner(self) -> User:
        """Return whose it is."""
        found: User = related(row(self), "owner")
        return found

    @field(description="Whether it is the viewer's own.", directives=PRIVATE, reads=("owner_id",))
    def is_mine(self, info: Info) -> bool:
        """Tell whether the viewer owns it."""
        return bool(row(self).owner_id == info.context.viewer.pk)

    @field(description="The photo that stands for the album: the one chosen, while it can be shown.")
    def cover(self, info: Info) -> Annotated["Photo", strawberry.lazy("apps.gallery.types")] | None:
        """Return the cover, where it is the viewer's to see."""
        cover: Any = related(row(self), "cover") if row(self).cover_id else None
        is_shown = cover is not None and (
            cover.state == models.PhotoState.READY or cover.owner_id == info.context.viewer.pk
        )
        return cover if is_shown else None

    @field(description="The album's photos.", directives=INHERITED, prepared=True)
    def photos(
        self,
        info: Info,
        filter: PhotoFilter | None = None,  # noqa: A002 - the API's name
        order_by: PhotoOrder = PhotoOrder.NEWEST,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> Connection[Annotated["Photo", strawberry.lazy("apps.gallery.types")]]:
        """Return a page of photos, fetched for all albums of the list at once."""
        viewer = info.context.viewer
        criteria = filter.criteria() if filter else PhotoCriteria()

        def photos_of(albums: Iterable[models.Album]) -> Any:
            return selectors.photos_of_albums(viewer, albums, criteria)

        return connect_children(
            row(self),
            photos_of,
            foreign_key="album",
            key=("photos", astuple(criteria)),
            ordering=PHOTO_ORDERINGS[order_by],
            page=PageRequest.of(first=first, after=after, last=last, before=before),
        )


@strawberry_django.type(models.Photo, description="One uploaded picture.", directives=INHERITED)
class Photo(relay.Node):
    """A photo."""

    id: relay.NodeID[str]
    caption: str = strawberry_django.field(description="What its owner says of it.")
    taken_at: datetime.datetime | None = strawberry_django.field(description="When the camera says it was taken.")
    width: int = strawberry_django.field(description="Of the original, in pixels.")
    height: int = strawberry_django.field(description="Of the original, in pixels.")
    bytes: int = strawberry_django.field(description="The length of the original, without its metadata.")
    sha256: str = strawberry_django.field(description="The hash of the original, in hexadecimal.")
    content_type: str = strawberry_django.field(description="The media type of the original.")
    dominant_color: str = strawberry_django.field(description="As `#rrggbb`; empty until the photo is READY.")
    state: PhotoState = strawberry_django.field(description="Where it is on its way to be shown.")
    failure_reason: str = strawberry_django.field(description="Why the photo is FAILED; empty otherwise.")
    created_at: datetime.datetime

    @field(description="The album it is in.", follows="album")
    def album(self) -> Album:
        """Return the album it is in."""
        found: Album = related(row(self), "album")
        return found

    @field(description="Whose it is.", follows="owner")
    def owner(self) -> User:
        """Return whose it is."""
        found: User = related(row(self), "owner")
        return found

    tags: list[Tag] = listed("tags", ordered_by="name", description="Its words, by name.", list_size=5)

    @field(description="Whether it is the viewer's own.", directives=PRIVATE, reads=("owner_id",))
    def is_mine(self, info: Info) -> bool:
        """Tell whether the viewer owns it."""
        return bool(row(self).owner_id == info.context.viewer.pk)

    @field(
        description="The uploaded file without its metadata; for its owner only, null for others.",
        directives=PRIVATE,
        reads=("owner_id", "file"),
    )
    def original_url(self, info: Info) -> str | None:
        """Return the original's address."""
        return address_of(row(self).file_name) if row(self).owner_id == info.context.viewer.pk else None

    renditions: list[Rendition] = listed(
        "renditions",
        ordered_by="size",
        order=list(RenditionSize),
        description="All sizes, the smallest first; empty until the photo is READY.",
        list_size=3,
    )

    @field(description="The photo in one size; null until it is READY.", follows="renditions", reads=("size",))
    def rendition(self, size: Annotated[RenditionSize, strawberry.argument(description="Which.")]) -> Rendition | None:
        """Return one rendition."""
        found = (each for each in related(row(self), "renditions") if each.size == size.value)
        return next(found, None)
