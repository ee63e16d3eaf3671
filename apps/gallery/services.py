"""Writes to albums and photos: each checks permission and rules, writes in one transaction, and enqueues on commit."""

import logging
from collections.abc import Iterable, Sequence
from typing import IO, Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from kombu.exceptions import OperationalError as BrokerError

from api.errors import NotFoundError
from api.lookups import Lookup
from api.writes import save_columns
from apps.accounts.models import User
from apps.gallery import events, files, images, purging
from apps.gallery.models import Album, Photo, Rendition, Tag

logger = logging.getLogger("slipway.gallery")

MAX_TAGS = 20

own_album_locked = Lookup(lambda key, owner: Album.objects.select_for_update().filter(pk=key, owner=owner))
own_photo_locked = Lookup(lambda key, owner: Photo.objects.select_for_update().filter(pk=key, owner=owner))


def create_album(owner: User, *, title: str, description: str, visibility: str) -> Album:
    """Create an album; raises ValidationError."""
    album = Album(owner=owner, title=title.strip(), description=description, visibility=visibility)
    album.full_clean(exclude=["owner", "search"])
    album.save()
    return album


@transaction.atomic
def update_album(owner: User, album_id: UUID, **changes: Any) -> Album:
    """Change title, description, visibility or cover_id of one's album; raises NotFoundError, ValidationError."""
    album = own_album(owner, album_id)
    was_visible_as = album.visibility
    if changes.get("cover_id") and not album.photos.filter(pk=changes["cover_id"]).exists():
        raise ValidationError(
            {"cover_id": ValidationError("The cover has to be a photo of this album.", code="not_in_album")}
        )
    for name, value in changes.items():
        setattr(album, name, value.strip() if name == "title" else value)
    album.full_clean(exclude=["owner", "search", "cover"])
    save_columns(album, *changes, "updated_at")
    if album.visibility != was_visible_as:
        follow_visibility(album)
    return album


@transaction.atomic
def follow_visibility(album: Album) -> None:
    """Bring photos, and after the commit their files, to what their album's visibility has become."""
    album.is_being_placed = True
    album.save(update_fields=["is_being_placed"])
    album.photos.update(visibility=album.visibility)
    enqueue_on_commit("gallery.place_renditions", album.pk)


@transaction.atomic
def delete_album(owner: User, album_id: UUID) -> UUID:
    """Delete one's album with its photos, and their files after the commit; raises NotFoundError."""
    album = own_album(owner, album_id)
    files.remove_on_commit(file_names(album.photos.all()))
    album.delete()
    return album_id


def own_album(owner: User, album_id: UUID) -> Album:
    """Return one's album, locked until the transaction's end; raises NotFoundError."""
    album = own_album_locked(key=album_id, owner=owner.pk)
    if album is None:
        raise NotFoundError("There is no such album among yours.")
    return album


def require_own_album(owner: User, album_id: UUID) -> None:
    """Raise NotFoundError unless the album is one's own: asked before a request's files are looked at."""
    if not Album.objects.filter(pk=album_id, owner=owner).exists():
        raise NotFoundError("There is no such album among yours.")


def file_names(photos: Iterable[Photo]) -> list[str]:
    """Return the names of all files of the photos: originals and renditions."""
    listed = list(photos)
    renditions = Rendition.objects.filter(photo__in=listed)
    return [photo.file_name for photo in listed] + [rendition.file_name for rendition in renditions]


def add_photo(
    owner: User, album_id: UUID, file: IO[bytes], *, size: int, caption: str = "", tags: Sequence[str] = ()
) -> Photo:
    """Add a picture to one's album; `size` is the file's, in bytes. Raises NotFoundError, ValidationError.

    The file is written before the row, outside the transaction, so that no row can ever name a file that is not there.
    """
    picture = images.read_upload(file, size=size)
    name = files.store(files.original_name(picture.content_type), picture.content)
    try:
        return add_stored_photo(owner, album_id, name=name, picture=picture, caption=caption, tags=tags)
    except BaseException:
        files.remove([name])
        raise


