"""One view for each question: a query for just the columns, and orjson."""

from collections import defaultdict
from typing import Any
from uuid import UUID

import orjson
from django.contrib.postgres.search import SearchQuery
from django.core.files.storage import default_storage
from django.db.models import F, Window
from django.db.models.functions import RowNumber
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.utils import timezone

from benchmarks.peers.tables.models import Album, Photo, PhotoTag, Rendition

COLUMNS = ("id", "caption", "width", "height", "created_at")
KEYS = ("id", "caption", "width", "height", "createdAt")


def answer(content: Any) -> HttpResponse:
    """Return JSON."""
    return HttpResponse(orjson.dumps(content), content_type="application/json")


def page(rows: list[tuple[Any, ...]]) -> HttpResponse:
    """Return rows of photos."""
    return answer({"photos": [dict(zip(KEYS, row, strict=True)) for row in rows]})


async def typename(_request: HttpRequest) -> HttpResponse:
    """Answer without a query."""
    return answer({"__typename": "Query"})


async def one(_request: HttpRequest, key: UUID) -> HttpResponse:
    """Return one photo."""
    return answer(dict(zip(KEYS, await Photo.objects.values_list(*COLUMNS).aget(pk=key), strict=True)))


async def photos(request: HttpRequest) -> HttpResponse:
    """Return a page of photos, of all or of those with a word."""
    first, offset = int(request.GET["first"]), int(request.GET.get("offset", 0))
    found = Photo.objects.order_by("-created_at")
    if search := request.GET.get("search"):
        found = found.filter(search=SearchQuery(search, config="english", search_type="websearch"))
    return page([row async for row in found.values_list(*COLUMNS)[offset : offset + first]])


async def related(request: HttpRequest) -> HttpResponse:
    """Return photos with album, owner and tags."""
    first = int(request.GET["first"])
    found = Photo.objects.order_by("-created_at").values_list(
        *COLUMNS, "album_id", "album__title", "owner_id", "owner__name"
    )
    rows = [row async for row in found[:first]]
    tags = defaultdict(list)
    links = PhotoTag.objects.filter(photo__in=[row[0] for row in rows]).values_list("photo_id", "tag__name")
    async for photo, name in links:
        tags[photo].append({"name": name})
    return answer(
        {
            "photos": [
                {
                    **dict(zip(KEYS, row, strict=False)),
                    "album": {"id": row[5], "title": row[6]},
                    "owner": {"id": row[7], "name": row[8]},
                    "tags": tags[row[0]],
                }
                for row in rows
            ]
        }
    )


async def renditions(request: HttpRequest) -> HttpResponse:
    """Return photos with the URLs of their renditions."""
    first = int(request.GET["first"])
    rows = [row async for row in Photo.objects.order_by("-created_at").values_list("id", "caption")[:first]]
    urls = defaultdict(list)
    files = Rendition.objects.filter(photo__in=[row[0] for row in rows]).values_list("photo_id", "file")
    async for photo, file in files:
        urls[photo].append({"url": default_storage.url(file)})
    return answer({"photos": [{"id": key, "caption": caption, "renditions": urls[key]} for key, caption in rows]})


async def nested(request: HttpRequest) -> HttpResponse:
    """Return albums with their newest photos."""
    first, each = int(request.GET["first"]), int(request.GET["photos"])
    albums = [row async for row in Album.objects.order_by("-created_at").values_list("id", "title")[:first]]
    place = Window(RowNumber(), partition_by=F("album_id"), order_by=F("created_at").desc())
    newest = Photo.objects.filter(album__in=[key for key, _ in albums]).annotate(place=place).filter(place__lte=each)
    photos = defaultdict(list)
    async for row in newest.order_by("-created_at").values_list(*COLUMNS, "album_id"):
        photos[row[-1]].append(dict(zip(KEYS, row, strict=False)))
    return answer({"albums": [{"id": key, "title": title, "photos": photos[key]} for key, title in albums]})


async def rename(request: HttpRequest, key: UUID) -> HttpResponse:
    """Rename an album."""
    title = orjson.loads(request.body)["title"]
    await Album.objects.filter(pk=key).aupdate(title=title, updated_at=timezone.now())
    return answer({"id": key, "title": title})


urlpatterns = [
    path("typename", typename),
    path("photos", photos),
    path("photos/<uuid:key>", one),
    path("related", related),
    path("renditions", renditions),
    path("albums", nested),
    path("albums/<uuid:key>", rename),
]
