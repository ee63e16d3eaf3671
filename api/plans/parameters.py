"""Stand-ins for a resolver's arguments and its viewer, which make its query one that can be kept (api.parameters).

What a resolver decides by (nulls, numbers, enums, whether there is a text at all, how long a list is, whether somebody is signed
in) is the arguments' `form`, and each form has a query of its own.
"""

from __future__ import annotations

import copy
import dataclasses
import datetime
import enum
from typing import TYPE_CHECKING, Any

from django.contrib.auth.models import AnonymousUser
from strawberry.types.base import StrawberryObjectDefinition

from api.parameters import Parameter, Values
from api.plans.refusals import UnplannableError

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

GIVEN = object()
LIST_MAX = 8  # a longer one's query is made anew each time: there would be too many of them


class Somebody:
    """A viewer who is signed in, whoever it is. To ask for more than these is an error, and no query depends on it then."""

    is_authenticated, is_anonymous = True, False

    def __init__(self) -> None:
        self.pk = self.id = Parameter(lambda values: values.viewer)


class SymbolicContext:
    """A resolver's context where only the viewer may be asked for. `has_viewer` tells whether it was."""

    def __init__(self, *, is_authenticated: bool) -> None:
        self._viewer = Somebody() if is_authenticated else AnonymousUser()
        self.has_viewer = False

    @property
    def viewer(self) -> Any:
        """Who is asking."""
        self.has_viewer = True
        return self._viewer


class SymbolicInfo:
    """A resolver's info, of which there is the context alone."""

    def __init__(self, context: SymbolicContext) -> None:
        self.context = context


def form(value: Any) -> Hashable:
    """Return what a query may depend on of an argument; raises UnplannableError for one that has no form."""
    if value is None or isinstance(value, (bool, int, enum.Enum)):
        return value
    if type(value) is str:
        return GIVEN if value else ""
    if is_moment(value):
        return GIVEN
    if type(value) is list and len(value) <= LIST_MAX:
        return (list, *(form(each) for each in value))
    if is_input(value):
        return (type(value), *(form(getattr(value, each.name)) for each in dataclasses.fields(value)))
    raise UnplannableError(f"a query may depend on what is in a {type(value).__name__}")


def symbolic(value: Any, read: Callable[[Values], Any]) -> Any:
    """Return what stands in for an argument that has a form; `read` finds its value."""
    if (type(value) is str and value) or is_moment(value):
        return Parameter(read)
    if type(value) is list:
        return [symbolic(each, item(read, index)) for index, each in enumerate(value)]
    if not is_input(value):
        return value
    made = copy.copy(value)
    for each in dataclasses.fields(value):
        setattr(made, each.name, symbolic(getattr(value, each.name), attribute(read, each.name)))
    return made


def argument(name: str) -> Callable[[Values], Any]:
    """Return what finds an argument."""
    return lambda values: values.arguments[name]


def attribute(read: Callable[[Values], Any], name: str) -> Callable[[Values], Any]:
    """Return what finds an attribute of what another finds."""
    return lambda values: getattr(read(values), name)


def item(read: Callable[[Values], Any], index: int) -> Callable[[Values], Any]:
    """Return what finds an item of what another finds."""
    return lambda values: read(values)[index]


def is_moment(value: Any) -> bool:
    """Tell whether a value is a time with its offset from UTC, or a date. Django does something to a time without."""
    return type(value) is datetime.date or (type(value) is datetime.datetime and value.tzinfo is not None)


def is_input(value: Any) -> bool:
    """Tell whether a value is one of an input type."""
    definition = getattr(type(value), "__strawberry_definition__", None)
    return isinstance(definition, StrawberryObjectDefinition) and definition.is_input
