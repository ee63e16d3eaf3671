"""The code of scalars and enums: what graphql-core would make of a value, with the common cases written out."""

from __future__ import annotations

import base64
from functools import cache
from typing import TYPE_CHECKING, Any

from django.db import models
from graphql import GraphQLBoolean, GraphQLEnumType, GraphQLInt, GraphQLString

from api.plans.refusals import NoAnswerError

if TYPE_CHECKING:
    from collections.abc import Callable

    from api.plans.code import Code

# Columns whose values are, as they come from PostgreSQL, what the scalar makes of them.
TEXTS = (models.CharField, models.TextField, models.EmailField, models.SlugField, models.URLField)
INTEGERS = (
    models.IntegerField,
    models.PositiveIntegerField,
    models.SmallIntegerField,
    models.PositiveSmallIntegerField,
)
# When a value is what its scalar makes of it: {0} gives it a name, which is {1}.
AS_IT_IS = {
    GraphQLString: "type({0}) is str",
    GraphQLBoolean: "type({0}) is bool",
    GraphQLInt: "type({0}) is int and -0x80000000 <= {1} <= 0x7fffffff",
}
READY = {GraphQLString: TEXTS, GraphQLInt: INTEGERS, GraphQLBoolean: (models.BooleanField,)}


def leaf(kind: Any, value: str, code: Code, *, column: Any = None) -> str:
    """Return the code of a value that must not be null, read from `column` where it is one's."""
    if isinstance(kind, GraphQLEnumType):
        return f"{code.constant(names_of(kind))}[{value}]"
    if column is not None and not column.null:
        is_ready = type(column) in READY.get(kind, ())
        return value if is_ready else f"{code.constant(kind.coerce_output_value)}({value})"
    strictly = code.constant(strict(kind))
    if kind not in AS_IT_IS:
        return f"{strictly}({value})"
    name = code.variable()
    return f"({name} if {AS_IT_IS[kind].format(f'{name} := {value}', name)} else {strictly}({name}))"


class Names(dict[Any, str]):
    """An enum's names by its values."""

    def __missing__(self, value: Any) -> str:
        raise NoAnswerError


@cache
def names_of(kind: Any) -> Names:
    """Return an enum's names by its values, and by its members, which a resolver may return as well."""
    names = {value.value: name for name, value in kind.values.items()}
    members = {member: names[member.value] for member in getattr(kind, "wrapped_cls", ()) if member.value in names}
    return Names(names | members)


def certain(value: Any) -> Any:
    """Return a value, which may not be null; raises NoAnswerError."""
    if value is None:
        raise NoAnswerError
    return value


@cache
def strict(kind: Any) -> Callable[[Any], Any]:
    """Return what a scalar makes of a value; raises NoAnswerError for null, and GraphQLError for what it does not take."""
    coerce = kind.coerce_output_value

    def made(value: Any) -> Any:
        return certain(coerce(certain(value)))

    return made


@cache
def global_id(prefix: str) -> Callable[[Any], str]:
    """Return what makes a global id out of a primary key."""

    def made(key: Any) -> str:
        return base64.b64encode(f"{prefix}{key}".encode()).decode()

    return made
