"""Where rows stand in a plan: connections and objects at the root, and connections behind rows."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING, Any

from api.connections import unknown
from api.parameters import Values
from api.plans.calls import symbolically
from api.plans.pages import LOOKUP, Children, Columns, Frame, RowPage, Tuples, query_of
from api.plans.refusals import UnplannableError
from api.plans.statements import Statement, Statements, rows_now, statement_of
from config.postgresql.texts import text_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from django.db.models import QuerySet

    from api.connections import Connection
    from api.parameters import Parents
    from api.plans.calls import Asked, Call
    from api.plans.statements import ByViewer

    Fetch = Callable[[], Iterable[tuple[Any, ...]]]


class Place:
    """Where rows stand in a plan: a field at the root, the call with its `index`. Its statement is kept, or it asks its resolver."""

    def __init__(self, *, index: int, call: Call, columns: Columns, source: Parents | None = None) -> None:
        self.index, self.columns = index, columns
        self._is_constant = call.is_constant
        self._constant: tuple[dict[str, Any], ByViewer | None] | None = None
        definition: Any = call.definition
        is_prepared, resolver = definition.metadata.get("prepared"), definition.base_resolver
        self._statements = Statements(symbolically(resolver, source), self.made_of) if is_prepared else None

    def __call__(self, asked: Asked | Tuples) -> Tuples | None:
        """Return the rows that a request asks for; None for a connection that is null."""
        if isinstance(asked, Tuples):
            return asked
        kept = self.kept(asked)
        if kept is not None:
            kept.require()
        return self.resolved(asked) if kept is None else kept.found()

    def kept(self, asked: Asked, keys: Any = ()) -> Kept | None:
        """Return the kept statement with what one request gives, `keys` of rows among it; None where none is kept for it."""
        if self._statements is None:
            return None
        arguments, forms = self._constant or self._forms(self._statements, asked)
        made, viewer = forms.found(lambda: asked.context.viewer) if forms else (None, None)
        if made is None:
            return None
        return Kept(made, Values(arguments, viewer, keys), asked)

    def _forms(self, statements: Statements, asked: Asked) -> tuple[dict[str, Any], ByViewer | None]:
        """Return a request's arguments and what is kept for their form, once for all requests where they don't differ."""
        arguments = asked.arguments()
        found = arguments, statements.found(arguments)
        if self._is_constant:
            self._constant = found
        return found

    def all_below(self) -> Iterator[Place]:
        """Return the places behind its rows, and those behind theirs."""
        for place in self.columns.nested:
            yield place
            yield from place.all_below()

    def resolved(self, asked: Asked) -> Tuples | None:
        """Return the rows by the resolver's answer."""
        raise NotImplementedError

    def made_of(self, answer: Any) -> Made:
        """Return what is kept of what the resolver returned for stand-ins."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Made:
    """A statement, what its rows become, and the statement that counts those of all pages, where that is asked for.

    `is_listed` tells whether any of the rows is asked for.
    """

    statement: Statement
    tuples: Callable[[Fetch, Asked], Tuples]
    count: Statement | None = None
    is_listed: bool = True


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept, with what one request gives."""

    made: Made
    values: Values
    asked: Asked

    @property
    def statement(self) -> Statement:
        """The statement."""
        return self.made.statement

    def require(self) -> None:
        """Raise what reading a value raises, which the resolver would, whether its rows are asked for or not."""
        self.statement.given(self.values)

    def of(self, rows: list[tuple[Any, ...]], count: list[tuple[Any, ...]]) -> Tuples:
        """Return what rows become that were asked for beside this, and what counts all of them, where that was asked for."""
        return self._become(lambda: rows, lambda _: count)

    def found(self) -> Tuples:
        """Return what the rows become, which are asked for when they are needed. In a thread."""
        return self._become(lambda: self.statement.rows(self.values), lambda counting: counting.rows(self.values))

    def _become(self, fetch: Fetch, count: Callable[[Statement], list[tuple[Any, ...]]]) -> Tuples:
        found, counting = self.made.tuples(fetch, self.asked), self.made.count
        if counting is not None and isinstance(found, RowPage):
            found.total_count = lambda: int(count(counting)[0][0])
        return found


class Listing(Place):
    """A connection's place."""

    def resolved(self, asked: Asked) -> RowPage | None:
        """Return the page of the connection that the resolver returns."""
        found: Connection[Any] | None = asked.answer()
        if found is None:
            return None
        rows, names = query_of(found)[: found.page.limit + 1], self.columns.and_ordering(found.ordering)
        return RowPage(self.columns, Frame.of(found, self.columns), lambda: rows_now(rows, names), found.count)

    def made_of(self, answer: Connection[Any]) -> Made:
        """Return the page's statement, and the page."""
        frame = Frame.of(answer, self.columns)
        rows = query_of(answer)[: answer.page.limit + 1]
        statement = statement_of(rows, self.columns.and_ordering(answer.ordering))
        count = count_of(answer) if self.columns.is_counted else None
        return Made(
            statement, lambda fetch, _: RowPage(self.columns, frame, fetch, unknown), count, self.columns.is_listed
        )


class Nested(Place):
    """The place of a connection behind rows: a page for each of them, by one statement."""

    def __init__(self, *, index: int, call: Call, columns: Columns, parents: Parents) -> None:
        super().__init__(index=index, call=call, columns=columns, source=parents)
        self._parents = parents

    def made_of(self, answer: Connection[Any]) -> Made:
        """Return the statement of all pages, and the pages."""
        frame, name = Frame.of(answer, self.columns), f"{answer.foreign_key}_id"
        names = self.columns.and_ordering(answer.ordering)
        names = names if name in names else (*names, name)
        place = names.index(name)
        one = statement_of(query_of(answer)[: answer.page.limit + 1], names)
        direction = "DESC" if answer.ordering.is_descending != answer.page.is_backward else "ASC"
        ordered_by = f"{frame.place + 1} {direction}, {self.columns.key + 1} {direction}"
        every = Statement(self._parents.for_each(one.sql, ordered_by=ordered_by), (self._parents, *one.values))
        return Made(every, lambda fetch, _: Children(self.columns, frame, fetch, place))


class Finding(Place):
    """An object's place: one row or none."""

    def resolved(self, asked: Asked) -> Tuples:
        """Return the row of the object that the resolver returns."""
        return Tuples(self.columns, lambda: [read(row, self.columns.names) for row in [asked.answer()] if row])

    def made_of(self, answer: QuerySet[Any]) -> Made:
        """Return the row's statement, and the row."""
        return Made(statement_of(answer, self.columns.names), lambda fetch, _: Tuples(self.columns, fetch))


def count_of(answer: Connection[Any]) -> Statement:
    """Return the statement that counts a connection's rows; raises UnplannableError."""
    if answer.counted is None:
        raise UnplannableError("the connection counts no query")
    every = statement_of(answer.counted, ["pk"])
    return Statement(f'SELECT COUNT(*) FROM ({every.sql}) AS "counted"', every.values)  # noqa: S608 - made by Django, around it nothing that a client sent


def read(row: Any, names: Sequence[str]) -> tuple[Any, ...]:
    """Return what a row's columns have, and those of rows that it names, as a statement's rows have it."""
    found = (reduce(lambda found, name: getattr(found, name, None), path.split(LOOKUP), row) for path in names)
    return tuple(map(text_of, found))
