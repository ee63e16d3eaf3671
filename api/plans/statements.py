"""SQL that Django made once for a connection's page, or for one row, and that each request gives its values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.core.exceptions import EmptyResultSet, FullResultSet, SynchronousOnlyOperation
from django.db import connection

from api.parameters import Parameter, Values
from api.plans.parameters import SymbolicContext, SymbolicInfo, argument, form, symbolic
from api.plans.refusals import NothingToAskError, UnplannableError
from config.postgresql.texts import rows_in_texts

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Mapping, Sequence

    from django.db.models import QuerySet

FORMS_MAX = 16


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement and its values, of which some are places."""

    sql: str
    values: tuple[Any, ...]

    def given(self, values: Values) -> list[Any]:
        """Return the values for one request; raises what reading one raises."""
        return [each.read(values) if isinstance(each, Parameter) else each for each in self.values]

    def rows(self, values: Values) -> list[tuple[Any, ...]]:
        """Return the rows, times and UUIDs as texts. Raises django.db.Error, and what reading a value raises."""
        with connection.cursor() as cursor:
            cursor.execute(self.sql, self.given(values))
            return rows_in_texts(cursor)


def statement_of(queryset: QuerySet[Any], names: Sequence[str]) -> Statement:
    """Return a query of columns as a statement; raises UnplannableError where its rows need something done to them by Django."""
    query = queryset.values_list(*names).query
    compiler = query.get_compiler(connection=connection)
    try:
        sql, values = compiler.as_sql()
    except (EmptyResultSet, FullResultSet) as error:
        raise NothingToAskError("there is nothing to ask for") from error
    columns = [column for column, _, _ in compiler.select]
    is_plain = len(columns) == len(names) and not (query.extra_select or query.annotation_select)
    if not is_plain or compiler.has_extra_select or compiler.get_converters(columns):
        raise UnplannableError("columns are made into something by Django")
    return Statement(sql, tuple(values))


def rows_now(queryset: QuerySet[Any], names: Sequence[str]) -> list[tuple[Any, ...]]:
    """Return a query's columns, as a statement's; raises UnplannableError, django.db.Error."""
    try:
        return statement_of(queryset, names).rows(Values({}))
    except NothingToAskError:
        return []


class Statements:
    """A resolver's statements, by the form of its arguments; `statement` makes one of what it returned for stand-ins."""

    def __init__(self, resolver: Callable[..., Any], statement: Callable[[Any], Any]) -> None:
        self._resolver, self._statement = resolver, statement
        self._kept: dict[Hashable, ByViewer | None] = {}

    def found(self, arguments: Mapping[str, Any]) -> ByViewer | None:
        """Return the statements for arguments, None where the resolver has to make its query anew each time."""
        try:
            key = tuple((name, form(value)) for name, value in arguments.items())
        except UnplannableError:
            return None
        if key not in self._kept:
            if len(self._kept) >= FORMS_MAX:
                return None
            self._kept[key] = self._made(arguments)
        return self._kept[key]

    def _made(self, arguments: Mapping[str, Any]) -> ByViewer | None:
        stand_ins = {name: symbolic(value, argument(name)) for name, value in arguments.items()}
        return ByViewer(lambda context: self._statement(self._resolver(SymbolicInfo(context), stand_ins)))


class ByViewer:
    """What is made for somebody who is signed in, and what for nobody: one and the same where the resolver does not ask who it is."""

    def __init__(self, make: Callable[[SymbolicContext], Any]) -> None:
        self._make = make
        self._kept: dict[bool, Any] = {}
        self._needs_viewer: bool | None = None

    def found(self, viewer: Callable[[], Any]) -> tuple[Any, Any]:
        """Return it, None where there is none, and the viewer's primary key, which is looked up only where it is needed."""
        if self._needs_viewer is None:
            self._put(is_authenticated=False)
        if not self._needs_viewer:
            return self._kept[False], None
        seen = viewer()
        if seen.is_authenticated not in self._kept:
            self._put(is_authenticated=seen.is_authenticated)
        return self._kept[seen.is_authenticated], seen.pk

    def _put(self, *, is_authenticated: bool) -> None:
        context = SymbolicContext(is_authenticated=is_authenticated)
        try:
            made = self._make(context)
        except SynchronousOnlyOperation:  # Django asks the server something first: a thread can
            raise
        except Exception:  # noqa: BLE001 - the resolver did something with a stand-in that only a value can be used for
            made = None
        self._kept[is_authenticated] = made
        self._needs_viewer = self._needs_viewer or context.has_viewer
