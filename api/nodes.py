"""`node` and `nodes`: any object by its global id, found by the app that has its type, with that app's permissions."""

import binascii
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

import strawberry
from django.db.models import QuerySet
from strawberry import relay

from api.batching import together
from api.cache_hints import kept_for
from api.context import Info
from api.errors import BadUserInputError, NotFoundError
from api.fields import field
from api.parameters import Parameter, derived

Loader = Callable[[Any, Sequence[UUID]], dict[UUID, Any]]

Making = Callable[[Sequence[UUID]], list[str]]

LOADERS: dict[str, Loader] = {}
MADE_OF: dict[str, Making] = {}


def register(loaders: Mapping[str, Loader], made_of: Mapping[str, Making]) -> None:
    """Add an app's types: a loader takes the viewer and ids, and returns what the viewer may see, by id.

    `made_of` takes ids, and returns the surrogate keys of what an answer with these objects depends on (docs/caching.md).
    """
    LOADERS.update(loaders)
    MADE_OF.update(made_of)


def parse(global_id: str, *, expected: str | None = None) -> tuple[str, UUID]:
    """Return a global id's type name and row id; raises BadUserInputError, or NotFoundError for a type not `expected`."""
    try:
        type_name, row_id = relay.from_base64(global_id)
        if expected is None or type_name == expected:
            return type_name, UUID(row_id)
    except (ValueError, binascii.Error) as error:
        raise BadUserInputError(f"{global_id[:100]!r} is not an id of this API.") from error
    raise NotFoundError(f"{global_id[:100]!r} is not the id of a {expected}.")


def row_id(global_id: str, expected: str) -> UUID:
    """Return the row id of a global id that has to be of one type."""
    key: UUID = derived(global_id, lambda each: parse(each, expected=expected)[1])
    return key


def optional_row_id(global_id: str | None, expected: str) -> UUID | None:
    """Return the row id of a global id that may be left out."""
    return row_id(global_id, expected) if global_id else None


def found(queryset: QuerySet[Any], global_id: str, expected: str) -> Any:
    """Return the object of `queryset` with this id, None where it is not in there; raises what `parse` does.

    Where the id is a place in a query (api.parameters), return the query.
    """
    key = row_id(global_id, expected)
    rows = queryset.filter(pk=key)
    if isinstance(key, Parameter):
        return rows
    return next(iter(together(rows)), None)


def load(viewer: Any, global_ids: Sequence[str]) -> list[Any]:
    """Return the objects in the order of their ids, None for one that is not there; one query for each type."""
    keys = [parse(global_id) for global_id in global_ids]
    found: dict[tuple[str, UUID], Any] = {}
    for type_name in {name for name, _ in keys} & LOADERS.keys():
        rows = LOADERS[type_name](viewer, [row for name, row in keys if name == type_name])
        together(rows.values())
        found.update({(type_name, row): value for row, value in rows.items()})
    return [found.get(key) for key in keys]


def made_of(global_ids: Sequence[str]) -> list[str]:
    """Return the surrogate keys of an answer with these objects: where its app does not say, of all objects of a type."""
    found: set[str] = set()
    ids: dict[str, list[UUID]] = {}
    for global_id in global_ids:
        name, key = parse(global_id)
        ids.setdefault(name, []).append(key)
    for name, keys in ids.items():
        told = MADE_OF[name](keys) if name in MADE_OF else [name]
        if not told:
            return []
        found.update(told)
    return sorted(found)


@strawberry.type
class Query:
    """Root fields that every app's types share."""

    @field(
        description="The object with this id, or null where there is none that the viewer may see.",
        directives=kept_for(10),
        made_of=lambda arguments: made_of([arguments["id"]]),
    )
    def node(self, info: Info, id: strawberry.ID) -> relay.Node | None:  # noqa: A002 - Relay's name
        """Return one object."""
        found: relay.Node | None = load(info.context.viewer, [id])[0]
        return found

    @field(
        description="The objects with these ids, in their order, null for each that the viewer may not see.",
        directives=kept_for(10),
        made_of=lambda arguments: made_of(arguments["ids"]),
    )
    def nodes(self, info: Info, ids: list[strawberry.ID]) -> list[relay.Node | None]:
        """Return several objects."""
        from api.keyset import PageRequest

        PageRequest.of(first=len(ids), after=None, last=None, before=None)  # no more ids than a page has items
        return load(info.context.viewer, ids)
