"""Fetch a relation once for all rows that were listed together, when the first of them is asked for it.

Rows that one query brought know each other ("peers"). A resolver that needs something related asks for it here; the first
of the peers to ask fetches for all, so the number of SQL statements depends on the query's depth and never on its rows.
"""

from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Any, TypeVar

from django.db import models

Row = TypeVar("Row", bound=models.Model)
Answer = TypeVar("Answer")

PEERS, ANSWERS, BROUGHT = "_batching_peers", "_batching_answers", "_batching_brought"


def together(rows: Iterable[Row]) -> list[Row]:
    """Return `rows` as a list whose members are each other's peers."""
    listed = list(rows)
    for row in listed:
        setattr(row, PEERS, listed)
    return listed


def peers(row: Row) -> Sequence[Row]:
    """Return the rows that were listed together with `row`, itself included."""
    return getattr(row, PEERS, None) or together([row])


def bring(row: models.Model, name: str, objects: Iterable[models.Model]) -> None:
    """Put a list behind `row` that `related` returns then, without asking anybody."""
    row.__dict__.setdefault(BROUGHT, {})[name] = objects


def related(row: models.Model, name: str) -> Any:
    """Return `row`'s foreign key's object, or the list behind a many-relation, fetched for all its peers at once."""
    brought = row.__dict__.get(BROUGHT)
    if brought is not None and name in brought:
        return list(brought[name])
    field = row._meta.get_field(name)
    if not _is_fetched(row, name):
        batch = list({id(peer): peer for peer in peers(row) if not _is_fetched(peer, name)}.values())
        models.prefetch_related_objects(batch, name)
        together(_distinct(batch, name))
    if field.many_to_many or field.one_to_many:
        return list(getattr(row, name).all())
    return getattr(row, name)


def answer_for(row: Row, key: Hashable, fetch: Callable[[Sequence[Row]], dict[Any, Answer]], default: Answer) -> Answer:
    """Return what `fetch(peers)` holds under `row.pk`; it is called once for all peers and each distinct `key`."""
    answers: dict[Hashable, Answer] = row.__dict__.setdefault(ANSWERS, {})
    if key not in answers:
        batch = peers(row)
        found = fetch(batch)
        for peer in batch:
            peer.__dict__.setdefault(ANSWERS, {})[key] = found.get(peer.pk, default)
    return answers[key]


def _is_fetched(row: models.Model, name: str) -> bool:
    prefetched = getattr(row, "_prefetched_objects_cache", {})
    return name in prefetched or name in row._state.fields_cache


def _distinct(batch: Iterable[models.Model], name: str) -> list[models.Model]:
    found: dict[int, models.Model] = {}
    for row in batch:
        value = getattr(row, name)
        for each in value.all() if hasattr(value, "all") else [value] if value is not None else []:
            found[id(each)] = each
    return list(found.values())
