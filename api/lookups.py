"""Looks one row up by a query whose SQL Django makes once: to make it takes longer than to ask it, and a service asks it each time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar

from django.db import connection, models
from django.db.transaction import TransactionManagementError

from api.parameters import Parameter, Values
from api.plans.parameters import argument
from api.plans.refusals import UnplannableError
from api.plans.statements import statement_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from api.plans.statements import Statement

Row = TypeVar("Row", bound=models.Model)


class Lookup(Generic[Row]):
    """Finds a row by what it is called with, texts and keys alone: `Lookup(lambda key: Photo.objects.filter(pk=key))(key=...)`.

    What stands in the query for these is handed on and nothing else (api.parameters), so the query is the same whatever they are.
    Columns that PostgreSQL generates are asked for when somebody reads them.
    """

    def __init__(self, query: Callable[..., models.QuerySet[Row]]) -> None:
        self._query = query
        self._kept: tuple[type[Row], list[str], Statement] | None = None
        self._is_locking = self._is_django_s = False

    def __call__(self, **given: Any) -> Row | None:
        """Return the row, None where there is none; raises what a queryset does."""
        if self._kept is None and not self._is_django_s:
            self._make(given)
        if self._kept is None:
            return self._query(**given).first()
        if self._is_locking and not connection.in_atomic_block:
            raise TransactionManagementError("select_for_update cannot be used outside of a transaction.")
        model, names, statement = self._kept
        with connection.cursor() as cursor:
            cursor.execute(statement.sql, statement.given(Values(given)))
            row = cursor.fetchone()
        return model.from_db(connection.alias, names, row) if row else None

    def _make(self, given: dict[str, Any]) -> None:
        """Make the statement, or leave it to Django, where it has to do something to a column's values."""
        found = self._query(**{name: Parameter(argument(name)) for name in given})
        names = [each.attname for each in found.model._meta.concrete_fields if not each.generated]
        self._is_locking = found.query.select_for_update
        try:
            self._kept = found.model, names, statement_of(found, names)
        except UnplannableError:
            self._is_django_s = True
