"""Looks one row up by a query whose SQL Django makes once: to make it takes longer than to ask it, and a service asks it each time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from django.contrib.auth.models import AnonymousUser
from django.db import connection, models
from django.db.transaction import TransactionManagementError

from api.parameters import Parameter, Values
from api.plans.parameters import Somebody, argument
from api.plans.refusals import UnplannableError
from api.plans.statements import statement_of
from config.postgresql import prepared

if TYPE_CHECKING:
    from collections.abc import Callable

    from api.plans.statements import Statement

Row = TypeVar("Row", bound=models.Model)

NOBODY = AnonymousUser()


@dataclass(frozen=True, slots=True)
class Kept(Generic[Row]):
    """A query's statement, and what its rows become."""

    model: type[Row]
    names: list[str]
    statement: Statement
    is_locking: bool

    def row(self, values: Values) -> Row | None:
        """Return the row; raises what a queryset does."""
        if self.is_locking and not connection.in_atomic_block:
            raise TransactionManagementError("select_for_update cannot be used outside of a transaction.")
        with prepared.cursor() as cursor:
            cursor.execute(self.statement.sql, self.statement.given(values))
            found = cursor.fetchone()
        return self.model.from_db(connection.alias, self.names, found) if found else None


class Lookup(Generic[Row]):
    """Finds a row by what it is called with, texts and keys alone: `Lookup(lambda key: Photo.objects.filter(pk=key))(key=...)`.

    What stands in the query for these is handed on and nothing else (api.parameters), so the query is the same whatever they are.
    A `viewer` may be asked for `is_authenticated` and `pk`. Columns that PostgreSQL generates are asked for when somebody reads them.
    """

    def __init__(self, query: Callable[..., models.QuerySet[Row]]) -> None:
        self._query = query
        self._kept: dict[bool, Kept[Row] | None] = {}

    def __call__(self, **given: Any) -> Row | None:
        """Return the row, None where there is none; raises what a queryset does."""
        viewer = given.get("viewer", NOBODY)
        is_signed_in = bool(viewer.is_authenticated)
        if is_signed_in not in self._kept:
            self._kept[is_signed_in] = self._made(given, viewer=Somebody() if is_signed_in else NOBODY)
        kept = self._kept[is_signed_in]
        if kept is None:
            return self._query(**given).first()
        return kept.row(Values(given, viewer.pk))

    def _made(self, given: dict[str, Any], *, viewer: Any) -> Kept[Row] | None:
        """Return the statement, None where Django has to do something to a column's values."""
        places = {name: viewer if name == "viewer" else Parameter(argument(name)) for name in given}
        found = self._query(**places)
        names = [each.attname for each in found.model._meta.concrete_fields if not each.generated]
        try:
            return Kept(found.model, names, statement_of(found, names), found.query.select_for_update)
        except UnplannableError:
            return None
