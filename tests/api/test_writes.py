"""Columns are written as Django writes them, by SQL that is made once; what is more than that, Django does."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, models, transaction
from django.db.models.functions import Upper
from django.db.models.signals import ModelSignal, post_save, pre_save
from django.test.utils import CaptureQueriesContext

from api import writes
from api.writes import save_columns
from apps.accounts.models import User
from apps.gallery.models import Album
from tests.gallery.conftest import add_rows

Write = Callable[..., None]


@pytest.fixture
def album(ada: User) -> Album:
    return Album.objects.create(owner=ada, title="Hills", description="steep", visibility="PUBLIC")


@pytest.fixture
def django_s(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """What was left to Django."""
    found: list[tuple[str, ...]] = []
    save = models.Model.save

    def noted(row: models.Model, *, update_fields: tuple[str, ...], **options: Any) -> None:
        found.append(update_fields)
        save(row, update_fields=update_fields, **options)

    monkeypatch.setattr(models.Model, "save", noted)
    writes.update_of.cache_clear()
    return found


def test_it_writes_what_django_writes(album: Album, monkeypatch: pytest.MonkeyPatch) -> None:
    (cover,) = add_rows(album, 1)
    moments = iter([album.created_at.replace(year=2030)] * 2)
    monkeypatch.setattr("django.utils.timezone.now", lambda: next(moments))
    names = ("title", "cover_id", "updated_at")

    def written(write: Write) -> tuple[list[str], Any]:
        row = Album.objects.get(pk=album.pk)
        row.title, row.description, row.cover_id = "Dales", "not written", cover.pk
        with transaction.atomic():
            with CaptureQueriesContext(connection) as seen:
                write(row, *names)
            found = [each["sql"] for each in seen], list(Album.objects.values_list()), row.updated_at
            transaction.set_rollback(True)
        return found[0], found[1:]

    ours, django_s = written(save_columns), written(lambda row, *names: row.save(update_fields=names))
    assert ours[1] == django_s[1]
    assert [each.replace("(", "").replace(")", "") for each in ours[0]] == django_s[0]  # Django's own value has none
    assert ours[1][1].year == 2030


def test_its_sql_is_made_once(album: Album, django_s: list[Any]) -> None:
    for title in ("One", "Two"):
        album.title = title
        save_columns(album, "title")
        assert Album.objects.get().title == title
    assert (writes.update_of.cache_info().misses, django_s) == (1, [])


def test_what_went_wrong_is_what_it_is_with_django(album: Album) -> None:
    album.visibility = "SECRET"
    with pytest.raises(IntegrityError), transaction.atomic():
        save_columns(album, "visibility")
    Album.objects.all().delete()
    with pytest.raises(DatabaseError, match="did not affect any rows"), transaction.atomic():
        save_columns(album, "title")
    with pytest.raises(DatabaseError, match="did not affect any rows"), transaction.atomic():
        album.save(update_fields=["title"])


def test_an_error_ends_the_transaction_that_it_is_part_of(album: Album) -> None:
    album.visibility = "SECRET"
    with transaction.atomic():
        with pytest.raises(IntegrityError):
            save_columns(album, "visibility")
        assert connection.needs_rollback
        connection.set_rollback(True)


@contextmanager
def listening(signal: ModelSignal) -> Iterator[list[dict[str, Any]]]:
    """Yield what is told of albums."""
    told: list[dict[str, Any]] = []

    def listen(**said: Any) -> None:
        told.append(said)

    signal.connect(listen, sender=Album)
    try:
        yield told
    finally:
        signal.disconnect(listen, sender=Album)


def test_who_listens_is_told_what_django_tells(album: Album) -> None:
    with listening(post_save) as told:
        save_columns(album, "title")
        album.save(update_fields=["title"])
    assert told[0] == told[1]


class TestWhatIsLeftToDjango:
    def test_a_row_that_somebody_may_change_before(self, album: Album, django_s: list[Any]) -> None:
        with listening(pre_save) as told:
            save_columns(album, "title")
        assert (len(told), django_s) == (1, [("title",)])

    def test_a_value_that_postgresql_works_out(self, album: Album, django_s: list[Any]) -> None:
        album.title = Upper("title")
        save_columns(album, "title")
        assert (Album.objects.get().title, django_s) == ("HILLS", [("title",)])

    def test_an_object_in_a_key_s_place(self, album: Album, grace: User, django_s: list[Any]) -> None:
        album.owner = grace
        save_columns(album, "owner")
        assert (Album.objects.get().owner, django_s) == (grace, [("owner",)])

    def test_a_row_that_is_not_there_yet(self, ada: User, django_s: list[Any]) -> None:
        save_columns(Album(owner=ada, title="Hills"), "title")
        assert (Album.objects.get().title, django_s) == ("Hills", [("title",)])

    def test_a_model_with_a_way_of_its_own(self, album: Album, monkeypatch: pytest.MonkeyPatch) -> None:
        saved: list[Any] = []
        monkeypatch.setattr(Album, "save", lambda row, **options: saved.append((row, options)), raising=False)
        writes.update_of.cache_clear()
        save_columns(album, "title")
        writes.update_of.cache_clear()
        assert saved == [(album, {"update_fields": ("title",)})]
