"""Writes the code of the root's connections and objects that need columns alone: their rows are tuples of one statement."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from graphql import get_named_type, is_non_null_type

from api.plans import declared
from api.plans.connections import Fields, completed
from api.plans.places import Finding, Listing
from api.plans.refusals import NotInRowsError
from api.plans.rows import Rows

if TYPE_CHECKING:
    from collections.abc import Callable

    from graphql.execution.collect_fields import FieldDetails

    from api.plans.building import Building
    from api.plans.places import Place


def in_rows(building: Building, kind: Any, asked: str, definition: Any, details: list[FieldDetails]) -> str:
    """Return the code of a field at the root; raises NotInRowsError for one that needs objects."""
    named, calls = get_named_type(kind), len(building.calls)
    if declared.is_connection(named):
        model = declared.node_model_of(named)
    else:
        model = declared.model_of(named) if named is nullable(kind) and "prepared" in definition.metadata else None
    if model is None:
        raise NotInRowsError(kind)
    page = building.code.variable()
    rows = Rows(building, model, page)
    write = connection if declared.is_connection(named) else one
    code, place = write(building, kind, rows, page, details)
    made = place(index=calls - 1, call=building.calls[calls - 1], columns=rows.columns())
    building.places.append(made)
    return code(f"{building.code.constant(made)}({asked})")


def connection(
    building: Building, kind: Any, rows: Rows, page: str, details: list[FieldDetails]
) -> tuple[Callable[[str], str], type[Place]]:
    """Return the code of a connection, by that of its page, and what its place is."""
    fields = Fields(building, page, rows.row, rows.node)
    written = fields.of(kind, details)
    rows.is_counted, rows.is_listed = fields.is_counted, fields.is_listed
    return lambda found: completed(building, kind, found, page, written, rows.clauses()), Listing


def one(
    building: Building, kind: Any, rows: Rows, page: str, details: list[FieldDetails]
) -> tuple[Callable[[str], str], type[Place]]:
    """Return the code of an object, by that of its row, and what its place is."""
    written = rows.node(kind, details)
    otherwise = building.missing if is_non_null_type(kind) else "None"
    return lambda found: f"next(({written} for {page} in ({found},) for {rows.clauses()}), {otherwise})", Finding


def nullable(kind: Any) -> Any:
    """Return a type without its `!`."""
    return kind.of_type if is_non_null_type(kind) else kind
