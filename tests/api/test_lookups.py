"""A row is found as a queryset finds it, by SQL that is made once."""

from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.models import Session
from django.db import connection, models, transaction
from django.db.transaction import TransactionManagementError
from django.test.utils import CaptureQueriesContext, isolate_apps
from django.utils import timezone

from api.lookups import Lookup
from apps.accounts.models import User
from apps.gallery.models import Album
from apps.gallery.selectors import visible_albums
from apps.gallery.services import own_album_locked


@pytest.fixture
def album(ada: User) -> Album:
    return Album.objects.create(owner=ada, title="Hills", visibility="PUBLIC")


def by_title(made: list[Any]) -> Lookup[Album]:
    def query(owner: Any, title: Any) -> models.QuerySet[Album]:
        made.append(title)
        return Album.objects.filter(owner=owner, title=title)

    return Lookup(query)


def test_its_query_is_made_once_and_asked_for_other_values_each_time(album: Album, grace: User) -> None:
    made: list[Any] = []
    find = by_title(made)
    other = Album.objects.create(owner=grace, title="Sea")
    assert [find(owner=album.owner_id, title="Hills"), find(owner=grace.pk, title="Sea")] == [album, other]
    assert find(owner=grace.pk, title="Hills") is None
    assert len(made) == 1


def test_the_row_is_what_a_queryset_returns_and_can_be_saved(album: Album) -> None:
    found = by_title([])(owner=album.owner_id, title="Hills")
    assert found is not None
    asked = Album.objects.defer("search").get(pk=album.pk)
    assert {name: value for name, value in vars(found).items() if name != "_state"} == {
        name: value for name, value in vars(asked).items() if name != "_state"
    }
    assert (found._state.adding, found._state.db) == (False, "default")
    found.title = "Dales"
    found.save()
    album.refresh_from_db()
    assert (album.title, found.search) == ("Dales", album.search)


def test_a_row_is_locked_within_a_transaction(album: Album) -> None:
    with CaptureQueriesContext(connection) as seen:
        assert own_album_locked(key=album.pk, owner=album.owner_id) == album
    assert [each["sql"].endswith("FOR UPDATE") for each in seen] == [True]


@pytest.mark.django_db(transaction=True)
def test_a_row_is_locked_nowhere_else() -> None:
    with transaction.atomic():
        assert own_album_locked(key=uuid4(), owner=uuid4()) is None
    with pytest.raises(TransactionManagementError):
        own_album_locked(key=uuid4(), owner=uuid4())


def test_what_a_viewer_may_see_is_asked_for_each(album: Album, ada: User, grace: User) -> None:
    seen: list[bool] = []

    def query(viewer: Any, key: Any) -> models.QuerySet[Album]:
        seen.append(viewer.is_authenticated)
        return visible_albums(viewer).filter(pk=key)

    find = Lookup(query)
    nobody = AnonymousUser()
    assert [find(viewer=each, key=album.pk) for each in (nobody, ada, grace)] == [album] * 3
    Album.objects.update(visibility="PRIVATE")
    assert [find(viewer=each, key=album.pk) for each in (nobody, ada, grace)] == [None, album, None]
    assert seen == [False, True]


@pytest.mark.django_db
@isolate_apps("apps.gallery")
def test_a_column_that_django_makes_something_of_is_asked_for_by_django() -> None:
    class Reader(models.Model):  # noqa: DJ008 - never shown
        session_key = models.CharField(max_length=40, primary_key=True)
        session_data = models.JSONField()

        class Meta:
            app_label = "gallery"
            db_table = Session._meta.db_table
            managed = False

    Session.objects.create(session_key="one", session_data='{"place": 1}', expire_date=timezone.now())
    find = Lookup(lambda key: Reader._default_manager.filter(pk=key))
    for _ in range(2):
        found = find(key="one")
        assert found is not None
        assert found.session_data == {"place": 1}
