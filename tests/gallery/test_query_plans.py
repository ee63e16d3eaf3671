"""Reads PostgreSQL's plans at 100,000 photos: every filter and ordering of the API has to start from an index."""

import datetime
import json
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone
from pytest_django import DjangoDbBlocker

from api.connections import connect_children
from api.keyset import Ordering, PageRequest, between, encode_cursor
from api.parameters import Parents, Values
from api.plans.many import Many
from api.plans.statements import Statement, statement_of
from apps.accounts.models import User
from apps.gallery import selectors
from apps.gallery.models import Album, Photo, Tag
from apps.gallery.orderings import ALBUM_ORDERINGS, PHOTO_ORDERINGS, TAGS_BY_NAME, AlbumOrder, PhotoOrder
from apps.gallery.selectors import AlbumCriteria, PhotoCriteria

PHOTOS, ALBUMS, OWNERS, TAGS = 100_000, 2_000, 200, 400

# ANALYZE in between: what earlier tests left behind has the planner think that the tables are empty, and each row that is
# added would then be looked up by reading all of the others.
ROWS = f"""
INSERT INTO accounts_user (password, is_superuser, email, name, is_active, is_staff, created_at)
  SELECT '!', false, 'owner' || n || '@example.com', 'Owner ' || n, true, false, now() FROM generate_series(1, {OWNERS}) n;
INSERT INTO gallery_album (owner_id, title, description, visibility, is_being_placed, created_at, updated_at)
  SELECT owners.ids[1 + n % {OWNERS}], 'Album ' || md5(n::text), 'Walks in the hills ' || n,
         (ARRAY['PUBLIC', 'PUBLIC', 'UNLISTED', 'PRIVATE'])[1 + (n / {OWNERS}) % 4], false, now() - n * interval '1 hour', now()
  FROM generate_series(1, {ALBUMS}) n, (SELECT array_agg(id ORDER BY id) AS ids FROM accounts_user) owners;
INSERT INTO gallery_tag (name) SELECT 'tag' || n FROM generate_series(1, {TAGS}) n;
ANALYZE accounts_user, gallery_album, gallery_tag;
INSERT INTO gallery_photo (album_id, owner_id, visibility, caption, file, content_type, bytes, sha256, width, height,
                           taken_at, dominant_color, state, failure_reason, created_at)
  SELECT a.id, a.owner_id, a.visibility, 'Photo ' || md5(n::text) || CASE WHEN n % 500 = 0 THEN ' heron' ELSE '' END,
         'private/' || md5(n::text) || '/original.jpg', 'image/jpeg', 1000, repeat('0', 64), 3, 2,
         CASE WHEN n % 3 > 0 THEN now() - n * interval '47 minutes' END, '#000000',
         CASE WHEN n % 199 = 0 THEN 'FAILED' ELSE 'READY' END, '', now() - n * interval '5 minutes'
  FROM generate_series(1, {PHOTOS}) n CROSS JOIN (SELECT array_agg(id ORDER BY id) AS ids FROM gallery_album) albums
  JOIN gallery_album a ON a.id = albums.ids[1 + n % {ALBUMS}];
ANALYZE gallery_photo;
INSERT INTO gallery_photo_tags (photo_id, tag_id)
  SELECT p.id, tags.ids[1 + p.number % known] FROM (SELECT id, row_number() OVER () AS number FROM gallery_photo) p,
         (SELECT array_agg(id ORDER BY id) AS ids FROM gallery_tag) tags, (VALUES ({TAGS}), (7)) AS draw (known)
  ON CONFLICT DO NOTHING;
"""
TABLES = ("accounts_user", "gallery_album", "gallery_tag", "gallery_photo", "gallery_photo_tags")


