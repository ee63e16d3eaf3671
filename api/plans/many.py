"""Lists behind a page's rows, such as a photo's tags: one statement for each, and of each object the columns that are read alone."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import F, Func
from graphql import get_named_type, is_leaf_type

from api.parameters import Parameter
from api.plans import declared
from api.plans.refusals import NotInRowsError, UnplannableError
from api.plans.statements import statement_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from graphql.execution.collect_fields import FieldDetails

    from api.plans.statements import Statement


@dataclass(frozen=True, slots=True)
class Many:
    """A relation of a model, and the attributes of its objects."""

    model: type[models.Model]
    name: str
    attributes: tuple[str, ...]

    def statement(self) -> Statement:
        """Return what asks for the objects behind rows whose keys a request gives; raises UnplannableError."""
        names = (f"{self.name}__{each}" for each in self.attributes)
        is_asked = IsOneOf(F("pk"), Parameter(lambda values: list(values.keys)))
        rows = self.model._base_manager.filter(is_asked, **{f"{self.name}__isnull": False})  # noqa: SLF001 - Django documents it
        return statement_of(rows, ("pk", *names))

    def grouped(self, rows: Iterable[tuple[Any, ...]]) -> dict[Any, list[Any]]:
        """Return the objects, by the keys of what they are behind."""
        related: Any = self.model._meta.get_field(self.name).related_model
        make = bare(related, self.attributes, range(1, 1 + len(self.attributes)))
        found: dict[Any, list[Any]] = {}
        for row in rows:
            found.setdefault(row[0], []).append(make(row))
        return found


class IsOneOf(Func):
    """Whether a column has one of an array's values."""

    template, arg_joiner = "%(expressions)s)", " = ANY("
    output_field = models.BooleanField()


@lru_cache(maxsize=256)
def asking_for(many: Many) -> Statement:
    """Return a list's statement; raises NotInRowsError."""
    try:
        return many.statement()
    except UnplannableError as refusal:
        raise NotInRowsError(str(refusal)) from refusal


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
    new, values = (
        model.__new__,
        itemgetter(*places, 0),
    )  # one more than there are: of a single place it would return no tuple

    def made(row: Sequence[Any]) -> Any:
        instance = new(model)
        instance.__dict__.update(zip(attributes, values(row), strict=False))
        return instance

    return made
