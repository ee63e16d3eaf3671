"""Who asks again is known by one look-up, until anything of the session, the token or the user is another."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from django.contrib.auth.backends import ModelBackend
from django.contrib.sessions.models import Session
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from api import viewers
from api.context import Context
from api.credentials import Credentials
from apps.accounts import services
from apps.accounts.models import AccessToken, User
from config.postgresql import beside
from tests.asgi_client import Client
from tests.conftest import signed_in
from tests.graphql_client import GraphQLClient

WHO = "{ viewer { email name } }"
TWENTY = "{ albums { edges { node { title isMine } } } }"


@pytest.fixture(autouse=True)
def loop_connection(transactional_db: None, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection for the loop, which here ends with each request, and nobody known before."""
    settings.DATABASE_LOOP_CONNECTIONS, settings.GRAPHQL_RATE_PER_MINUTE = 1, 0
    one = beside.Connections.one

    @asynccontextmanager
    async def lent(connections: beside.Connections) -> AsyncIterator[Any]:
        async with one(connections) as found:
            yield found
        await connections.close()

    monkeypatch.setattr(beside.breaker, "_closed_at", 0.0)  # another test may have opened it
    monkeypatch.setattr(beside.Connections, "one", lent)
    monkeypatch.setattr(viewers, "viewers", type(viewers.viewers)(room=viewers.ROOM))


@pytest.fixture
def by_session(ada: User) -> GraphQLClient:
    """Ada's browser."""
    return signed_in(ada)


@pytest.fixture
def by_token(ada: User) -> GraphQLClient:
    """Ada's program."""
    _, text = services.create_access_token(user=ada, name="program", expires_at=timezone.now() + timedelta(days=1))
    return GraphQLClient(Client(headers={"authorization": f"Bearer {text}"}))


@pytest.fixture(params=["by_session", "by_token"])
def known(request: pytest.FixtureRequest) -> GraphQLClient:
    """Somebody who is known by now."""
    client: GraphQLClient = request.getfixturevalue(request.param)
    for _ in range(2):
        assert client.data(WHO)["viewer"]["name"] == "Ada"
    return client


def statements(client: GraphQLClient, query: str = WHO) -> int:
    """Return how many statements a request makes in its thread."""
    with CaptureQueriesContext(connection) as made:
        client.data(query)
    return len(made)


def test_somebody_who_is_known_is_not_looked_up(known: GraphQLClient) -> None:
    assert statements(known) == 0


def test_somebody_new_is_looked_up(by_session: GraphQLClient) -> None:
    assert statements(by_session) > 0


def test_a_query_is_answered_in_the_loop(known: GraphQLClient, ada: User) -> None:
    expected = known.data(TWENTY)
    for _ in range(2):
        assert known.data(TWENTY) == expected
    assert statements(known, TWENTY) == 0


def set_password(ada: User) -> None:
    ada.set_password("another one")
    ada.save()


CHANGES: dict[str, Callable[[User], Any]] = {
    "the session ends": lambda _: Session.objects.all().delete(),
    "the session has ended by time": lambda _: Session.objects.update(expire_date=timezone.now() - timedelta(days=1)),
    "the password is another": set_password,
}
OF_ALL: dict[str, Callable[[User], Any]] = {
    "the user is deactivated": lambda ada: User.objects.filter(pk=ada.pk).update(is_active=False),
    "the user is deleted": lambda ada: ada.delete(),
}
OF_TOKENS: dict[str, Callable[[User], Any]] = {
    "the token is revoked": lambda _: AccessToken.objects.update(revoked_at=timezone.now()),
    "the token is deleted": lambda _: AccessToken.objects.all().delete(),
    "the token has ended": lambda _: AccessToken.objects.update(expires_at=timezone.now() - timedelta(days=1)),
}


@pytest.mark.parametrize("change", [*CHANGES, *OF_ALL])
def test_what_ends_a_session_is_seen_at_once(change: str, by_session: GraphQLClient, ada: User) -> None:
    for _ in range(3):
        by_session.data(WHO)
    (CHANGES | OF_ALL)[change](ada)
    assert by_session.data(WHO)["viewer"] is None


@pytest.mark.parametrize("change", [*OF_TOKENS, *OF_ALL])
def test_what_ends_a_token_is_seen_at_once(change: str, by_token: GraphQLClient, ada: User) -> None:
    for _ in range(3):
        by_token.data(WHO)
    (OF_TOKENS | OF_ALL)[change](ada)
    assert by_token.code(WHO) == "UNAUTHENTICATED"


def test_the_user_is_as_he_is_now(known: GraphQLClient, ada: User) -> None:
    for name in ("Augusta", "Ada"):
        User.objects.filter(pk=ada.pk).update(name=name)
        for _ in range(3):
            assert known.data(WHO)["viewer"]["name"] == name


def test_what_time_ends_is_looked_up(known: GraphQLClient, monkeypatch: pytest.MonkeyPatch) -> None:
    now = timezone.now()
    monkeypatch.setattr("api.viewers.timezone.now", lambda: now + timedelta(days=365))
    with CaptureQueriesContext(connection) as made:
        known.execute(WHO)
    assert len(made) > 0


def test_a_tokens_use_is_noted_again(by_token: GraphQLClient) -> None:
    for _ in range(3):
        by_token.data(WHO)
    AccessToken.objects.update(last_used_at=timezone.now() - timedelta(minutes=2))
    by_token.data(WHO)
    assert timezone.now() - AccessToken.objects.get().last_used_at < timedelta(minutes=1)  # type: ignore[operator]  # it was used


def test_each_request_has_an_object_of_its_own(ada: User) -> None:
    ada.name = "one"
    first, second = viewers.renewed(ada), viewers.renewed(ada)
    first.name = "two"
    first._state.adding = True
    assert (second.name, second._state.adding, ada.name) == ("one", False, "one")
    assert first == second


class OwnBackend(ModelBackend):
    """One that decides for itself who may go on."""

    def user_can_authenticate(self, user: Any) -> bool:
        return super().user_can_authenticate(user)


def test_where_a_backend_of_ones_own_decides_nobody_is_remembered(
    by_session: GraphQLClient, settings: Settings
) -> None:
    settings.AUTHENTICATION_BACKENDS = [*settings.AUTHENTICATION_BACKENDS, f"{__name__}.OwnBackend"]
    for _ in range(3):
        by_session.data(WHO)
    assert statements(by_session) > 0


def test_without_a_database_a_thread_tells(known: GraphQLClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(beside, "connected", refused)
    viewers.viewers.put("somebody else", viewers.Known(), weight=1)
    assert statements(known) > 0
    assert viewers.viewers.get("somebody else") is None, "the next server may have other rows under the same numbers"


async def refused() -> None:
    raise psycopg.OperationalError


def test_nobody_is_kept_who_was_found_before_the_database_was_away(ada: User) -> None:
    context = Context(credentials=Credentials({"headers": [(b"authorization", b"Bearer x")]}), address="")
    known = viewers.Known(user=ada, era=viewers.Era.now)
    viewers.keep(context, known)
    assert viewers.viewers.get(context.credentials.digest) is known
    viewers.Era.end()
    viewers.keep(context, known)
    assert viewers.viewers.get(context.credentials.digest) is None
