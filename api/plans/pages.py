"""What a plan sees of a connection: a page of objects, or of tuples of the columns that an operation asks for."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, partial
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from api.connections import cut, ends_of, unknown
from api.keyset import cursor_of, encode_cursor
from api.parameters import Values
from api.plans.refusals import NotInRowsError, UnplannableError
from config.postgresql.texts import array_of, object_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from django.db.models import QuerySet
    from strawberry.relay import PageInfo

    from api.connections import Connection, Slice
    from api.keyset import Ordering, PageRequest
    from api.plans.calls import Asked
    from api.plans.many import Listed, Many
    from api.plans.places import Nested
    from api.plans.statements import Statement

LOOKUP = "__"


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
    """Which columns, `key` the primary key's place among them; which lists behind the rows; whether all are counted, any listed."""

    names: tuple[str, ...]
    key: int
    lists: tuple[Many | Listed, ...]
    nested: tuple[Nested, ...] = ()
    is_counted: bool = False
    is_listed: bool = True

    def and_ordering(self, ordering: Ordering) -> tuple[str, ...]:
        """Return the names, that of an ordering's column among them."""
        return self.names if ordering.column in self.names else (*self.names, ordering.column)


@dataclass(frozen=True, slots=True)
class Frame:
    """Which page of rows in which ordering, whose column is at a `place` of each tuple."""

    page: PageRequest
    ordering: Ordering
    column: Any
    place: int

    @classmethod
    def of(cls, connection: Connection[Any], columns: Columns) -> Frame:
        """Return a connection's; raises UnplannableError for one that is of no query."""
        ordering = connection.ordering
        return cls(
            page=connection.page,
            ordering=ordering,
            column=query_of(connection).model._meta.get_field(ordering.column),
            place=columns.and_ordering(ordering).index(ordering.column),
        )


def query_of(connection: Connection[Any]) -> QuerySet[Any]:
    """Return the query behind a connection; raises UnplannableError where there is none."""
    if connection.queryset is None:
        raise UnplannableError("the connection is of no query")
    return connection.queryset


class Tuples:
    """Rows as tuples, fetched when they are asked for, and what is behind them: lists, and connections by their places' indexes."""

    def __init__(self, columns: Columns, fetch: Callable[[], Iterable[Any]]) -> None:
        self.columns, self._fetch = columns, fetch
        self._behind: dict[Many | Listed, dict[Any, list[Any]]] = {}
        self.children: dict[int, Any] = {}

    @cached_property
    def rows(self) -> list[Any]:
        """The rows, fetched once."""
        return list(self._fetch())

    @property
    def array(self) -> Any:
        """The rows' primary keys, as a statement takes them."""
        return array_of([row[self.columns.key] for row in self.rows])

    def lists(self) -> list[tuple[Statement, Values, Callable[[Iterable[Any]], None]]]:
        """Return what asks for each list behind the rows, with the rows' keys, and what takes the rows that come."""
        if not self.columns.lists:
            return []
        values = Values({}, keys=self.array)
        return [(each.statement, values, partial(self._bring, each)) for each in self.columns.lists]

    def _bring(self, which: Many | Listed, rows: Iterable[Any]) -> None:
        self._behind[which] = which.grouped(rows)

    def behind(self, which: Many | Listed) -> dict[Any, list[Any]]:
        """Return what a list behind the rows has, by the rows' keys, fetched once."""
        if which not in self._behind:
            for statement, values, bring in self.lists():
                bring(statement.rows(values))
        return self._behind[which]

    def page_behind(self, place: Nested, asked: Asked, key: Any) -> RowPage:
        """Return a connection's page behind one row, those of all rows fetched once; raises NotInRowsError."""
        if place.index not in self.children:
            kept = place.kept(asked, self.array)
            if kept is None:
                raise NotInRowsError(place.index)
            self.children[place.index] = kept.found()
        page: RowPage = self.children[place.index].page(key)
        return page


class RowPage(Tuples):
    """What api.connections.Connection is, over tuples. `together` are those of several pages, where it is one of them."""

    def __init__(
        self,
        columns: Columns,
        frame: Frame,
        fetch: Callable[[], Iterable[Any]],
        count: Callable[[], int],
        together: Children | None = None,
    ) -> None:
        super().__init__(columns, fetch)
        self._frame, self.total_count, self._together = frame, count, together

    @cached_property
    def _slice(self) -> Slice:
        return cut(self._fetch(), self._frame.page)

    @property
    def rows(self) -> list[Any]:
        """The page's rows, fetched once."""
        return self._slice.rows

    def cursor(self, row: tuple[Any, ...]) -> str:
        """Return a row's place in the ordering."""
        frame = self._frame
        read, value = object_of(frame.column), row[frame.place]
        holder = SimpleNamespace(**{frame.column.attname: read(value) if read else value})
        return cursor_of(frame.ordering, frame.column.value_to_string(holder), row[self.columns.key])

    def behind(self, which: Many | Listed) -> dict[Any, list[Any]]:
        """Return what a list behind the rows has, and behind those of the pages beside this one."""
        return super().behind(which) if self._together is None else self._together.behind(which)

    def page_behind(self, place: Nested, asked: Asked, key: Any) -> RowPage:
        """Return a connection's page behind one row; raises NotInRowsError."""
        if self._together is None:
            return super().page_behind(place, asked, key)
        return self._together.page_behind(place, asked, key)

    def page_info(self) -> PageInfo:
        """Return the page's ends."""
        return ends_of(self._slice, self._frame.page, self.cursor)


class Children(Tuples):
    """The rows of a page for each of several parents, whose keys are at a `place` of each tuple."""

    def __init__(self, columns: Columns, frame: Frame, fetch: Callable[[], Iterable[Any]], place: int) -> None:
        super().__init__(columns, fetch)
        self._frame, self._place = frame, place

    @cached_property
    def _by_parent(self) -> dict[Any, list[Any]]:
        found: dict[Any, list[Any]] = {}
        for row in self.rows:
            found.setdefault(row[self._place], []).append(row)
        return found

    def page(self, key: Any) -> RowPage:
        """Return the page of the parent with a key."""
        return RowPage(self.columns, self._frame, lambda: self._by_parent.get(key, ()), unknown, self)
