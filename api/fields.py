"""Declares fields, with what they cost. Resolvers are synchronous and run in a thread, over every transport."""

from collections.abc import Callable, Mapping, Sequence
from inspect import getdoc
from typing import Any, overload

import strawberry
from django.db.models import Model

from api.batching import related

COST_OF_MUTATION = 10
OURS = ("cost", "list_size", "follows", "reads", "prepared", "ordered_by", "order", "made_of")


@overload
def field(resolver: Callable[..., Any], **options: Any) -> Any: ...
@overload
def field(resolver: None = None, **options: Any) -> Callable[[Callable[..., Any]], Any]: ...
def field(resolver: Callable[..., Any] | None = None, **options: Any) -> Any:
    """Declare a field; takes strawberry.field's options, and how much it costs (`cost`) or how long its list is (`list_size`).

    For plans (docs/plans.md): `reads` are the attributes that the resolver reads of the row, and no others, to make a scalar.
    `follows` names the foreign key whose object it returns, or the list that it orders or picks from by what it `reads` of those.
    `prepared` says that the query behind it depends on its arguments and the viewer alone, and not on the time or on other rows, so
    that its SQL is made once: of a field at the root that returns `connect` or `api.nodes.found`, or of one that hands its object on
    to `connect_children` and to nothing else.

    For the shared cache (docs/caching.md), of a field at the root: `made_of` is called with its arguments, under GraphQL's names, and
    returns the surrogate keys of all that its answer depends on; an empty list where it cannot tell, and None for the types below.
    """
    if resolver is None:
        return lambda function: field(function, **options)
    return strawberry.field(resolver=resolver, **with_metadata(options))


def listed(relation: str, *, ordered_by: str, order: Sequence[Any] = (), **options: Any) -> Any:
    """Declare the list behind a row, ordered by an attribute of its objects, in which plans need no resolver.

    `order` are the attribute's values in their order, where they have another one than their own. Takes `field`'s options.
    """
    places = {value: place for place, value in enumerate(order)}

    def resolver(self: Any) -> Any:
        return sorted(related(self, relation), key=lambda each: place_of(getattr(each, ordered_by), places))

    return field(resolver, follows=relation, ordered_by=ordered_by, order=places, **options)


def place_of(value: Any, places: Mapping[Any, int]) -> Any:
    """Return what a value is ordered by."""
    return places[value] if places else value


@overload
def mutation(resolver: Callable[..., Any], **options: Any) -> Any: ...
@overload
def mutation(resolver: None = None, **options: Any) -> Callable[[Callable[..., Any]], Any]: ...
def mutation(resolver: Callable[..., Any] | None = None, **options: Any) -> Any:
    """Declare a mutation, described by its docstring; takes strawberry.mutation's options, and `cost`."""
    if resolver is None:
        return lambda function: mutation(function, **options)
    options.setdefault("description", getdoc(resolver))
    options.setdefault("cost", COST_OF_MUTATION)
    return strawberry.mutation(resolver=resolver, **with_metadata(options))


def with_metadata(options: dict[str, Any]) -> dict[str, Any]:
    """Return strawberry's options, with what is ours among them in the metadata, where api.cost and api.plans read it."""
    ours = {name: options[name] for name in OURS if name in options}
    theirs = {name: value for name, value in options.items() if name not in ours}
    return {**theirs, "metadata": ours} if ours else theirs


def subscription(*, description: str) -> Callable[[Callable[..., Any]], Any]:
    """Declare a subscription, whose resolver is an asynchronous generator; what queries the database goes through api.threads."""
    return lambda resolver: strawberry.subscription(resolver=resolver, description=description)


def shown(row: Model) -> Any:
    """Return a model's row where a GraphQL type is expected: strawberry-django resolves the one as the other."""
    return row
