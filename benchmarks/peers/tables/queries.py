"""The queries behind the questions as one writes them by hand, joins named, children fetched at once: for peers without optimizer."""

from django.contrib.postgres.search import SearchQuery
from django.db.models import F, Prefetch, QuerySet, Window
from django.db.models.functions import RowNumber

from benchmarks.peers.tables.models import Album, Photo


def photos(*, first: int, offset: int = 0, search: str | None = None) -> QuerySet[Photo]:
    """Return a page of photos, the newest first."""
    found = Photo.objects.defer("search").order_by("-created_at")
    if search:
        found = found.filter(search=SearchQuery(search, config="english", search_type="websearch"))
    return found[offset : offset + first]


def photos_with_relations(*, first: int) -> QuerySet[Photo]:
    """Return a page of photos with albums, owners and tags."""
    joined = Photo.objects.defer("search").select_related("album", "owner").prefetch_related("tags")
    return joined.order_by("-created_at")[:first]


def photos_with_renditions(*, first: int) -> QuerySet[Photo]:
    """Return a page of photos with renditions."""
    return Photo.objects.defer("search").prefetch_related("renditions").order_by("-created_at")[:first]


def albums(*, first: int, photos: int) -> QuerySet[Album]:
    """Return a page of albums, the newest first, each with its newest photos."""
    place = Window(RowNumber(), partition_by=F("album_id"), order_by=F("created_at").desc())
    newest = Photo.objects.defer("search").annotate(place=place).filter(place__lte=photos).order_by("-created_at")
    return Album.objects.order_by("-created_at").prefetch_related(Prefetch("photos", queryset=newest))[:first]
