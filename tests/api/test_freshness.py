"""Where an operation is run: what is in Redis of writes, and what becomes of it where Redis forgets, or is away."""

from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import MiddlewareNotUsed
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from graphql import OperationType
from pytest_django import Settings

from api import freshness, gcra
from api.context import Context
from api.credentials import AssumedViewer
from api.freshness import FLOOR, NOWHERE, PREFIX, Owed
from api.noting_writes import NotingWritesMiddleware
from apps.accounts.models import User
from config.postgresql import replicas
from config.postgresql.replicas import ReplicaLostError

pytestmark = pytest.mark.django_db
NOBODY = "address:127.0.0.1"


@pytest.fixture(autouse=True)
def forgotten(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Redis without anything of it, and a breaker of the test's own."""
    monkeypatch.setattr(gcra.breaker, "_closed_at", 0.0)
    monkeypatch.setattr(Owed, "is_due", False)
    keys = gcra.server().keys(f"{PREFIX}*")
    if keys:
        gcra.server().delete(*keys)
    yield
    gcra.server().delete(FLOOR)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The positions that replicas were asked for."""
    found: list[int] = []

    def fresh(position: int) -> str:
        found.append(position)
        return "a replica"

    monkeypatch.setattr(replicas.Process, "replicas", SimpleNamespace(fresh=fresh))
    return found


@pytest.fixture
def away(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """What takes Redis away."""

    def no_more() -> None:
        monkeypatch.setattr(gcra.breaker, "_closed_at", float("inf"))

    return no_more


def context_of(user: User | None = None) -> Context:
    made = Context(credentials=AssumedViewer(user or AnonymousUser()), address="127.0.0.1")
    made.credentials.is_anonymous = user is None
    return made


def place_of(user: User | None = None) -> Any:
    return freshness.replica_for(context_of(user))


def test_nothing_is_read_at_a_replica_before_there_is_a_floor(asked: list[int]) -> None:
    assert place_of() is None
    assert place_of() == "a replica"
    (floor,) = asked
    assert floor == int(gcra.server().get(FLOOR) or 0) > 0


def test_a_floor_is_raised_and_never_lowered() -> None:
    gcra.server().set(FLOOR, NOWHERE)
    freshness.raise_floor()
    assert int(gcra.server().get(FLOOR) or 0) == NOWHERE


def test_who_wrote_needs_what_he_wrote_and_others_do_not(asked: list[int], ada: User, grace: User) -> None:
    freshness.raise_floor()
    freshness.run(OperationType.MUTATION, context_of(ada), lambda: User.objects.filter(pk=ada.pk).update(name="Ada L."))
    for each in (ada, grace):
        assert freshness.replica_for(context_of(each))
    of_ada, of_grace = asked
    assert of_ada > of_grace


def test_a_mutation_that_failed_may_have_written_something(asked: list[int], ada: User) -> None:
    freshness.raise_floor()
    with pytest.raises(ZeroDivisionError):
        freshness.run(OperationType.MUTATION, context_of(ada), lambda: 1 // 0)
    assert gcra.server().get(f"{PREFIX}user:{ada.pk}")


def test_where_the_position_is_not_known_no_replica_will_do(
    asked: list[int], ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def over() -> int:
        raise OperationalError

    freshness.raise_floor()
    monkeypatch.setattr(freshness, "written", over)
    freshness.note_write_of(context_of(ada))
    freshness.replica_for(context_of(ada))
    assert asked == [NOWHERE]


def test_without_redis_the_primary_is_asked_and_a_floor_is_raised_once_it_is_back(
    asked: list[int], away: Callable[[], None], ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    freshness.raise_floor()
    before = int(gcra.server().get(FLOOR) or 0)
    away()
    assert place_of() is None
    User.objects.filter(pk=ada.pk).update(name="Ada L.")
    freshness.note_write_of(context_of(ada))
    monkeypatch.setattr(gcra.breaker, "_closed_at", 0.0)
    assert place_of() is None
    assert place_of() == "a replica"
    assert asked == [int(gcra.server().get(FLOOR) or 0)]
    assert asked[0] > before


def test_what_nginx_is_to_keep_is_read_at_the_primary(asked: list[int]) -> None:
    freshness.raise_floor()
    context = context_of()
    context.needs_primary = True
    assert freshness.replica_for(context) is None


def test_what_a_replica_could_not_answer_the_primary_does(asked: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    tries: list[str] = []

    class Reading:
        def __init__(self, replica: Any) -> None:
            tries.append(replica)

        def __enter__(self) -> None:
            return

        def __exit__(self, *_: object) -> None:
            return

    def answer() -> str:
        if len(tries) == 1:
            tries.append("the primary")
            raise ReplicaLostError
        return "found"

    freshness.raise_floor()
    monkeypatch.setattr(freshness, "reading", Reading)
    assert freshness.run(OperationType.QUERY, context_of(), answer) == "found"
    assert tries == ["a replica", "the primary"]


def test_a_write_in_the_admin_is_noted(asked: list[int], ada: User, settings: Settings, rf: RequestFactory) -> None:
    def answer(_: HttpRequest) -> HttpResponse:
        return HttpResponse()

    with pytest.raises(MiddlewareNotUsed):
        NotingWritesMiddleware(answer)
    settings.DATABASE_REPLICAS = [{}]
    noting = NotingWritesMiddleware(answer)
    for method, is_noted in (("GET", False), ("POST", True)):
        request = rf.generic(method, "/admin/")
        request.user = ada
        noting(request)
        assert bool(gcra.server().get(f"{PREFIX}user:{ada.pk}")) is is_noted
    noting(rf.post("/"))
