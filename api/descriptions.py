"""Describes what has the same name everywhere, once; and a type by its docstring, where it says nothing else."""

from __future__ import annotations

from inspect import getdoc
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from enum import Enum

    from graphql import GraphQLSchema

ROOTS = {
    "Query": "What can be read. Of what is not the viewer's to see, nothing is told.",
    "Mutation": "What can be changed. What a person could mend is told in the payload's `errors`.",
    "Subscription": "What can be watched. Who loses the permission loses the stream.",
}
FIELDS = {
    "errors": "What was wrong with the input; empty where nothing was.",
    "cursor": "Its place, for `after` and `before`.",
    "node": "The object itself.",
    "createdAt": "When it was made.",
}
ARGUMENTS = {
    "input": "What to do it with.",
    "id": "A global id.",
    "ids": "Global ids, at most as many as a page has items.",
    "first": "So many from the beginning, 20 where nothing is said.",
    "last": "So many from the end, in the same order.",
    "after": "Only what follows this cursor.",
    "before": "Only what comes before this cursor.",
    "filter": "Only what meets all of it.",
    "orderBy": "In which order. A cursor belongs to one.",
}


def describe(schema: GraphQLSchema) -> None:
    """Fill in what was declared without a description."""
    for name, kind in schema.type_map.items():
        if name.startswith("__"):
            continue
        kind.description = kind.description or ROOTS.get(name) or docstring_of(kind)
        for field_name, field in getattr(kind, "fields", {}).items():
            field.description = field.description or FIELDS.get(field_name)
            for argument_name, argument in getattr(field, "args", {}).items():
                argument.description = argument.description or ARGUMENTS.get(argument_name)


def docstring_of(kind: Any) -> str | None:
    """Return the docstring of the class that a type was made of."""
    origin = getattr(kind.extensions.get("strawberry-definition"), "origin", None)
    return getdoc(origin) if origin else None


def describe_values(choices: type[Enum], **descriptions: str) -> None:
    """Describe an enum's values, of which Django's choices leave no room to say anything."""
    definition: Any = choices.__strawberry_definition__  # type: ignore[attr-defined]  # strawberry.enum has set it
    for value in definition.values:
        value.description = descriptions[value.name]
