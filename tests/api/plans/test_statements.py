"""Statements that are kept: what a resolver may do with a value's place, and which arguments have a statement of their own."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import SynchronousOnlyOperation
from django.db.models import Q, QuerySet

from api.parameters import Parameter, Values, derived
from api.plans.parameters import LIST_MAX
from api.plans.statements import FORMS_MAX, Statement, Statements, statement_of
from apps.accounts.models import User
from apps.gallery.models import Album, Visibility

ANONYMOUS = AnonymousUser()
NO_OFFSET = datetime(2026, 12, 1)  # noqa: DTZ001 - Django does something to it
PLACE = Parameter(lambda values: values.arguments["text"])


@pytest.mark.parametrize(
    "use",
    [
        lambda place: place == "all",
        lambda place: place != "all",
        lambda place: place in ("all", "none"),
        lambda place: place in {"all", "none"},
        {"all": 1}.get,
        lambda place: place + "%",
        lambda place: "%" + place,
        str,
        lambda place: f"{place}%",
        lambda place: "%s" % place,  # noqa: UP031 - one of the ways
        len,
        list,
        int,
        lambda place: place.strip(),
        lambda place: place[0],
        lambda place: place < "b",
    ],
)
def test_nothing_can_be_decided_by_a_place(use: Any) -> None:
    with pytest.raises((TypeError, AttributeError)):
        use(PLACE)


def test_a_place_is_that_of_a_text_which_is_not_empty() -> None:
    assert PLACE
    assert PLACE != ""
    assert PLACE.lower().read(Values({"text": "HILL"})) == "hill"
    assert derived(PLACE, len).read(Values({"text": "HILL"})) == 4
    assert derived("HILL", len) == 4


def titles(resolver: Any) -> Statements:
    return Statements(resolver, lambda queryset: statement_of(queryset, ["title"]))


def found(statements: Statements, viewer: Any = ANONYMOUS, /, **arguments: Any) -> list[str] | None:
    """Return the titles that a statement brings, None where there is no statement."""
    forms = statements.found(arguments)
    statement, key = forms.found(lambda: viewer) if forms else (None, None)
    return None if statement is None else [title for (title,) in statement.rows(Values(arguments, key))]


@pytest.fixture
def albums(ada: User, grace: User) -> None:
    for title, owner in (("Hills", ada), ("Rivers", grace)):
        Album.objects.create(owner=owner, title=title, visibility=Visibility.PUBLIC)


def test_the_same_statement_finds_other_values(albums: None) -> None:
    statements = titles(lambda _, given: Album.objects.filter(title=given["title"]))
    assert found(statements, title="Hills") == ["Hills"]
    assert found(statements, title="Rivers") == ["Rivers"]
    assert found(statements, title="%s' OR 1=1 --") == []
    assert len(statements._kept) == 1


def test_what_may_be_decided_by_has_a_statement_of_its_own(albums: None) -> None:
    def resolver(_: Any, given: dict[str, Any]) -> QuerySet[Album]:
        albums = Album.objects.order_by("-title" if given["reverse"] else "title")
        return albums.filter(title=given["title"]) if given["title"] else albums

    statements = titles(resolver)
    assert found(statements, title=None, reverse=False) == ["Hills", "Rivers"]
    assert found(statements, title="", reverse=True) == ["Rivers", "Hills"]
    assert found(statements, title="Hills", reverse=True) == ["Hills"]
    assert len(statements._kept) == 3


def test_who_asks_is_a_value_and_whether_somebody_does_is_not(albums: None, ada: User, grace: User) -> None:
    def resolver(info: Any, _: Any) -> QuerySet[Album]:
        viewer = info.context.viewer
        return Album.objects.filter(Q(owner=viewer.pk) if viewer.is_authenticated else Q(title="Hills"))

    statements = titles(resolver)
    assert found(statements, grace) == ["Rivers"]
    assert found(statements) == ["Hills"]
    assert found(statements, ada) == ["Hills"]


def test_a_resolver_that_needs_more_of_the_viewer_has_none_for_viewers(albums: None, ada: User) -> None:
    def resolver(info: Any, _: Any) -> QuerySet[Album]:
        viewer = info.context.viewer
        is_allowed = viewer.is_authenticated and viewer.is_staff
        return Album.objects.filter(title="Rivers" if is_allowed else "Hills")

    statements = titles(resolver)
    assert found(statements, ada) is None
    assert found(statements) == ["Hills"]


def test_nobody_is_looked_up_where_it_does_not_matter(albums: None) -> None:
    forms = titles(lambda *_: Album.objects.order_by("title")).found({})
    assert forms
    statement, key = forms.found(lambda: pytest.fail("looked up"))
    assert isinstance(statement, Statement)
    assert key is None


@pytest.mark.parametrize("value", [["a"] * (LIST_MAX + 1), [1.5], {"a": 1}, 1.5, NO_OFFSET, SimpleNamespace()])
def test_what_has_no_form_has_no_statement(value: Any) -> None:
    assert titles(lambda *_: pytest.fail("called")).found({"value": value}) is None


@pytest.mark.parametrize(
    "resolver",
    [
        lambda *_: Album.objects.none(),
        lambda *_: None,
        lambda _, given: Album.objects.filter(title="x" if given["title"] == "all" else "y"),
        lambda _, given: Album.objects.filter(created_at=given["title"].isoformat()),
    ],
)
def test_a_resolver_that_cannot_be_called_so_makes_its_query_each_time(resolver: Any, db: None) -> None:
    assert found(titles(resolver), title="all") is None


def test_a_statement_that_only_a_thread_can_make_is_made_there(albums: None) -> None:
    calls = iter([SynchronousOnlyOperation])

    def resolver(*_: Any) -> QuerySet[Album]:
        for error in calls:
            raise error
        return Album.objects.order_by("title")

    statements = titles(resolver)
    with pytest.raises(SynchronousOnlyOperation):
        found(statements)
    assert found(statements) == ["Hills", "Rivers"]


def test_forms_are_bounded(albums: None) -> None:
    statements = titles(lambda _, given: Album.objects.order_by("title")[: given["first"]])
    for first in range(1, FORMS_MAX + 1):
        assert found(statements, first=first)
    assert found(statements, first=FORMS_MAX + 1) is None
    assert found(statements, first=1) == ["Hills"]


def test_a_time_and_the_items_of_a_short_list_are_values(albums: None) -> None:
    def resolver(_: Any, given: dict[str, Any]) -> QuerySet[Album]:
        return Album.objects.filter(created_at__lt=given["before"], title__in=given["titles"]).order_by("title")

    statements = titles(resolver)
    later, earlier = (datetime.now(UTC) + timedelta(days=days) for days in (1, -1))
    assert found(statements, before=later, titles=["Hills", "Rivers"]) == ["Hills", "Rivers"]
    assert found(statements, before=later, titles=["Rivers", "Sea"]) == ["Rivers"]
    assert found(statements, before=earlier, titles=["Hills", "Rivers"]) == []
    assert len(statements._kept) == 1
    assert found(statements, before=later, titles=["Hills"]) == ["Hills"]
    assert len(statements._kept) == 2