@transaction.atomic
def add_stored_photo(
    owner: User, album_id: UUID, *, name: str, picture: images.Picture, caption: str, tags: Sequence[str]
) -> Photo:
    """Create the row of a stored file; its renditions are made after the commit."""
    album = own_album(owner, album_id)
    photo = Photo(
        album=album,
        owner=owner,
        visibility=album.visibility,
        caption=caption.strip(),
        file=name,
        content_type=picture.content_type,
        bytes=len(picture.content),
        sha256=picture.sha256,
        width=picture.width,
        height=picture.height,
        taken_at=picture.taken_at,
    )
    photo.full_clean(exclude=["album", "owner", "search", "moment"])
    photo.save()
    photo.tags.set(tags_named(tags))
    events.publish_on_commit(album.pk, photo_id=photo.pk, kind="CREATED")
    enqueue_on_commit("gallery.make_renditions", photo.pk)
    return photo


@transaction.atomic
def update_photo(owner: User, photo_id: UUID, *, caption: str | None, tags: Sequence[str] | None) -> Photo:
    """Change caption or tags of one's photo, None meaning as it was; raises NotFoundError, ValidationError."""
    photo = own_photo(owner, photo_id)
    if caption is not None:
        photo.caption = caption.strip()
        photo.full_clean(exclude=["album", "owner", "search", "moment"])
        save_columns(photo, "caption")
    if tags is not None:
        photo.tags.set(tags_named(tags))
    events.publish_on_commit(photo.album_id, photo_id=photo.pk, kind="UPDATED")
    return photo


@transaction.atomic
def delete_photo(owner: User, photo_id: UUID) -> UUID:
    """Delete one's photo, and its files after the commit; raises NotFoundError."""
    photo = own_photo(owner, photo_id)
    files.remove_on_commit(file_names([photo]))
    events.publish_on_commit(photo.album_id, photo_id=photo.pk, kind="DELETED")
    photo.delete()
    return photo_id


def own_photo(owner: User, photo_id: UUID) -> Photo:
    """Return one's photo, locked until the transaction's end; raises NotFoundError."""
    photo = own_photo_locked(key=photo_id, owner=owner.pk)
    if photo is None:
        raise NotFoundError("There is no such photo among yours.")
    return photo


def tags_named(names: Sequence[str]) -> list[Tag]:
    """Return the tags of these names, lower-cased, made where they are new; raises ValidationError."""
    wanted = sorted({name.strip().lower() for name in names if name.strip()})
    if len(wanted) > MAX_TAGS:
        raise ValidationError({"tags": ValidationError(f"At most {MAX_TAGS} tags are accepted.", code="too_many")})
    if any(len(name) > 50 for name in wanted):  # noqa: PLR2004 - the column's length
        raise ValidationError({"tags": ValidationError("A tag has at most 50 characters.", code="max_length")})
    # In one order everywhere (sorted), so that two uploads that make the same tags can't lock each other out.
    Tag.objects.bulk_create([Tag(name=name) for name in wanted], ignore_conflicts=True)
    purging.tags_added()
    return list(Tag.objects.filter(name__in=wanted))


def enqueue_on_commit(task_name: str, *arguments: UUID) -> None:
    """Send a task once its row is there for the worker to see. A broker that is away loses nothing: see requeue_pending."""
    transaction.on_commit(lambda: enqueue(task_name, *arguments), robust=True)


def enqueue(task_name: str, *arguments: UUID | str) -> None:
    """Send a task now; where the broker is away, say so in the log."""
    from config.celery import app

    try:
        app.send_task(task_name, args=[str(argument) for argument in arguments])
    except (BrokerError, OSError) as error:
        logger.warning("cannot enqueue a task; it is sent again later", extra={"task": task_name, "error": str(error)})
