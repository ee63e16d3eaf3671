"""What a plan sees of a connection: a page of objects, or of tuples of the columns that an operation asks for."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from api.connections import cut, ends_of
from api.keyset import cursor_of, encode_cursor
from api.plans.refusals import UnplannableError

if TYPE_CHECKING:
    from strawberry.relay import PageInfo

    from api.connections import Connection, Slice
    from api.plans.many import Many


class ObjectPage:
    """A connection's page as objects. A cursor is made where one is asked for."""

    def __init__(self, connection: Connection[Any]) -> None:
        self._connection = connection
        self.total_count = connection.count

    @classmethod
    def of(cls, connection: Connection[Any] | None) -> ObjectPage | None:
        """Return a connection's page."""
        return None if connection is None else cls(connection)

    @property
    def rows(self) -> list[Any]:
        """The page's rows, fetched once."""
        return self._connection.slice.rows

    def cursor(self, row: Any) -> str:
        """Return a row's place in the ordering."""
        return encode_cursor(row, self._connection.ordering)

    def page_info(self) -> PageInfo:
        """Return the page's ends."""
        return ends_of(self._connection.slice, self._connection.page, self.cursor)


@dataclass(frozen=True, slots=True)
class Columns:
    """Which columns, `key` the primary key's place among them; and which lists behind the rows."""

    names: tuple[str, ...]
    key: int
    lists: tuple[Many, ...]

    def __call__(self, connection: Connection[Any] | None) -> RowPage | None:
        """Return a connection's page."""
        return None if connection is None else RowPage(connection, self)


class RowPage:
    """What api.connections.Connection is, over tuples."""

    def __init__(self, connection: Connection[Any], columns: Columns) -> None:
        if connection.queryset is None:
            raise UnplannableError("the connection is of no query")
        self._queryset, self._page, self._ordering = connection.queryset, connection.page, connection.ordering
        self.total_count = connection.count
        self._column: Any = self._queryset.model._meta.get_field(self._ordering.column)
        names, name = columns.names, self._ordering.column
        self._names = names if name in names else (*names, name)
        self._place, self._key = self._names.index(name), columns.key
        self._lists = {each.name: each for each in columns.lists}
        self._behind: dict[str, dict[Any, list[Any]]] = {}

    @cached_property
    def _slice(self) -> Slice:
        return cut(self._queryset.values_list(*self._names)[: self._page.limit + 1], self._page)

    @property
    def rows(self) -> list[Any]:
        """The page's rows, fetched once."""
        return self._slice.rows

    def behind(self, name: str) -> dict[Any, list[Any]]:
        """Return the objects of a list behind the rows, by the rows' keys, fetched once."""
        if name not in self._behind:
            self._behind[name] = self._lists[name].behind(row[self._key] for row in self.rows)
        return self._behind[name]

    def cursor(self, row: tuple[Any, ...]) -> str:
        """Return a row's place in the ordering."""
        holder = SimpleNamespace(**{self._column.attname: row[self._place]})
        return cursor_of(self._ordering, self._column.value_to_string(holder), row[self._key])

    def page_info(self) -> PageInfo:
        """Return the page's ends."""
        return ends_of(self._slice, self._page, self.cursor)
