"""Every write has what it changed forgotten: whoever wrote it, and whatever was asked. What it did not change may stay."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection, transaction
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from api.context import Context
from api.documents import Document, make
from api.execution import run
from api.requests import GraphQLRequest
from api.shared_cache import purging
from apps.accounts import services as accounts
from apps.accounts.models import User
from apps.gallery import renditions, services
from apps.gallery.models import Album, Photo, Rendition, Tag
from tests.api.plans.gallery import fill, known
from tests.api.plans.operations import operations
from tests.asgi_client import Client
from tests.gallery.conftest import add_rows, global_id, upload

FUZZ = int(os.environ.get("FUZZ_EXAMPLES", "0"))
Recorded = Callable[[Callable[[], Any]], set[str]]


@contextmanager
def taken_back() -> Iterator[None]:
    """Take back what is written within."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.fixture
def purged_by(
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> Recorded:
    """Return what a write has forgotten, by its surrogate keys."""
    settings.SHARED_CACHE_ADDRESS = "127.0.0.1:1"

    def recorded(write: Callable[[], Any]) -> set[str]:
        found: set[str] = set()
        monkeypatch.setattr(purging, "purge", found.update)
        connection.run_on_commit.clear()  # a test's transaction is never committed
        with django_capture_on_commit_callbacks(execute=True):
            write()
        return found

    return recorded


@pytest.fixture
def gallery(ada: User, grace: User) -> None:
    """A gallery, with a photo whose renditions are still to be made."""
    fill(ada, grace)
    upload(Album.objects.get(title="Heron"))


def changed(photo: Photo, **fields: Any) -> None:
    services.update_photo(photo.owner, photo.pk, **{"caption": None, "tags": None, **fields})


def rewritten(album: Album, **fields: Any) -> None:
    services.update_album(album.owner, album.pk, **fields)


def saved(row: Any, **fields: Any) -> None:
    """Save as the admin does: all of it."""
    for name, value in fields.items():
        setattr(row, name, value)
    row.save()


def shown() -> Photo:
    """A photo that everybody sees."""
    return Photo.objects.filter(visibility="PUBLIC", state="READY").order_by("id")[1]


def named(title: str) -> Album:
    return Album.objects.get(title=title)


WRITES: dict[str, Callable[[], Any]] = {
    "an album is renamed": lambda: rewritten(named("Hills"), title="Aaa"),
    "its description is another": lambda: rewritten(named("Heron"), description="hill"),
    "it is made private": lambda: rewritten(named("Hills"), visibility="PRIVATE"),
    "it is made unlisted": lambda: rewritten(named("Hills"), visibility="UNLISTED"),
    "a private one is made public": lambda: rewritten(named(""), title="Seen", visibility="PUBLIC"),
    "an unlisted one is made private": lambda: rewritten(named("Grüße 夜 🏔"), visibility="PRIVATE"),
    "it has another cover": lambda: rewritten(named("Hills"), cover_id=named("Hills").photos.last().pk),  # type: ignore[union-attr]
    "it is deleted": lambda: services.delete_album(named("Hills").owner, named("Hills").pk),
    "an album is made": lambda: services.create_album(
        User.objects.get(name="Ada"), title="New", description="", visibility="PUBLIC"
    ),
    "a photo is uploaded and ready": lambda: add_rows(named("Empty"), 1, tags=("hill",)),
    "a photo's renditions are made": lambda: renditions.make(Photo.objects.filter(sha256__gt="0" * 64).get().pk),
    "a photo's caption is another": lambda: changed(shown(), caption="heron"),
    "a photo's tags are others": lambda: changed(shown(), tags=["hills", "brand new"]),
    "a photo is deleted": lambda: services.delete_photo(shown().owner, shown().pk),
    "the cover is deleted": lambda: services.delete_photo(named("Hills").owner, named("Hills").cover_id),  # type: ignore[arg-type]
    "the admin changes a photo": lambda: saved(shown(), caption="heron", taken_at=None),
    "a rendition is moved": lambda: saved(Rendition.objects.filter(photo=shown()).last(), file="public/other.webp"),
    "somebody has another name": lambda: saved(User.objects.get(name="Ada"), name="Countess"),
    "somebody is deleted": lambda: User.objects.get(name="Ada").delete(),
    "a tag is renamed": lambda: saved(Tag.objects.get(name="hill"), name="mountain"),
    "a tag is deleted": lambda: Tag.objects.get(name="hill").delete(),
    "tags are made": lambda: services.tags_named(["brand new"]),
}


@cache
def made(text: str) -> Document:
    return make(text)


def answered(text: str, variables: dict[str, Any]) -> tuple[Any, bytes] | None:
    """Return an operation and its answer to nobody, where everybody's caches may keep it; else None."""
    document = made(text)
    if document.refusal:
        return None
    operation = document.operation("Made")
    if not operation.caching.is_public:
        return None
    context = Context(credentials=None, address="127.0.0.1", can_set_cookies=True)  # type: ignore[arg-type]  # nobody asks them
    context._viewer, context._viewer_until = AnonymousUser(), float("inf")
    answer = run(operation, GraphQLRequest(query=text, variables=variables), context)
    return None if b'"errors"' in answer.body else (operation, answer.body)


ASKED = """
  { albums { edges { node { title } } } }
  { albums(first: 2) { totalCount pageInfo { hasNextPage } } }
  { albums(orderBy: TITLE, filter: {search: "hill"}) { edges { node { description updatedAt visibility } } } }
  { albums(first: 5) { edges { node { id photos(first: 3) { totalCount edges { node { caption tags { name } } } } } } } }
  { albums { edges { node { cover { width renditions { url } } owner { name } } } } }
  { photos(first: 30) { edges { node { caption dominantColor state failureReason } } } }
  { photos(first: 30) { edges { node { album { title visibility } owner { name } } } } }
  { photos(first: 30, filter: {tags: ["hill"]}) { totalCount edges { node { tags { name } rendition(size: LARGE) { url bytes } } } } }
  { tags { edges { node { name } } } }
""".strip().splitlines()
OF_ONE = """
  { album(id: "%s") { title description visibility cover { caption } owner { name } photos(first: 50) { ...Photos } } }
  { node(id: "%s") { ... on Album { title photos { totalCount } } ... on Photo { ...Photo } ...on Tag { name } ...on User { name } } }
  { photo(id: "%s") { ...Photo album { visibility cover { id } } } }
  { photos(first: 50, filter: {album: "%s"}) { ...Photos } }
"""
PHOTO = """fragment Photo on Photo { caption state takenAt tags { name } renditions { url } owner { name }
  album { title photos { totalCount } } }"""
PHOTOS = f"{PHOTO} fragment Photos on PhotoConnection {{ totalCount edges {{ node {{ ...Photo }} }} }}"


def document(text: str) -> str:
    """Return a question with the fragments that it spreads."""
    fragments = PHOTOS if "...Photos" in text else PHOTO if "...Photo " in text else ""
    return f"query Made {text} {fragments}"


def questions() -> list[str]:
    """Return what is asked in any case: lists, and each album and some photos, by every field that takes an id."""
    rows = [*Album.objects.all(), *Photo.objects.order_by("id")[:2], *Photo.objects.order_by("-id")[:1]]
    rows += [*Tag.objects.all()[:1], *User.objects.all()]
    asked = [each.strip() for each in OF_ONE.strip().splitlines()]
    fitting = {"album": Album, "photo": Photo, "photos": Album}
    of_one = [
        each % global_id(row)
        for each in asked
        for row in rows
        if isinstance(row, fitting.get(each[2:].partition("(")[0], object))
    ]
    all_of_them = ", ".join(f'"{global_id(row)}"' for row in rows)
    return [document(each.strip()) for each in (*ASKED, *of_one, f"{{ nodes(ids: [{all_of_them}]) {{ id }} }}")]


def made_by_chance(count: int) -> list[tuple[str, dict[str, Any]]]:
    """Return operations that may be kept."""
    found: list[tuple[str, dict[str, Any]]] = []

    @examples(max_examples=count * 20, derandomize=not FUZZ, suppress_health_check=list(HealthCheck), database=None)
    @given(drawn=operations(known()))
    def collect(drawn: tuple[str, dict[str, Any]]) -> None:
        if len(found) < count and answered(*drawn):
            found.append(drawn)

    collect()
    return found


@pytest.fixture
def pool(gallery: None, settings: Settings) -> list[tuple[str, dict[str, Any]]]:
    """Operations with their variables."""
    settings.GRAPHQL_MAX_TOKENS, settings.GRAPHQL_MAX_ALIASES = 5000, 500
    return [*((text, {}) for text in questions()), *made_by_chance(FUZZ or 4)]


def test_whatever_was_asked_is_forgotten_where_a_write_has_changed_it(
    pool: list[tuple[str, dict[str, Any]]], purged_by: Recorded
) -> None:
    before = [answered(*each) for each in pool]
    assert all(before[: len(questions())]), "a question of ours may not be kept"
    made_of = [
        {"*", *each[0].made_of.keys(variables)} for each, (_, variables) in zip(before, pool, strict=True) if each
    ]
    for name, write in WRITES.items():
        with taken_back():
            purged = purged_by(write)
            after = [answered(*each) for each in pool]
            changed = [place for place, each in enumerate(after) if not each or each[1] != before[place][1]]  # type: ignore[index]
            assert changed, f"{name}, and no answer is another: it is not asked for"
            for place in changed:
                assert purged & made_of[place] or made_of[place] == {"*"}, (name, pool[place], made_of[place], purged)


class TestByAlbum:
    """What was written in one album leaves alone what was made of another."""

    @pytest.mark.parametrize("write", [
        lambda album: rewritten(album, title="New"),
        lambda album: rewritten(album, visibility="PRIVATE"),
        lambda album: changed(album.photos.first(), tags=["brand new"]),
        lambda album: services.delete_photo(album.owner, album.photos.first().pk),
        lambda album: services.delete_album(album.owner, album.pk),
        lambda album: renditions.make(upload(album).pk),
    ])  # fmt: skip
    def test_another_album_s_answers_stay(
        self, make_album: Callable[..., Album], purged_by: Recorded, write: Callable[[Album], None]
    ) -> None:
        written, other = make_album("Hills"), make_album("Sea")
        add_rows(written, 2)
        key, others = f"Album:{written.pk}", f"Album:{other.pk}"
        purged = purged_by(lambda: write(written))
        assert key in purged
        assert not purged & {others, "*"}

    def test_photos_leave_lists_of_albums_alone_that_show_none(self, album: Album, purged_by: Recorded) -> None:
        (photo,) = add_rows(album, 1)
        assert purged_by(lambda: changed(photo, caption="New")) == {f"Album:{album.pk}", "Photo"}


class TestWhatIsInNobodySAnswer:
    def test_what_is_private_and_stays_so(self, make_album: Callable[..., Album], purged_by: Recorded) -> None:
        assert purged_by(lambda: make_album(visibility="PRIVATE")) == set()
        album = make_album(visibility="PRIVATE")
        assert purged_by(lambda: add_rows(album, 1)) == set()

    def test_who_signs_up_or_in_or_takes_another_password(self, db: None, client: Client, purged_by: Recorded) -> None:
        user = User.objects.create_user("mary@example.com", None, name="Mary")
        assert purged_by(lambda: User.objects.create_user("max@example.com", None, name="Max")) == set()
        assert purged_by(lambda: client.force_login(user)) == set()
        assert purged_by(lambda: accounts.set_new_password(user, "a-long-enough-one")) == set()


def test_what_the_admin_writes_is_forgotten_too(
    admin_client: Any, album: Album, purged_by: Recorded, settings: Settings
) -> None:
    (photo,) = add_rows(album, 1, tags=("sky",))
    form = {"caption": "Of the admin's", "renditions-TOTAL_FORMS": "0", "renditions-INITIAL_FORMS": "0"}
    place = f"/{settings.ADMIN_URL}gallery/photo/{photo.pk}/change/"
    purged = purged_by(lambda: admin_client.post(place, {**form, "taken_at_0": "", "taken_at_1": ""}))
    assert Photo.objects.get().caption == "Of the admin's"
    assert {f"Album:{album.pk}", "Photo"} <= purged
