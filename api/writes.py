"""Writes some columns of a row by an UPDATE whose SQL Django makes once: to make it takes longer than PostgreSQL to do it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.db import DatabaseError, connection, transaction
from django.db.models import Model, QuerySet
from django.db.models.signals import post_save, pre_save
from django.db.models.sql import UpdateQuery

from api.parameters import Parameter, Values
from api.plans.parameters import argument
from api.plans.statements import Statement
from config.postgresql import prepared

KEY = "pk"
STEPS = ("save", "save_base", "_save_table", "_do_update")


def save_columns(row: Model, *names: str) -> None:
    """Do what `row.save(update_fields=names)` does, and raise what it raises. What is no plain row of one table, Django saves."""
    update = update_of(type(row), names)
    if update is None or not is_plain(row, update):
        row.save(update_fields=names)
        return
    values = {each.attname: each.pre_save(row, add=False) for each in update.fields}
    if any(hasattr(each, "resolve_expression") for each in values.values()):
        row.save(update_fields=names)
        return
    given = {each.attname: each.get_db_prep_save(values[each.attname], connection) for each in update.fields}
    with transaction.mark_for_rollback_on_error(connection.alias), prepared.cursor() as cursor:
        cursor.execute(update.statement.sql, update.statement.given(Values(given | {KEY: row.pk})))
        if not cursor.rowcount:
            raise DatabaseError("Save with update_fields did not affect any rows.")
    told = {"created": False, "update_fields": frozenset(names), "raw": False, "using": connection.alias}
    post_save.send(sender=type(row), instance=row, **told)


@dataclass(frozen=True, slots=True)
class Update:
    """The statement that writes some fields of one row."""

    fields: tuple[Any, ...]
    statement: Statement


@lru_cache(maxsize=256)
def update_of(model: type[Model], names: tuple[str, ...]) -> Update | None:
    """Return a model's statement, None where Django has more to do than one, or a method of the model's own stands in its place."""
    options = model._meta
    is_own = any(getattr(model, name) is not getattr(Model, name) for name in STEPS)
    if is_own or options.parents or options.proxy or not names:
        return None
    fields: tuple[Any, ...] = tuple(dict.fromkeys(options.get_field(name) for name in names))
    query: Any = QuerySet(model).filter(pk=Parameter(argument(KEY))).query.chain(UpdateQuery)
    query.add_update_fields([(each, None, Parameter(argument(each.attname))) for each in fields])
    sql, values = query.get_compiler(connection=connection).as_sql()
    return Update(fields, Statement(sql, tuple(values)))


def is_plain(row: Model, update: Update) -> bool:
    """Tell whether a row is in our database, nobody may change it before it is saved, and no object stands where a key is written."""
    model, state = type(row), row._state
    is_ours = row.pk is not None and not state.adding and state.db in (None, connection.alias)
    return (
        is_ours
        and not pre_save.has_listeners(model)
        and not any(each.is_relation and each.is_cached(row) for each in update.fields)
    )
