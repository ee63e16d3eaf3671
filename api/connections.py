"""Relay connections over keyset pages, at the root and nested: rows and counts are fetched only where they are asked for.

Relay's specification of them: https://relay.dev/graphql/connections.htm
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import strawberry
from django.db.models import Count, F, QuerySet, Window
from django.db.models.functions import RowNumber
from strawberry.relay import PageInfo

from api.batching import answer_for, together
from api.cache_hints import INHERITED
from api.fields import field
from api.keyset import Ordering, PageRequest, between, encode_cursor
from api.parameters import NOT_KNOWN, Parents

if TYPE_CHECKING:
    from django.db.models import Model

Node = TypeVar("Node")


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


def ends_of(found: Slice, page: PageRequest, cursor: Callable[[Any], str]) -> PageInfo:
    """Return a page's ends. A side that was not read towards has more where a cursor bounds it."""
    rows = found.rows
    return PageInfo(
        has_next_page=bool(page.before) if page.is_backward else found.has_more,
        has_previous_page=found.has_more if page.is_backward else bool(page.after),
        start_cursor=cursor(rows[0]) if rows else None,
        end_cursor=cursor(rows[-1]) if rows else None,
    )


@strawberry.type(description="A node of a connection, and its place.")
class Edge(Generic[Node]):
    """One row of a connection."""

    node: Node
    cursor: str


@strawberry.type(description="A page of a list that may be long.")
class Connection(Generic[Node]):
    """A page; rows and count are fetched only where the operation asks for them.

    `queryset` is the rows that `load` loads, and those behind them, for a plan that needs some of their columns and no objects, and
    `counted` those that `count` counts. With a `foreign_key` the one is asked for each of several rows, which that names.
    """

    load: strawberry.Private[Callable[[], Slice]]
    count: strawberry.Private[Callable[[], int]]
    ordering: strawberry.Private[Ordering]
    page: strawberry.Private[PageRequest]
    queryset: strawberry.Private[QuerySet[Any] | None] = None
    counted: strawberry.Private[QuerySet[Any] | None] = None
    foreign_key: strawberry.Private[str] = ""

    @cached_property
    def slice(self) -> Slice:
        """The page's rows, fetched once."""
        return self.load()

    @field(description="The nodes of this page and their places.", directives=INHERITED)
    def edges(self) -> list[Edge[Node]]:
        """Return the rows as edges."""
        return [Edge(node=row, cursor=encode_cursor(row, self.ordering)) for row in self.slice.rows]

    @field(description="Where this page lies in the whole.", directives=INHERITED)
    def page_info(self) -> PageInfo:
        """Return the page's ends."""
        return ends_of(self.slice, self.page, lambda row: encode_cursor(row, self.ordering))

    @field(description="How many nodes all pages have together. Counted only when asked for.", cost=10)
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
        queryset=found,
        counted=queryset.order_by(),
    )


def connect_children(
    parent: Model | Parents,
    children_of: Callable[[Any], QuerySet[Any]],
    *,
    foreign_key: str,
    key: Any,
    ordering: Ordering,
    page: PageRequest,
) -> Connection[Any]:
    """Return a page of `parent`'s children, fetched for all of its peers in one statement, and counted in another.

    `children_of(parents)` is the children of several; `key` tells one use of it from another on the same parent. Where `parent` is a
    place of several (api.parameters), there is a query in the connection, and nothing to load.
    """
    if isinstance(parent, Parents):
        return Connection(
            load=unknown,
            count=unknown,
            ordering=ordering,
            page=page,
            queryset=between(children_of(parent), ordering, page),
            foreign_key=foreign_key,
        )
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


def pages_of(children: QuerySet[Any], *, foreign_key: str, ordering: Ordering, page: PageRequest) -> dict[Any, Slice]:
    """Return one page for each parent, by the parent's id."""
    by_parent: dict[Any, list[Any]] = {}
    found = between(children, ordering, page)
    number = Window(RowNumber(), partition_by=F(foreign_key), order_by=ordering.columns(is_reversed=page.is_backward))
    for row in together(found.annotate(row_number=number).filter(row_number__lte=page.limit + 1)):
        by_parent.setdefault(getattr(row, f"{foreign_key}_id"), []).append(row)
    return {parent_id: cut(rows, page) for parent_id, rows in by_parent.items()}


def unknown() -> Any:
    """Refuse what a place of several rows has no answer for."""
    raise TypeError(NOT_KNOWN)


def counts_of(children: QuerySet[Any], *, foreign_key: str) -> dict[Any, int]:
    """Return the number of children of each parent, by the parent's id."""
    counted = children.order_by().values(foreign_key).annotate(count=Count("pk"))
    return {row[foreign_key]: row["count"] for row in counted}
