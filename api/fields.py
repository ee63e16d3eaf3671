"""Resolvers that use the database, over HTTP (in a thread already) and over a WebSocket (on the event loop)."""

from collections.abc import Callable
from functools import wraps
from inspect import getdoc
from typing import Any, TypeVar, overload

import strawberry
from channels.db import database_sync_to_async
from django.db.models import Model
from strawberry.utils.inspect import in_async_context

Resolver = TypeVar("Resolver", bound=Callable[..., Any])


def off_the_loop(resolver: Resolver) -> Resolver:
    """Return `resolver` such that on an event loop it runs in a thread, with its database connection given back after."""

    @wraps(resolver)
    def resolve(*args: Any, **kwargs: Any) -> Any:
        if in_async_context():
            return database_sync_to_async(resolver)(*args, **kwargs)
        return resolver(*args, **kwargs)

    return resolve  # type: ignore[return-value]  # the same signature; @wraps keeps it for strawberry to read


@overload
def field(resolver: Callable[..., Any], **options: Any) -> Any: ...
@overload
def field(resolver: None = None, **options: Any) -> Callable[[Callable[..., Any]], Any]: ...
def field(resolver: Callable[..., Any] | None = None, **options: Any) -> Any:
    """Declare a field whose resolver may query the database; takes strawberry.field's options."""
    if resolver is None:
        return lambda function: field(function, **options)
    return strawberry.field(resolver=off_the_loop(resolver), **options)


@overload
def mutation(resolver: Callable[..., Any], **options: Any) -> Any: ...
@overload
def mutation(resolver: None = None, **options: Any) -> Callable[[Callable[..., Any]], Any]: ...
def mutation(resolver: Callable[..., Any] | None = None, **options: Any) -> Any:
    """Declare a mutation, described by its docstring; takes strawberry.mutation's options."""
    if resolver is None:
        return lambda function: mutation(function, **options)
    options.setdefault("description", getdoc(resolver))
    return strawberry.mutation(resolver=off_the_loop(resolver), **options)


def subscription(*, description: str) -> Callable[[Callable[..., Any]], Any]:
    """Declare a subscription, whose resolver is an asynchronous generator."""
    return lambda resolver: strawberry.subscription(resolver=resolver, description=description)


def shown(row: Model) -> Any:
    """Return a model's row where a GraphQL type is expected: strawberry-django resolves the one as the other."""
    return row
