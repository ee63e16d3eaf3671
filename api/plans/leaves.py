"""The code of scalars and enums: what graphql-core would make of a value, with the common cases written out."""

from __future__ import annotations

import binascii
from functools import cache
from typing import TYPE_CHECKING, Any

from django.db import models
from graphql import GraphQLBoolean, GraphQLEnumType, GraphQLInt, GraphQLString
from strawberry.schema.types import base_scalars

from api.plans.refusals import NoAnswerError
from config.postgresql.texts import PLAIN_LENGTH, iso_of, object_of, time_of, uuid_of

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


def leaf(kind: Any, value: str, code: Code) -> str:
    """Return the code of a value that must not be null."""
    if isinstance(kind, GraphQLEnumType):
        return f"{code.constant(names_of(kind))}[{value}]"
    strictly = code.constant(strict(kind))
    if kind not in AS_IT_IS:
        return f"{strictly}({value})"
    name = code.variable()
    return f"({name} if {AS_IT_IS[kind].format(f'{name} := {value}', name)} else {strictly}({name}))"


def leaf_of_column(kind: Any, value: str, column: Any, code: Code) -> str:
    """Return the code of a column's value, as config.postgresql.texts has it, where it is not null or may not be."""
    read = object_of(column)
    if read is time_of and kind.coerce_output_value is base_scalars.isoformat:
        return time(value, code)
    if read is not None:
        value = value if read is uuid_of and kind.coerce_output_value is str else f"{code.constant(read)}({value})"
    if isinstance(kind, GraphQLEnumType) or column.null:
        return leaf(kind, value, code)
    is_ready = type(column) in READY.get(kind, ()) or (read is uuid_of and kind.coerce_output_value is str)
    return value if is_ready else f"{code.constant(kind.coerce_output_value)}({value})"


def time(value: str, code: Code) -> str:
    """Return the code of a time as text, written out for how nearly all of them look."""
    name = code.variable()
    is_plain = f"len({name} := {value}) == {PLAIN_LENGTH} and {name}[26:] == '+00'"
    return f"(f'{{{name}[:10]}}T{{{name}[11:]}}:00' if {is_plain} else {code.constant(iso_of)}({name}))"


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


def global_id(prefix: str, value: str, code: Code) -> str:
    """Return the code of a global id, made out of a primary key."""
    encode = code.constant(binascii.b2a_base64)
    return f"{encode}(f'{prefix}{{{value}}}'.encode())[:-1].decode()"  # the last is a new line
