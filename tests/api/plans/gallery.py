"""People, albums and photos for comparing plans with the executor: nulls, Unicode, empty lists and long ones, numbers too large."""

import base64
import datetime
import json
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from api.keyset import encode_cursor
from apps.accounts.models import AccessToken, User
from apps.gallery.models import Album, Photo, PhotoState, Tag
from apps.gallery.orderings import ALBUM_ORDERINGS, PHOTO_ORDERINGS, TAGS_BY_NAME
from tests.api.plans.operations import Known
from tests.gallery.conftest import add_renditions, global_id

CAPTIONS = ("", "heron at dawn", "Grüße aus den Höhen", "夜の山", '🏔 \u2028 <&> "\\', "a\tb\nc")
LONG = 45


@dataclass(frozen=True, kw_only=True)
class Gallery:
    """Who looks, and what may be asked for."""

    people: dict[str, Any]
    known: Known


def fill(owner: User, other: User) -> None:
    """Fill the gallery. Of each album the index says which states its photos have."""
    words = [Tag.objects.create(name=name) for name in ("hill", "hills", "grüße", "夜")]
    start = timezone.now() - datetime.timedelta(days=400)
    for index, (title, visibility, person, count) in enumerate((
        ("Hills", "PUBLIC", owner, LONG), ("Grüße 夜 🏔", "UNLISTED", owner, 3), ("", "PRIVATE", owner, 4),
        ("Empty", "PUBLIC", other, 0), ("Heron", "PUBLIC", other, 5),
    )):  # fmt: skip
        album = Album.objects.create(owner=person, title=title, description=title * 3, visibility=visibility)
        photos = [photo_of(album, number, words) for number in range(count)]
        for number, photo in enumerate(photos):
            # Two of a time, so that the id decides about their order.
            Photo.objects.filter(pk=photo.pk).update(
                created_at=start + datetime.timedelta(hours=number // 2, days=index)
            )
        Album.objects.filter(pk=album.pk).update(cover=photos[index % count] if count else None)


def photo_of(album: Album, number: int, words: list[Tag]) -> Photo:
    """Add one photo; in the private album they are too large for GraphQL's numbers."""
    state = (PhotoState.READY, PhotoState.READY, PhotoState.READY, PhotoState.PENDING, PhotoState.FAILED)[number % 5]
    is_ready = state == PhotoState.READY
    photo = Photo.objects.create(
        album=album, owner=album.owner, visibility=album.visibility, caption=CAPTIONS[number % len(CAPTIONS)],
        state=state, file=f"private/{number}/original é.jpg", content_type="image/jpeg", sha256="0" * 64, width=3, height=2,
        bytes=2**40 if album.visibility == "PRIVATE" else number, dominant_color="#010203" if is_ready else "",
        taken_at=timezone.now() - datetime.timedelta(days=number, microseconds=number) if number % 3 else None,
    )  # fmt: skip
    photo.tags.set(words[: number % len(words)])
    if is_ready:
        add_renditions(photo, folder=number, length=number)
    return photo


def known() -> Known:
    """Return what there is, and what there is not."""
    rows = [*Album.objects.all(), *Photo.objects.order_by("id")[:12], *Tag.objects.all(), *User.objects.all()]
    rows += [*AccessToken.objects.all()]
    garbage = base64.urlsafe_b64encode(json.dumps(["photos.newest", "never", "none"]).encode()).decode()
    cursors = [
        encode_cursor(row, ordering)
        for ordering, listed in (
            *((each, Photo.objects.order_by("created_at")[5:25:9]) for each in PHOTO_ORDERINGS.values()),
            *((each, Album.objects.all()[1:3]) for each in ALBUM_ORDERINGS.values()),
            (TAGS_BY_NAME, Tag.objects.all()[:2]),
        )
        for row in listed
    ]
    return Known(
        ids=[global_id(row) for row in rows],
        cursors=[*cursors, garbage, "?", ""],
        tags=[*Tag.objects.values_list("name", flat=True), "HILL", "none"],
    )
