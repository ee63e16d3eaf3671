"""Reads, each with the viewer's permission in the query itself."""

import datetime
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.contrib.postgres.search import SearchQuery
from django.db.models import Count, Q, QuerySet

from api.lookups import Lookup
from api.parameters import several
from apps.accounts.models import User
from apps.gallery.models import Album, Photo, PhotoState, Rendition, Tag, Visibility

Viewer = User | AnonymousUser


@dataclass(frozen=True, kw_only=True)
class PhotoCriteria:
    """Which photos; None and empty mean any. Times compare with when a photo was taken (or else uploaded), or uploaded."""

    album_id: UUID | None = None
    owner_id: UUID | None = None
    tags: tuple[str, ...] = ()
    state: str | None = None
    taken_after: datetime.datetime | None = None
    taken_before: datetime.datetime | None = None
    created_after: datetime.datetime | None = None
    created_before: datetime.datetime | None = None
    search: str | None = None


@dataclass(frozen=True, kw_only=True)
class AlbumCriteria:
    """Which albums; None means any."""

    owner_id: UUID | None = None
    visibility: str | None = None
    search: str | None = None


def visible_albums(viewer: Viewer) -> QuerySet[Album]:
    """Return the albums that the viewer may open who knows their ids."""
    reachable = ~Q(visibility=Visibility.PRIVATE)
    return Album.objects.filter(reachable | Q(owner=viewer.pk) if viewer.is_authenticated else reachable)


def listed_albums(viewer: Viewer) -> QuerySet[Album]:
    """Return the albums that show up in the viewer's lists: public ones and the viewer's own."""
    public = Q(visibility=Visibility.PUBLIC)
    return Album.objects.filter(public | Q(owner=viewer.pk) if viewer.is_authenticated else public)


def albums(viewer: Viewer, criteria: AlbumCriteria) -> QuerySet[Album]:
    """Return the listed albums that meet the criteria, in no order yet."""
    found = listed_albums(viewer)
    if criteria.owner_id:
        found = found.filter(owner=criteria.owner_id)
    if criteria.visibility:
        found = found.filter(visibility=criteria.visibility)
    if criteria.search:
        found = found.filter(search=web_search(criteria.search))
    return found


def visible_photos(viewer: Viewer) -> QuerySet[Photo]:
    """Return the photos that the viewer may open who knows their ids: one's own in every state, others' when ready."""
    reachable = Q(state=PhotoState.READY) & ~Q(visibility=Visibility.PRIVATE)
    return Photo.objects.filter(reachable | Q(owner=viewer.pk) if viewer.is_authenticated else reachable)


watched_photo = Lookup(
    lambda viewer, key, album: visible_photos(viewer).filter(pk=key, album__in=visible_albums(viewer).filter(pk=album))
)


def listed_photos(viewer: Viewer) -> QuerySet[Photo]:
    """Return the photos that show up in the viewer's lists."""
    public = Q(visibility=Visibility.PUBLIC, state=PhotoState.READY)
    return Photo.objects.filter(public | Q(owner=viewer.pk) if viewer.is_authenticated else public)


def photos(viewer: Viewer, criteria: PhotoCriteria) -> QuerySet[Photo]:
    """Return the photos that meet the criteria, in no order yet.

    An album that is asked for by its id may be an unlisted one: who knows the id may see it.
    """
    base = visible_photos(viewer) if criteria.album_id else listed_photos(viewer)
    return narrow(base, criteria)


def narrow(found: QuerySet[Photo], criteria: PhotoCriteria) -> QuerySet[Photo]:
    """Return those of `found` that meet the criteria."""
    exact = {
        "album": criteria.album_id,
        "owner": criteria.owner_id,
        "state": criteria.state,
        "moment__gte": criteria.taken_after,
        "moment__lt": criteria.taken_before,
        "created_at__gte": criteria.created_after,
        "created_at__lt": criteria.created_before,
    }
    found = found.filter(**{lookup: value for lookup, value in exact.items() if value is not None})
    for name in criteria.tags:
        # A semi-join for each tag: a photo must have all of them, and no row may come twice.
        found = found.filter(pk__in=Photo.tags.through.objects.filter(tag__name=name.lower()).values("photo"))
    if criteria.search:
        found = found.filter(search=web_search(criteria.search))
    return found


def web_search(text: str) -> SearchQuery:
    """Return a query in the words and quotes people type into a search box."""
    return SearchQuery(text, config="english", search_type="websearch")


def photos_of_albums(viewer: Viewer, albums: Iterable[Album], criteria: PhotoCriteria) -> QuerySet[Photo]:
    """Return the photos in `albums`, which the viewer may see, that the viewer may see as well."""
    return narrow(visible_photos(viewer).filter(album__in=several(albums)), criteria)


def tags(search: str | None) -> QuerySet[Tag]:
    """Return tags whose name starts with `search`, in no order yet."""
    return Tag.objects.filter(name__startswith=search.lower()) if search else Tag.objects.all()


def photo_counts(viewer: Viewer, tags: Sequence[Tag]) -> dict[UUID, int]:
    """Return how many listed photos carry each tag, by the tag's id; a tag without any is left out."""
    counted = listed_photos(viewer).filter(tags__in=list(tags)).values("tags").annotate(count=Count("pk")).order_by()
    return {row["tags"]: row["count"] for row in counted}


def renditions_of(photos: Sequence[Photo]) -> dict[UUID, list[Rendition]]:
    """Return the renditions of each photo, by the photo's id."""
    found: defaultdict[UUID, list[Rendition]] = defaultdict(list)
    for rendition in Rendition.objects.filter(photo__in=photos):
        found[rendition.photo_id].append(rendition)
    return found


def looks_after_photos(viewer: Viewer) -> bool:
    """Tell whether the viewer may look at everybody's photos in the admin, and so at their files."""
    return viewer.is_staff and viewer.has_perm("gallery.view_photo")


def photo_owning_file(viewer: Viewer, name: str) -> Photo | None:
    """Return the photo whose file `name` is, where the viewer may have it: an original is for its owner and the admin alone."""
    if looks_after_photos(viewer):
        return Photo.objects.filter(Q(file=name) | Q(renditions__file=name)).first()
    original = Photo.objects.filter(file=name, owner=viewer.pk) if viewer.is_authenticated else Photo.objects.none()
    return original.first() or visible_photos(viewer).filter(renditions__file=name).first()
