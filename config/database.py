"""What models of every area take from PostgreSQL itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.expressions import BaseExpression

if TYPE_CHECKING:
    from collections.abc import Sequence


class UUIDv7(models.Func):
    """PostgreSQL 18's `uuidv7()`: 48 bits of time, so new rows go to the index's end, and 74 random bits, so none can be guessed."""

    function = "uuidv7"
    arity = 0
    output_field = models.UUIDField()


def primary_key(**options: Any) -> models.UUIDField[Any, Any]:
    """Return the primary key every table of ours has."""
    return models.UUIDField(primary_key=True, db_default=UUIDv7(), editable=False, **options)


class OneOf(models.CheckConstraint):
    """A column has one of these values, or none. PostgreSQL insists on it, and for `full_clean` Python knows it as well.

    Django would ask PostgreSQL there, in a savepoint: three statements more for each row that is written. Migrations know the
    constraint as Django's own.
    """

    def validate(
        self, model: type[models.Model], instance: models.Model, exclude: Any = None, using: str = "default"
    ) -> None:
        """Raise ValidationError where the instance has another value."""
        condition: Any = self.condition
        ((lookup, values),) = condition.children
        name = lookup.removesuffix("__in")
        value = getattr(instance, name)
        if isinstance(value, BaseExpression):
            super().validate(model, instance, exclude=exclude, using=using)
        elif name not in (exclude or ()) and value is not None and value not in values:
            raise ValidationError(self.get_violation_error_message(), code=self.violation_error_code)

    def deconstruct(self) -> Any:
        """Return how migrations write it."""
        return ("django.db.models.CheckConstraint", *super().deconstruct()[1:])


def one_of(field: str, values: Sequence[Any], *, name: str) -> OneOf:
    """Return the constraint that a field has one of these values."""
    return OneOf(condition=models.Q(**{f"{field}__in": list(values)}), name=name)
