"""Writes the code of connections: of their pages, edges and nodes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from graphql import get_named_type, is_non_null_type

from api.plans.code import key
from api.plans.pages import ObjectPage
from api.plans.refusals import NotInRowsError

if TYPE_CHECKING:
    from collections.abc import Callable

    from graphql.execution.collect_fields import FieldDetails

    from api.plans.building import Building


def in_objects(building: Building, kind: Any, value: str, details: list[FieldDetails]) -> str:
    """Return the code of a connection as a page of objects."""
    page, row = building.code.variable(), building.code.variable()
    written = Fields(building, page, row, lambda shown, below: building.completed(shown, row, below)).of(kind, details)
    made = f"{building.code.constant(ObjectPage.of)}({value})"
    return completed(building, kind, made, page, written, f"{row} in {page}.rows")


def completed(
    building: Building, kind: Any, value: str, page: str, written: list[tuple[str, str, bool]], clauses: str
) -> str:
    """Return the code of a connection that may be null. What is written for each edge becomes a list."""
    otherwise = building.missing if is_non_null_type(kind) else "None"
    parts = (f"{name}: {f'[{code} for {clauses}]' if is_each else code}" for name, code, is_each in written)
    return f"({otherwise} if ({page} := {value}) is None else {{{', '.join(parts)}}})"


class Fields:
    """Writes one connection's fields. `page` is the name of its page, `row` of one of its rows; `node` writes what a row shows."""

    def __init__(
        self,
        building: Building,
        page: str,
        row: str,
        node: Callable[[Any, list[FieldDetails]], str],
        *,
        is_counted: bool = True,
    ) -> None:
        self._building, self._page, self._row, self._node, self._may_count = building, page, row, node, is_counted
        # Once the code is written: whether the number of all rows is asked for, and whether any row of the page is.
        self.is_counted = self.is_listed = False

    def of(self, kind: Any, details: list[FieldDetails]) -> list[tuple[str, str, bool]]:
        """Return each field's key and code, and whether the code is that of each of the edges."""
        named = get_named_type(kind)
        selected = self._building.selecting.below(named, details)
        return [(key(name), *self._field(named, below)) for name, below in selected.items()]

    def _field(self, kind: Any, details: list[FieldDetails]) -> tuple[str, bool]:
        name = details[0].node.name.value
        if name == "__typename":
            return repr(kind.name), False
        shown = kind.fields[name].type
        self.is_listed = self.is_listed or name != "totalCount"
        if name == "edges":
            return self._edge(get_named_type(shown), details), True
        if name == "totalCount":
            if not self._may_count:
                raise NotInRowsError(kind)
            self.is_counted = True
        method = {"pageInfo": "page_info", "totalCount": "total_count"}[name]
        return self._building.completed(shown, f"{self._page}.{method}()", details), False

    def _edge(self, kind: Any, details: list[FieldDetails]) -> str:
        selected = self._building.selecting.below(kind, details)
        return "{" + ", ".join(f"{key(name)}: {self._of_edge(kind, below)}" for name, below in selected.items()) + "}"

    def _of_edge(self, kind: Any, details: list[FieldDetails]) -> str:
        name = details[0].node.name.value
        if name == "__typename":
            return repr(kind.name)
        if name == "cursor":
            return f"{self._page}.cursor({self._row})"
        return self._node(kind.fields["node"].type, details)
