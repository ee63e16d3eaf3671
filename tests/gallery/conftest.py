"""Albums and photos for the gallery's tests."""

import datetime
import io
from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone
from strawberry.relay import to_base64

from apps.accounts.models import User
from apps.gallery import files, renditions, services
from apps.gallery.models import Album, Photo, PhotoState, Rendition, RenditionSize, Tag
from tests.pictures import picture


def global_id(row: Any) -> str:
    """Return a row's id in the API."""
    return to_base64(type(row).__name__, str(row.pk))


@pytest.fixture
def make_album(ada: User) -> Callable[..., Album]:
    """Return what makes an album, public and Ada's unless told otherwise."""

    def make(title: str = "Hills", *, owner: User = ada, visibility: str = "PUBLIC") -> Album:
        return services.create_album(owner, title=title, description="", visibility=visibility)

    return make


@pytest.fixture
def album(make_album: Callable[..., Album]) -> Album:
    """A public album of Ada's."""
    return make_album()


def add_rows(album: Album, count: int, *, state: str = PhotoState.READY, tags: tuple[str, ...] = ()) -> list[Photo]:
    """Add photos that are rows only, a minute apart, the last the newest."""
    named = [Tag.objects.get_or_create(name=name)[0] for name in tags]
    start = timezone.now() - datetime.timedelta(days=1)
    added = []
    for index in range(count):
        photo = Photo.objects.create(
            album=album, owner=album.owner, visibility=album.visibility, caption=f"photo {index}", state=state,
            file=f"private/{files.new_token()}/original.jpg", content_type="image/jpeg", bytes=1, sha256="0" * 64,
            width=3, height=2,
        )  # fmt: skip
        Photo.objects.filter(pk=photo.pk).update(created_at=start + datetime.timedelta(minutes=index))
        photo.tags.set(named)
        add_renditions(photo, folder=photo.pk, length=1)
        photo.refresh_from_db()
        added.append(photo)
    return added


def add_renditions(photo: Photo, *, folder: object, length: int) -> None:
    """Add a photo's renditions, which are rows only."""
    for size in RenditionSize:
        Rendition.objects.create(
            photo=photo,
            size=size,
            file=f"public/{folder}/{size}.webp",
            width=3,
            height=2,
            bytes=length,
            sha256="0" * 64,
        )


def upload(album: Album, content: bytes | None = None, **fields: Any) -> Photo:
    """Upload a picture through the service."""
    content = picture() if content is None else content
    return services.add_photo(album.owner, album.pk, io.BytesIO(content), size=len(content), **fields)


def uploaded_and_ready(album: Album, content: bytes | None = None, **fields: Any) -> Photo:
    """Upload a picture and make its renditions."""
    photo = upload(album, content, **fields)
    renditions.make(photo.pk)
    photo.refresh_from_db()
    return photo
