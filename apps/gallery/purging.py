"""Tells the shared cache what has changed, whoever changed it: services, the admin, tasks.

apps.gallery.surrogates says what is made of what. What is written without a signal (`update`, `bulk_create`) is told of where that
is done.
"""

from typing import Any
from uuid import UUID

from django.db.models.signals import m2m_changed, post_delete, post_save

from api.shared_cache.purging import purge_on_commit
from api.shared_cache.surrogates import EVERYTHING, key_of
from apps.gallery.models import Album, Photo, Rendition, Tag, Visibility


def listen() -> None:
    """Begin."""
    for signal in (post_save, post_delete):
        signal.connect(album_written, sender=Album, dispatch_uid="purge")
        signal.connect(photo_written, sender=Photo, dispatch_uid="purge")
        signal.connect(tag_written, sender=Tag, dispatch_uid="purge")
    post_save.connect(rendition_written, sender=Rendition, dispatch_uid="purge")
    m2m_changed.connect(photo_written, sender=Photo.tags.through, dispatch_uid="purge")


def album_changed(album_id: UUID) -> None:
    """Forget the answers that an album was in, and all lists that it may be in or come into, of photos too."""
    purge_on_commit("Album", "Photo", key_of("Album", album_id))


def photos_changed(album_id: UUID) -> None:
    """Forget the answers that an album's photos were in, and all lists that they may be in or come into."""
    purge_on_commit("Photo", key_of("Album", album_id))


def tags_added() -> None:
    """Forget the lists of tags."""
    purge_on_commit("Tag")


def album_written(instance: Album, *, created: bool = False, **_: Any) -> None:
    """Tell of an album; a new one that is private is in nobody's answer."""
    if not (created and instance.visibility == Visibility.PRIVATE):
        album_changed(instance.pk)


def photo_written(instance: Any, **_: Any) -> None:
    """Tell of a photo, or of its tags; one in a private album is in nobody's answer. A tag's photos are set by nobody."""
    if not isinstance(instance, Photo):
        purge_on_commit(EVERYTHING)
    elif instance.visibility != Visibility.PRIVATE:
        photos_changed(instance.album_id)


def rendition_written(instance: Rendition, **_: Any) -> None:
    """Tell of a rendition that was moved: its address is another."""
    photo_written(instance.photo)


def tag_written(*, created: bool = False, **_: Any) -> None:
    """Tell of a tag; one that is renamed or deleted may stand in any answer."""
    if created:
        tags_added()
    else:
        purge_on_commit(EVERYTHING)
