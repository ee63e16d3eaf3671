"""Make a photo's renditions, and keep them where its visibility says. Every step can be run again after a crash."""

import datetime
import hashlib
import io
import logging
from uuid import UUID

from django.core.cache import cache
from django.db import transaction
from django.utils import timezone

from apps.gallery import events, files, images, purging, services
from apps.gallery.models import Album, Photo, PhotoState, Rendition, RenditionSize

logger = logging.getLogger("slipway.gallery")

REQUEUE_AFTER = datetime.timedelta(seconds=90)
REQUEUE_AGAIN_SECONDS = 600
REQUEUE_AT_ONCE = 500


def make(photo_id: UUID) -> None:
    """Make the renditions of a photo that has none yet; one that can't be decoded becomes FAILED with a reason."""
    photo = Photo.objects.filter(pk=photo_id, state=PhotoState.PENDING).first()
    if photo is None:
        return None  # deleted, or made already: the task came twice
    try:
        content = files.read(photo.file_name)
    except FileNotFoundError:
        logger.exception("a photo's file is gone", extra={"photo": str(photo_id)})
        return fail(photo_id, reason="The picture's file is gone from the storage.")
    try:
        rendered = list(images.render(io.BytesIO(content)))
    except images.UNREADABLE as error:
        logger.warning("cannot make renditions", extra={"photo": str(photo_id), "error": str(error)})
        return fail(photo_id, reason="The picture cannot be decoded: its file is damaged or cut short.")
    return keep(photo, rendered)


def keep(photo: Photo, rendered: list[images.Rendered]) -> None:
    """Store the renditions and say that the photo is ready."""
    stored = store_all(photo, rendered)
    color = images.dominant_color(rendered[-1].content)
    with transaction.atomic():
        locked = Photo.objects.select_for_update().filter(pk=photo.pk, state=PhotoState.PENDING).first()
        if locked is None:  # deleted meanwhile, or another worker was faster
            files.remove([rendition.file_name for rendition in stored])
            return
        Rendition.objects.bulk_create(stored)
        Photo.objects.filter(pk=photo.pk).update(state=PhotoState.READY, dominant_color=color, failure_reason="")
        if locked.visibility != photo.visibility:  # changed while we were rendering
            services.enqueue_on_commit("gallery.place_renditions", photo.album_id)
        events.publish_on_commit(photo.album_id, photo_id=photo.pk, kind="UPDATED")
        purging.photos_changed(photo.album_id)


def store_all(photo: Photo, rendered: list[images.Rendered]) -> list[Rendition]:
    """Write the renditions' files; return their rows, not saved. Where one can't be written, none stays."""
    stored: list[Rendition] = []
    try:
        for each in rendered:
            stored.append(store(photo, each))
    except OSError:
        files.remove([rendition.file_name for rendition in stored])
        raise
    return stored


def store(photo: Photo, rendered: images.Rendered) -> Rendition:
    """Write one rendition's file; return its row, not saved."""
    name = files.rendition_name(rendered.size, visibility=photo.visibility)
    return Rendition(
        photo=photo,
        size=rendered.size,
        file=files.store(name, rendered.content),
        width=rendered.width,
        height=rendered.height,
        bytes=len(rendered.content),
        sha256=hashlib.sha256(rendered.content).hexdigest(),
    )


@transaction.atomic
def fail(photo_id: UUID, *, reason: str) -> None:
    """Say that a photo's renditions can't be made, and why."""
    photo = Photo.objects.select_for_update().filter(pk=photo_id, state=PhotoState.PENDING).first()
    if photo is None:
        return
    photo.state, photo.failure_reason = PhotoState.FAILED, reason
    photo.save(update_fields=["state", "failure_reason"])
    events.publish_on_commit(photo.album_id, photo_id=photo.pk, kind="UPDATED")


def place(album_id: UUID) -> None:
    """Bring every rendition of an album to the folder that its photo's visibility asks for."""
    for rendition in Rendition.objects.filter(photo__album=album_id).select_related("photo"):
        if not files.is_in_place(rendition.file_name, visibility=rendition.photo.visibility):
            move(rendition.pk)
    Album.objects.filter(pk=album_id).update(is_being_placed=False)


@transaction.atomic
def move(rendition_id: UUID) -> None:
    """Copy one rendition to a new name in the right folder, then name the copy, then delete the old: never a broken link."""
    rendition = Rendition.objects.select_for_update().select_related("photo").filter(pk=rendition_id).first()
    if rendition is None or files.is_in_place(rendition.file_name, visibility=rendition.photo.visibility):
        return
    old_name = rendition.file_name
    new_name = files.rendition_name(RenditionSize(rendition.size), visibility=rendition.photo.visibility)
    rendition.file.name = files.store(new_name, files.read(old_name))
    rendition.save(update_fields=["file"])
    files.remove_on_commit([old_name])


def requeue_pending() -> int:
    """Send again the tasks that the broker may never have got, each at most once in ten minutes. Return how many were sent."""
    overdue = Photo.objects.filter(state=PhotoState.PENDING, created_at__lt=timezone.now() - REQUEUE_AFTER)
    waiting = overdue.order_by("created_at").values_list("pk", flat=True)[:REQUEUE_AT_ONCE]
    unplaced = Album.objects.filter(is_being_placed=True).values_list("pk", flat=True)[:REQUEUE_AT_ONCE]
    due = [("gallery.make_renditions", pk) for pk in waiting] + [("gallery.place_renditions", pk) for pk in unplaced]
    sent = [(task, pk) for task, pk in due if cache.add(f"requeued:{task}:{pk}", 1, timeout=REQUEUE_AGAIN_SECONDS)]
    for task, pk in sent:
        services.enqueue(task, pk)
    return len(sent)
