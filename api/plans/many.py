"""Lists behind a page's rows, such as a photo's tags: one statement for each, and of each object the columns that are read alone."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import F, Func
from graphql import get_named_type, is_leaf_type

from api.parameters import Parameter
from api.plans import declared
from api.plans.refusals import NotInRowsError, UnplannableError
from api.plans.statements import statement_of
from config.postgresql.texts import object_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from graphql.execution.collect_fields import FieldDetails

    from api.plans.statements import Statement


@dataclass(frozen=True)
class Many:
    """A relation of a model, and the attributes of its objects."""

    model: type[models.Model]
    name: str
    attributes: tuple[str, ...]

    @cached_property
    def statement(self) -> Statement:
        """What asks for the objects behind rows whose keys a request gives; raises NotInRowsError."""
        return asking(self.model, self.name, ("pk", *(f"{self.name}__{each}" for each in self.attributes)))

    def grouped(self, rows: Iterable[tuple[Any, ...]]) -> dict[Any, list[Any]]:
        """Return the objects, by the keys of what they are behind."""
        related: Any = self.model._meta.get_field(self.name).related_model
        make = bare(related, self.attributes, range(1, 1 + len(self.attributes)))
        found: dict[Any, list[Any]] = {}
        for row in rows:
            found.setdefault(row[0], []).append(make(row))
        return found


class Listed:
    """A relation of a model as tuples of its objects' columns, behind them the key of the row that they are behind.

    They are ordered by the column at `place`, by what `order` says of its values where that is not empty.
    """

    def __init__(
        self,
        model: type[models.Model],
        name: str,
        columns: Sequence[str],
        *,
        place: int,
        read: Any,
        order: Mapping[Any, int],
    ) -> None:
        self._model, self._name, self._columns = model, name, columns
        self._place, self._read, self._order = place, read, order

    @cached_property
    def statement(self) -> Statement:
        """What asks for the tuples behind rows whose keys a request gives; raises NotInRowsError."""
        return asking(self._model, self._name, (*(f"{self._name}__{each}" for each in self._columns), "pk"))

    def grouped(self, rows: Iterable[tuple[Any, ...]]) -> dict[Any, list[Any]]:
        """Return the tuples in their order, by the keys of what they are behind."""
        found: dict[Any, list[Any]] = {}
        for row in sorted(rows, key=self._ordered_by):
            found.setdefault(row[-1], []).append(row)
        return found

    @cached_property
    def _ordered_by(self) -> Callable[[tuple[Any, ...]], Any]:
        place, order, read = self._place, self._order, self._read
        if order:
            return lambda row: order[row[place]]
        return (lambda row: read(row[place])) if read else itemgetter(place)


def asking(model: type[models.Model], name: str, columns: Sequence[str]) -> Statement:
    """Return what asks for columns of rows whose keys a request gives, joined with a relation's; raises NotInRowsError."""
    is_asked = IsOneOf(F("pk"), Parameter(lambda values: values.keys))
    rows = model._base_manager.filter(is_asked, **{f"{name}__isnull": False})  # noqa: SLF001 - Django documents it
    try:
        return statement_of(rows, columns)
    except UnplannableError as refusal:
        raise NotInRowsError(str(refusal)) from refusal


class IsOneOf(Func):
    """Whether a column has one of an array's values."""

    template, arg_joiner = "%(expressions)s)", " = ANY("
    output_field = models.BooleanField()


def relation_of(model: type[models.Model], name: str) -> Any:
    """Return a to-many relation; raises NotInRowsError for one whose objects a manager or an ordering of the model's has a say in."""
    found: Any = model._meta.get_field(name)
    related = found.related_model
    if not (found.one_to_many or found.many_to_many):
        raise NotInRowsError(f"{model.__name__}.{name}")
    if related._meta.ordering or type(related._default_manager) is not models.Manager:  # noqa: SLF001 - Django documents it
        raise NotInRowsError(f"{related.__name__} has an ordering or a manager")
    return found


def attributes_of(kind: Any, model: type[models.Model], selected: Mapping[str, list[FieldDetails]]) -> dict[str, None]:
    """Return the attributes that a list's objects need for what is asked of them; raises NotInRowsError where they need more."""
    if declared.model_of(kind) is not model:
        raise NotInRowsError(f"{kind} is not of {model.__name__}")
    found = {model._meta.pk.attname: None}
    for details in selected.values():
        name = details[0].node.name.value
        if name == "__typename":
            continue
        definition = declared.definition_of(kind, name)
        if declared.is_global_id(kind, definition):
            continue
        if not definition.base_resolver:
            found[declared.column_of(model, definition).attname] = None
        elif "reads" in definition.metadata and is_leaf_type(get_named_type(kind.fields[name].type)):
            found |= dict.fromkeys(definition.metadata["reads"])
        else:
            raise NotInRowsError(f"{kind.name}.{name}")
    return found


def bare(model: type[models.Model], attributes: Sequence[str], places: Sequence[int]) -> Callable[[Sequence[Any]], Any]:
    """Return what makes an instance with these attributes out of a row. To ask it for another is an error, and no statement."""
    new = model.__new__
    readers = {column.attname: object_of(column) for column in model._meta.concrete_fields}
    given = [(name, place, readers[name]) for name, place in zip(attributes, places, strict=True)]

    def made(row: Sequence[Any]) -> Any:
        instance = new(model)
        values = instance.__dict__
        for name, place, read in given:
            value = row[place]
            values[name] = value if read is None or value is None else read(value)
        return instance

    return made
