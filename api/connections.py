"""Relay connections with keyset cursors: a page is found by the last row's values, so rows that are inserted move nothing.

A cursor is the base64url of `[ordering, value, id]`. It says which ordering it belongs to; one from elsewhere is refused.
Relay Cursor Connections specification: https://relay.dev/graphql/connections.htm
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import strawberry
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db.models import F, Field, Q, QuerySet, Window
from django.db.models.functions import RowNumber
from strawberry.relay import PageInfo

from api.batching import answer_for, together
from api.errors import BadUserInputError
from api.fields import off_the_loop

if TYPE_CHECKING:
    from django.db.models import Model

Node = TypeVar("Node")
DEFAULT_PAGE_SIZE = 20


@dataclass(frozen=True, kw_only=True)
class Ordering:
    """Rows by `column`, then by id, both in one direction, so that one index serves it forward and backward.

    `name` stands in cursors and is unique among all orderings of the API. `column` is never null.
    """

    name: str
    column: str
    is_descending: bool

    def columns(self, *, is_reversed: bool = False) -> list[str]:
        """Return what to hand to order_by."""
        sign = "-" if self.is_descending != is_reversed else ""
        return [f"{sign}{self.column}", f"{sign}id"]


@dataclass(frozen=True, kw_only=True)
class PageRequest:
    """A connection's arguments, checked: `limit` rows, from the end where `is_backward`, between two cursors."""

    limit: int
    is_backward: bool
    after: str | None
    before: str | None

    @classmethod
    def of(cls, *, first: int | None, after: str | None, last: int | None, before: str | None) -> PageRequest:
        """Return the arguments as a request; raises BadUserInputError."""
        if first is not None and last is not None:
            raise BadUserInputError("Give `first` or `last`, not both.")
        limit = first if first is not None else last if last is not None else DEFAULT_PAGE_SIZE
        if not 0 <= limit <= settings.GRAPHQL_MAX_PAGE_SIZE:
            raise BadUserInputError(f"A page has 0 to {settings.GRAPHQL_MAX_PAGE_SIZE} items, not {limit}.")
        return cls(limit=limit, is_backward=last is not None, after=after or None, before=before or None)


def encode_cursor(row: Model, ordering: Ordering) -> str:
    """Return the row's place in the ordering."""
    field = row._meta.get_field(ordering.column)
    assert isinstance(field, Field)
    place = [ordering.name, field.value_to_string(row), str(row.pk)]
    return base64.urlsafe_b64encode(json.dumps(place, separators=(",", ":")).encode()).decode().rstrip("=")


def decode_cursor(cursor: str, ordering: Ordering, model: type[Model]) -> tuple[Any, Any]:
    """Return a cursor's value and id; raises BadUserInputError for one that is not this ordering's."""
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        name, value, row_id = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        if not (isinstance(name, str) and isinstance(value, str) and isinstance(row_id, str)):
            raise TypeError("a cursor holds three strings")
        if name != ordering.name:
            raise BadUserInputError(
                f"This cursor belongs to another list or ordering, not to {ordering.name}."
            )
        field, key = model._meta.get_field(ordering.column), model._meta.pk
        assert isinstance(field, Field) and key is not None
        return field.to_python(value), key.to_python(row_id)
    except (binascii.Error, ValueError, TypeError, ValidationError) as error:
        raise BadUserInputError("This is not a cursor of this API.") from error


def beyond(cursor: str, ordering: Ordering, model: type[Model], *, is_before: bool) -> Q:
    """Return the condition for rows on one side of a cursor.

    The plain bound on the column comes first: it is what PostgreSQL can start an index scan from.
    """
    value, row_id = decode_cursor(cursor, ordering, model)
    side = "lt" if ordering.is_descending != is_before else "gt"
    bound = Q(**{f"{ordering.column}__{side}e": value})
    return bound & (Q(**{f"{ordering.column}__{side}": value}) | Q(**{f"id__{side}": row_id}))


def between(queryset: QuerySet[Any], ordering: Ordering, page: PageRequest) -> QuerySet[Any]:
    """Return the rows between the page's cursors, in the direction in which they are read."""
    if page.after:
        queryset = queryset.filter(beyond(page.after, ordering, queryset.model, is_before=False))
    if page.before:
        queryset = queryset.filter(beyond(page.before, ordering, queryset.model, is_before=True))
    return queryset.order_by(*ordering.columns(is_reversed=page.is_backward))


@dataclass(frozen=True, kw_only=True)
class Slice:
    """One page's rows in the ordering's direction, and whether more come on the side it was read towards."""

    rows: list[Any]
    has_more: bool


