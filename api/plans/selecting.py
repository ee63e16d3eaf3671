"""Which fields are asked for in a place, as the specification collects them: by graphql-core's own functions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from graphql.execution.collect_fields import collect_fields, collect_subfields

from api.plans.refusals import UnplannableError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from graphql.execution.collect_fields import FieldDetails

# A document's fields are few (api.limits), but a fragment counts wherever it is spread, and once for each type of an interface.
FIELDS_MAX = 1000


class Selecting:
    """Collects the fields of one operation, with the values of one request's variables, of which conditions alone matter."""

    def __init__(self, executor: Any) -> None:
        self._executor = executor
        self._left = FIELDS_MAX

    def at_root(self, kind: Any) -> Mapping[str, list[FieldDetails]]:
        """Return the operation's own fields by their keys."""
        made = self._executor
        return self._checked(
            collect_fields(made.schema, made.fragments, made.variable_values, kind, made.operation).grouped_field_set
        )

    def below(self, kind: Any, details: list[FieldDetails]) -> Mapping[str, list[FieldDetails]]:
        """Return the fields of an object of type `kind` that stands where `details` are."""
        made = self._executor
        found = collect_subfields(made.schema, made.fragments, made.variable_values, made.operation, kind, details)
        return self._checked(found.grouped_field_set)

    def _checked(self, found: Mapping[str, list[FieldDetails]]) -> Mapping[str, list[FieldDetails]]:
        self._left -= len(found)
        if self._left < 0:
            raise UnplannableError("there are too many fields")
        for details in found.values():
            if details[0].defer_usage or details[0].fragment_variable_values:
                raise UnplannableError("a part is deferred, or a fragment has variables")
        return found
