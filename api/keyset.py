"""Keyset pages: a page begins behind the last row's values, so rows that are inserted meanwhile move nothing.

A cursor is the base64url of `[ordering, value, id]`. It says which ordering it belongs to; one from elsewhere is refused.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet

from api.errors import BadUserInputError
from api.parameters import derived

if TYPE_CHECKING:
    from django.db.models import Model

DEFAULT_PAGE_SIZE = 20
PARTS = 3


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
    field: Any = row._meta.get_field(ordering.column)
    return cursor_of(ordering, field.value_to_string(row), row.pk)


def cursor_of(ordering: Ordering, value: str, row_id: Any) -> str:
    """Return the place of a row, which is told by its column's value as text, and its id."""
    place = [ordering.name, value, str(row_id)]
    return base64.urlsafe_b64encode(json.dumps(place, separators=(",", ":")).encode()).decode().rstrip("=")


def decode_cursor(cursor: str, ordering: Ordering, model: type[Model]) -> tuple[Any, Any]:
    """Return a cursor's value and id; raises BadUserInputError for one that is not this ordering's."""
    try:
        name, value, row_id = parts_of(cursor)
        column: Any = model._meta.get_field(ordering.column)
        key: Any = model._meta.pk
        place = column.to_python(value), key.to_python(row_id)
    except (ValueError, TypeError, ValidationError) as error:
        raise BadUserInputError("This is not a cursor of this list.") from error
    if name != ordering.name:
        raise BadUserInputError(f"This cursor belongs to another list or ordering, not to {ordering.name}.")
    return place


def parts_of(cursor: str) -> tuple[str, str, str]:
    """Return a cursor's three texts; raises ValueError."""
    padded = cursor + "=" * (-len(cursor) % 4)
    parts = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    if not (isinstance(parts, list) and len(parts) == PARTS and all(isinstance(part, str) for part in parts)):
        raise ValueError("a cursor holds three strings")
    ordering_name, value, row_id = parts
    return ordering_name, value, row_id


def beyond(cursor: str, ordering: Ordering, model: type[Model], *, is_before: bool) -> Q:
    """Return the condition for rows on one side of a cursor.

    The plain bound on the column comes first: it is what PostgreSQL can start an index scan from.
    """
    column: Any = model._meta.get_field(ordering.column)
    value = derived(cursor, lambda each: column.get_prep_value(decode_cursor(each, ordering, model)[0]))
    row_id = derived(cursor, lambda each: decode_cursor(each, ordering, model)[1])
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
