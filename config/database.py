"""What models of every area take from PostgreSQL itself."""

from __future__ import annotations

from typing import Any

from django.db import models


class UUIDv7(models.Func):
    """PostgreSQL 18's `uuidv7()`: 48 bits of time, so new rows go to the index's end, and 74 random bits, so none can be guessed."""

    function = "uuidv7"
    arity = 0
    output_field = models.UUIDField()


def primary_key(**options: Any) -> models.UUIDField[Any, Any]:
    """Return the primary key every table of ours has."""
    return models.UUIDField(primary_key=True, db_default=UUIDv7(), editable=False, **options)
