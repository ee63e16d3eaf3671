"""Resolvers that use the database, over HTTP (in a thread already) and over a WebSocket (on the event loop)."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

import strawberry
from channels.db import database_sync_to_async
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


def field(resolver: Callable[..., Any] | None = None, **options: Any) -> Any:
    """Declare a field whose resolver may query the database; takes strawberry.field's options."""
    if resolver is None:
        return lambda function: field(function, **options)
    return strawberry.field(resolver=off_the_loop(resolver), **options)


def mutation(resolver: Callable[..., Any] | None = None, **options: Any) -> Any:
    """Declare a mutation; takes strawberry.mutation's options."""
    if resolver is None:
        return lambda function: mutation(function, **options)
    return strawberry.mutation(resolver=off_the_loop(resolver), **options)
