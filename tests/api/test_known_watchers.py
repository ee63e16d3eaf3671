"""Who watches is known again at each event by one look-up, until anything of the session, the token or the user is another."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from api.errors import NotFoundError, UnauthenticatedError
from apps.accounts.models import User
from apps.accounts.services import create_access_token
from apps.gallery.models import Album, Photo
from config.postgresql import beside
from tests.api.test_fan_out import OTHERS, Watching, changed, told
from tests.api.test_lost_permission import Headers, session_of
from tests.api.test_viewers import CHANGES, OF_ALL, OF_TOKENS, loop_connection, refused
from tests.asgi_client import run_here
from tests.gallery.conftest import add_rows

__all__ = ["loop_connection"]
LOST = (CHANGES | OF_ALL) | OF_TOKENS
del LOST["the user is deleted"]  # with all that there was to watch


@pytest.fixture
def photo(ada: User) -> Photo:
    return add_rows(Album.objects.create(owner=ada, title="Hills", visibility="PRIVATE"), 1)[0]


def token_of(user: User) -> Headers:
    _, text = create_access_token(user=user, name="watch", expires_at=None)
    return [(b"authorization", f"Bearer {text}".encode())]


WAYS: dict[str, Callable[[User], Headers]] = {"session": session_of, "token": token_of}


def begun(photo: Photo, headers: Headers) -> Watching:
    watching = Watching(photo, headers)
    run_here(watching.asked.begin)
    return watching


@pytest.mark.parametrize("way", WAYS)
def test_who_watches_is_not_looked_up_again(photo: Photo, ada: User, way: str) -> None:
    watching = begun(photo, WAYS[way](ada))
    for _ in range(2):
        with CaptureQueriesContext(connection) as made:
            assert told(photo, watching) == [changed(is_mine=True)]
        assert len(made) == 1  # the photo with the permission to see it


@pytest.mark.parametrize(
    ("way", "change"), [*(("session", each) for each in CHANGES), *(("token", each) for each in OF_TOKENS)]
)
def test_what_ends_it_is_seen_at_the_next_event(photo: Photo, ada: User, way: str, change: str) -> None:
    watching = begun(photo, WAYS[way](ada))
    assert told(photo, watching) == [changed(is_mine=True)]
    LOST[change](ada)
    (lost,) = told(photo, watching)
    assert type(lost) is (NotFoundError if way == "session" else UnauthenticatedError)


@pytest.mark.parametrize("way", WAYS)
def test_a_user_who_is_deactivated_hears_nothing_more(photo: Photo, ada: User, way: str) -> None:
    watching = begun(photo, WAYS[way](ada))
    LOST["the user is deactivated"](ada)
    (lost,) = told(photo, watching)
    assert type(lost) is (NotFoundError if way == "session" else UnauthenticatedError)


def test_who_was_looked_up_for_an_event_is_known_at_the_next(photo: Photo, ada: User) -> None:
    watching = begun(photo, session_of(ada))
    User.objects.filter(pk=ada.pk).update(name="Augusta")
    seen = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as made:
            assert told(photo, watching) == [changed(is_mine=True)]
        seen.append(len(made))
    assert seen[0] > seen[1] == 1


def test_who_is_known_from_before_a_change_is_looked_up_also_beside_who_is_known_from_after(
    photo: Photo, ada: User
) -> None:
    session = session_of(ada)
    before = begun(photo, session)
    User.objects.filter(pk=ada.pk).update(name="Augusta")
    after = begun(photo, session)
    other = Watching(photo, session, query=OTHERS)  # or the two would share an answer
    other.asked.known = before.asked.known
    with CaptureQueriesContext(connection) as made:
        told(photo, after, other)
    assert other.context.viewer.name == after.context.viewer.name == "Augusta"  # type: ignore[union-attr]  # somebody is signed in
    assert len(made) > 2


def test_once_the_database_was_away_they_are_looked_up(
    photo: Photo, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    watching, other = begun(photo, session_of(ada)), begun(photo, session_of(ada))
    with monkeypatch.context() as away:
        away.setattr(beside, "connected", refused)
        assert told(photo, other) == [changed(is_mine=True)]
    with CaptureQueriesContext(connection) as made:
        assert told(photo, watching) == [changed(is_mine=True)]
    assert len(made) > 1


def test_without_connections_of_the_loop_s_own_they_are_looked_up_each_time(
    photo: Photo, ada: User, settings: Settings
) -> None:
    settings.DATABASE_LOOP_CONNECTIONS = 0
    watching: Any = begun(photo, session_of(ada))
    assert (watching.asked.known, told(photo, watching)) == (None, [changed(is_mine=True)])