def cut(rows: Iterable[Any], page: PageRequest) -> Slice:
    """Return the page out of up to one row more than it has."""
    listed = list(rows)
    kept = listed[: page.limit]
    return Slice(rows=kept[::-1] if page.is_backward else kept, has_more=len(listed) > page.limit)


@strawberry.type(description="A node of a connection, and its place.")
class Edge(Generic[Node]):
    """One row of a connection."""

    node: Node
    cursor: str


@strawberry.type(description="A page of a list that may be long.")
class Connection(Generic[Node]):
    """A page; rows and count are fetched only where the operation asks for them."""

    load: strawberry.Private[Callable[[], Slice]]
    count: strawberry.Private[Callable[[], int]]
    ordering: strawberry.Private[Ordering]
    page: strawberry.Private[PageRequest]

    @cached_property
    def slice(self) -> Slice:
        """The page's rows, fetched once."""
        return self.load()

    @strawberry.field(description="The nodes of this page and their places.")
    @off_the_loop
    def edges(self) -> list[Edge[Node]]:
        """Return the rows as edges."""
        return [Edge(node=row, cursor=encode_cursor(row, self.ordering)) for row in self.slice.rows]

    @strawberry.field(description="Where this page lies in the whole.")
    @off_the_loop
    def page_info(self) -> PageInfo:
        """Return the page's ends. A side that was not read towards has more where a cursor bounds it."""
        rows, page = self.slice.rows, self.page
        return PageInfo(
            has_next_page=bool(page.before) if page.is_backward else self.slice.has_more,
            has_previous_page=self.slice.has_more if page.is_backward else bool(page.after),
            start_cursor=encode_cursor(rows[0], self.ordering) if rows else None,
            end_cursor=encode_cursor(rows[-1], self.ordering) if rows else None,
        )

    @strawberry.field(description="How many nodes all pages have together. Counted only when asked for.")
    @off_the_loop
    def total_count(self) -> int:
        """Return the number of rows of all pages."""
        return self.count()


def connect(queryset: QuerySet[Any], *, ordering: Ordering, page: PageRequest) -> Connection[Any]:
    """Return a page of `queryset` in `ordering`."""
    found = between(queryset, ordering, page)
    return Connection(
        load=lambda: cut(together(found[: page.limit + 1]), page),
        count=queryset.order_by().count,
        ordering=ordering,
        page=page,
    )


def connect_children(
    parent: Model,
    children_of: Callable[[Iterable[Any]], QuerySet[Any]],
    *,
    foreign_key: str,
    key: Any,
    ordering: Ordering,
    page: PageRequest,
) -> Connection[Any]:
    """Return a page of `parent`'s children, fetched for all of its peers in one statement, and counted in another.

    `children_of(parents)` is the children of several; `key` tells one use of it from another on the same parent.
    """
    empty = Slice(rows=[], has_more=False)

    def load(parents: Iterable[Model]) -> dict[Any, Slice]:
        return pages_of(children_of(parents), foreign_key=foreign_key, ordering=ordering, page=page)

    def count(parents: Iterable[Model]) -> dict[Any, int]:
        return counts_of(children_of(parents), foreign_key=foreign_key)

    return Connection(
        load=lambda: answer_for(parent, ("page", key, ordering, page), load, empty),
        count=lambda: answer_for(parent, ("count", key), count, 0),
        ordering=ordering,
        page=page,
    )


def pages_of(
    children: QuerySet[Any], *, foreign_key: str, ordering: Ordering, page: PageRequest
) -> dict[Any, Slice]:
    """Return one page for each parent, by the parent's id."""
    found = between(children, ordering, page)
    number = Window(
        RowNumber(), partition_by=F(foreign_key), order_by=ordering.columns(is_reversed=page.is_backward)
    )
    numbered = found.annotate(row_number=number).filter(row_number__lte=page.limit + 1)
    by_parent: dict[Any, list[Any]] = {}
    for row in together(numbered):
        by_parent.setdefault(getattr(row, f"{foreign_key}_id"), []).append(row)
    return {parent_id: cut(rows, page) for parent_id, rows in by_parent.items()}


def counts_of(children: QuerySet[Any], *, foreign_key: str) -> dict[Any, int]:
    """Return the number of children of each parent, by the parent's id."""
    from django.db.models import Count

    counted = children.order_by().values(foreign_key).annotate(count=Count("pk"))
    return {row[foreign_key]: row["count"] for row in counted}
