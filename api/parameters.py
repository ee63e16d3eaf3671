"""Places in a query for values that each request gives: a resolver that is called with them makes a query that can be kept.

A resolver hands a `Parameter` on into a query, and can do nothing else with it, so the query does not depend on its value.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from django.db.models import Expression
from django.db.models.expressions import BaseExpression

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

NOT_KNOWN = "a value's place in a query has no value yet"


@dataclasses.dataclass(frozen=True, slots=True)
class Values:
    """What one request gives: arguments by name; the viewer's primary key, None where nobody is signed in; rows' keys, as an array."""

    arguments: Mapping[str, Any]
    viewer: Any = None
    keys: Any = ()


class Parameter(Expression):
    """A value's place in a query. `read` finds the value: a text that is not empty, or an id. Nothing but a query takes it."""

    def __init__(self, read: Callable[[Values], Any]) -> None:
        super().__init__()
        self.read = read

    def lower(self) -> Parameter:
        """Return the place of a text in lower case."""
        lowered: Parameter = derived(self, str.lower)
        return lowered

    def resolve_expression(self, *_: Any, **__: Any) -> Any:
        """Return itself: there is nothing in it that a query knows."""
        return self

    def as_sql(self, _compiler: Any, _connection: Any) -> tuple[str, list[Any]]:  # type: ignore[override]  # the value comes later
        """Return the place, and itself for the value."""
        return "%s", [self]

    def _combine(self, *_: Any) -> Any:
        """Refuse what is no way to make a text: Django would write it as arithmetic."""
        raise TypeError(NOT_KNOWN)

    def __bool__(self) -> bool:
        return True

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, BaseExpression) and other != "":
            raise TypeError(NOT_KNOWN)
        return self is other

    def __hash__(self) -> int:
        raise TypeError(NOT_KNOWN)

    def __str__(self) -> str:
        raise TypeError(NOT_KNOWN)

    def __format__(self, _how: str) -> str:
        raise TypeError(NOT_KNOWN)


class Parents(Parameter):
    """The place of one of several rows, in a query of what is behind it that is asked for each of them. `kind` is a key's SQL type."""

    def __init__(self, kind: str) -> None:
        super().__init__(lambda values: values.keys)
        self._kind = kind

    def as_sql(self, _compiler: Any, _connection: Any) -> tuple[str, list[Any]]:  # type: ignore[override]  # as above
        """Return the row's key, as `for_each` calls it."""
        return '"parent"."key"', []

    def for_each(self, sql: str, *, ordered_by: str) -> str:
        """Return a query that asks another one for each row. Its first value is this one's, the keys."""
        keys = f'unnest(%s::{self._kind}[]) AS "parent"("key")'
        return f'SELECT "page".* FROM {keys} CROSS JOIN LATERAL ({sql}) AS "page" ORDER BY {ordered_by}'  # noqa: S608 - made by Django, around it nothing that a client sent


def several(rows: Iterable[Any]) -> Any:
    """Return rows as what a query's `…__in` takes, or the place of them."""
    return rows if isinstance(rows, Parents) else list(rows)


def derived(value: Any, function: Callable[[Any], Any]) -> Any:
    """Return what a function makes of a value, or the place of it, which may not depend on anything but the value."""
    if not isinstance(value, Parameter):
        return function(value)
    read = value.read
    return Parameter(lambda values: function(read(values)))