@pytest.fixture(scope="module")
def many_photos(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Fill the tables, and empty them again."""
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute(ROWS)
        cursor.execute("VACUUM ANALYZE " + ", ".join(TABLES))
        yield
        cursor.execute("TRUNCATE " + ", ".join(TABLES) + " CASCADE")


@pytest.fixture
def nobody() -> AnonymousUser:
    return AnonymousUser()


@pytest.fixture
def owner(many_photos: None, db: None) -> User:
    return User.objects.order_by("created_at", "pk")[7]


def nodes_of(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for child in plan.get("Plans", []):
        yield from nodes_of(child)


def read_plan(queryset: QuerySet[Any]) -> list[dict[str, Any]]:
    plan = json.loads(queryset.explain(format="json"))[0]["Plan"]
    return list(nodes_of(plan))


def read_plan_of(statement: Statement, values: Values) -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (FORMAT json) {statement.sql}", statement.given(values))
        return list(nodes_of(cursor.fetchall()[0][0][0]["Plan"]))


def assert_starts_from_an_index(queryset: QuerySet[Any], *, is_sorted: bool = True) -> None:
    assert_good(read_plan(queryset), is_sorted=is_sorted)


def assert_good(nodes: list[dict[str, Any]], *, is_sorted: bool) -> None:
    large = {"gallery_photo", "gallery_album", "gallery_photo_tags"}
    scanned = [
        node["Relation Name"] for node in nodes if node["Node Type"] == "Seq Scan" and node["Relation Name"] in large
    ]
    assert not scanned, f"reads all of {scanned}: {json.dumps(nodes[0], indent=1)}"
    if is_sorted:
        kinds = [node["Node Type"] for node in nodes]
        assert "Sort" not in kinds, f"sorts what an index has in order: {json.dumps(nodes[0], indent=1)}"


def page_of(queryset: QuerySet[Any], ordering: Ordering, *, is_backward: bool = False) -> QuerySet[Any]:
    """Return a page from the middle, as a client that is on its way reads it."""
    place = queryset.count() // 2
    middle = queryset.order_by(*ordering.columns())[place : place + 1].get()
    cursor = encode_cursor(middle, ordering)
    after, before = (None, cursor) if is_backward else (cursor, None)
    page = PageRequest(limit=20, is_backward=is_backward, after=after, before=before)
    return between(queryset, ordering, page)[:21]


@pytest.mark.parametrize("is_backward", [False, True], ids=["forward", "backward"])
@pytest.mark.parametrize("order", PhotoOrder)
class TestPhotoOrderings:
    def test_of_everybody_s_list(
        self, many_photos: None, db: None, nobody: AnonymousUser, order: PhotoOrder, is_backward: bool
    ) -> None:
        photos = selectors.photos(nobody, PhotoCriteria())
        assert_starts_from_an_index(page_of(photos, PHOTO_ORDERINGS[order], is_backward=is_backward))

    def test_of_a_viewer_s_list(self, owner: User, order: PhotoOrder, is_backward: bool) -> None:
        photos = selectors.photos(owner, PhotoCriteria())
        assert_starts_from_an_index(page_of(photos, PHOTO_ORDERINGS[order], is_backward=is_backward))

    def test_of_one_owner_s(self, owner: User, nobody: AnonymousUser, order: PhotoOrder, is_backward: bool) -> None:
        photos = selectors.photos(nobody, PhotoCriteria(owner_id=owner.pk))
        assert_starts_from_an_index(page_of(photos, PHOTO_ORDERINGS[order], is_backward=is_backward), is_sorted=False)

    def test_of_an_album(self, owner: User, order: PhotoOrder, is_backward: bool) -> None:
        album = owner.albums.order_by("pk")[0]
        photos = selectors.photos(owner, PhotoCriteria(album_id=album.pk))
        assert_starts_from_an_index(page_of(photos, PHOTO_ORDERINGS[order], is_backward=is_backward), is_sorted=False)


class TestWhatPlansKeep:
    """Statements of api.plans: columns, foreign keys joined, and what is behind many rows at once."""

    def test_pages_behind_many_albums(self, many_photos: None, db: None, nobody: AnonymousUser) -> None:
        parents = Parents("uuid")
        pages = connect_children(
            parents,
            lambda albums: selectors.photos_of_albums(nobody, albums, PhotoCriteria()),
            foreign_key="album",
            key="photos",
            ordering=PHOTO_ORDERINGS[PhotoOrder.NEWEST],
            page=PageRequest(limit=10, is_backward=False, after=None, before=None),
        )
        assert pages.queryset is not None
        one = statement_of(pages.queryset[:11], ["id", "caption", "created_at", "album_id"])
        every = Statement(parents.for_each(one.sql, ordered_by="3 DESC, 1 DESC"), (parents, *one.values))
        nodes = read_plan_of(every, Values({}, keys=keys_of(Album)))
        assert_good(nodes, is_sorted=False)
        assert [each["Node Type"] for each in nodes].count("Sort") == 1, "each album's photos are in an index's order"

    def test_a_list_behind_many_photos(self, many_photos: None, db: None) -> None:
        statement = Many(Photo, "tags", ("id", "name")).statement
        assert_good(read_plan_of(statement, Values({}, keys=keys_of(Photo))), is_sorted=False)

    def test_a_page_with_what_its_rows_name(self, many_photos: None, db: None, nobody: AnonymousUser) -> None:
        page = PageRequest(limit=20, is_backward=False, after=None, before=None)
        photos = between(selectors.photos(nobody, PhotoCriteria()), PHOTO_ORDERINGS[PhotoOrder.NEWEST], page)
        statement = statement_of(photos[:21], ["id", "caption", "album__title", "owner__name"])
        assert_good(read_plan_of(statement, Values({})), is_sorted=True)


def keys_of(model: Any) -> list[UUID]:
    """Return the keys of a page's rows."""
    return list(model.objects.order_by("-created_at").values_list("pk", flat=True)[:20])


MONTH = timezone.now() - datetime.timedelta(days=30)
WEEK = timezone.now() - datetime.timedelta(days=7)


@pytest.mark.parametrize(
    "criteria",
    [
        PhotoCriteria(tags=("tag33",)),
        PhotoCriteria(tags=("tag33", "tag2")),
        PhotoCriteria(search="heron"),
        PhotoCriteria(taken_after=MONTH, taken_before=WEEK),
        PhotoCriteria(created_after=MONTH, created_before=WEEK),
        PhotoCriteria(state="FAILED"),
    ],
    ids=["tag", "two-tags", "search", "taken", "created", "state"],
)
def test_every_filter_of_photos(owner: User, criteria: PhotoCriteria) -> None:
    newest = PHOTO_ORDERINGS[PhotoOrder.NEWEST]
    photos = selectors.photos(owner, criteria)
    assert photos.exists()
    assert_starts_from_an_index(photos.order_by(*newest.columns())[:21], is_sorted=False)


@pytest.mark.parametrize("order", AlbumOrder)
def test_every_ordering_of_albums(many_photos: None, db: None, nobody: AnonymousUser, order: AlbumOrder) -> None:
    assert_starts_from_an_index(page_of(selectors.albums(nobody, AlbumCriteria()), ALBUM_ORDERINGS[order]))


@pytest.mark.parametrize("order", AlbumOrder)
def test_one_owner_s_albums(owner: User, order: AlbumOrder) -> None:
    albums = selectors.albums(owner, AlbumCriteria(owner_id=owner.pk))
    assert_starts_from_an_index(page_of(albums, ALBUM_ORDERINGS[order]), is_sorted=False)


def test_the_photos_of_a_page_of_albums(owner: User) -> None:
    albums = list(Album.objects.order_by("pk")[:20])
    assert_starts_from_an_index(selectors.photos_of_albums(owner, albums, PhotoCriteria()), is_sorted=False)


def test_tags_by_their_beginning(many_photos: None, db: None) -> None:
    page = page_of(selectors.tags("tag3"), TAGS_BY_NAME)
    assert [node["Node Type"] for node in read_plan(page)]


def test_one_file_s_photo(owner: User) -> None:
    name = Photo.objects.filter(owner=owner)[0].file.name
    nodes = read_plan(Photo.objects.filter(file=name, owner=owner))
    assert "Seq Scan" not in [node["Node Type"] for node in nodes]


def test_the_rows_are_as_many_as_the_title_says(many_photos: None, db: None) -> None:
    assert Photo.objects.count() == PHOTOS
    assert isinstance(Tag.objects.all()[0].pk, UUID)
