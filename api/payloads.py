"""What mutations answer with: an object, and what was wrong with the input, field by field."""

from collections.abc import Iterable

import strawberry
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError


@strawberry.type(description="One thing that is wrong with a mutation's input.")
class UserError:
    """`field` is the input's field in GraphQL's spelling, with an index for one of a list: `files.0`."""

    field: str | None = strawberry.field(description="The input's field, as in `files.0`, or null for the whole.")
    message: str = strawberry.field(description="A sentence for people.")
    code: str = strawberry.field(description="A stable word for machines, as in `too_long`.")


def camel_case(name: str) -> str:
    """Return a Python name in GraphQL's spelling."""
    head, *tail = name.split("_")
    return head + "".join(word.capitalize() for word in tail)


def user_errors(error: ValidationError) -> list[UserError]:
    """Return Django's validation error as a payload's list."""
    if not hasattr(error, "error_dict"):
        return list(_of_field(None, error.error_list))
    return [
        user_error
        for name, errors in error.error_dict.items()
        for user_error in _of_field(None if name == NON_FIELD_ERRORS else name, errors)
    ]


def _of_field(name: str | None, errors: Iterable[ValidationError]) -> Iterable[UserError]:
    for error in errors:
        message = " ".join(error.messages)
        yield UserError(field=camel_case(name) if name else None, message=message, code=error.code or "invalid")
