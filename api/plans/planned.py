"""An operation's plans, kept with it (api.documents), and so no longer than it is. They hold nothing of a request."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from graphql import get_variable_values

from api.plans import kept
from api.plans.building import Building
from api.plans.coercing import NotPlainError, Variables
from api.plans.conditions import conditions_of
from api.plans.refusals import UnplannableError
from api.schema import graphql_schema, schema
from api.synchronous import SYNCHRONOUS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from graphql import DocumentNode, OperationDefinitionNode

    from api.plans.calls import Call
    from api.plans.places import Place

logger = logging.getLogger("slipway.graphql")

VARIANTS_MAX = 8


@dataclass(frozen=True, slots=True)
class Plan:
    """A function that makes an operation's answer, and the resolvers that it calls.

    `places` are those of its calls whose answers are rows; where all at the root is that (`is_in_rows`), they can be fetched first.
    `effects` are the indices of those that change something: a mutation's at the root.
    """

    answer: Callable[[Any, Any], dict[str, Any]]
    calls: tuple[Call, ...]
    places: tuple[Place, ...]
    is_in_rows: bool
    effects: tuple[int, ...] = ()


class Planned:
    """The plans of one operation, by what its conditions decide. `refusal` says why there are none, and is empty where there may be.

    The first request goes without: many documents come once, and to make a plan costs more than it saves that one.
    """

    def __init__(self, document: DocumentNode, operation: OperationDefinitionNode) -> None:
        self._document, self._operation = document, operation
        self._plans: dict[tuple[Any, ...], Plan] = {}
        self._executor: Any = None
        self.is_new = True
        self.needs_thread = False
        self._is_nested_in_rows = True
        self.refusal = ""

    @cached_property
    def _conditions(self) -> tuple[str, ...]:
        return conditions_of(self._document)

    def executor(self, context: Any, variables: Mapping[str, Any] | None, extensions: Any) -> Any:
        """Return graphql-core's executor for one request, None where the variables don't fit. It is not run: resolvers are told of it.

        To copy one costs a tenth of what it does to build one.
        """
        found = self._values(variables)
        if isinstance(found, list):
            return None
        pattern = self._executor or self._pattern(variables)
        executor = object.__new__(type(pattern))
        executor.__dict__.update(pattern.__dict__)
        executor.context_value, executor.variable_values = context, found
        executor.operation_extensions = extensions
        return executor

    def _values(self, variables: Mapping[str, Any] | None) -> Any:
        """Return what graphql-core makes of a request's variables, a list of errors where they don't fit."""
        declared = self._operation.variable_definitions
        if not declared:
            return self._none
        given = dict(variables or {})
        plain = self._plain_variables.coerced(given) if self._plain_variables else None
        return get_variable_values(graphql_schema, declared, given) if plain is None else plain

    @cached_property
    def _plain_variables(self) -> Variables | None:
        try:
            return Variables(self._operation.variable_definitions or ())
        except NotPlainError:
            return None

    @cached_property
    def _none(self) -> Any:
        return get_variable_values(graphql_schema, (), {})

    def plan(self, executor: Any) -> Plan | None:
        """Return the plan for one request, made where it is not yet; None where there is none, and `refusal` says why."""
        values = executor.variable_values.coerced
        chosen = tuple(values.get(name) for name in self._conditions)
        found = self._plans.get(chosen)
        if found is None and not self.refusal:
            found = self._made(executor)
            if found is not None:
                self._plans[chosen] = found
        if found is not None:
            kept.note_use(self)
        return found

    def forget(self) -> None:
        """Forget the plans. The operation is as new as one that was never asked for."""
        self.is_new = True
        self._plans, self._executor = {}, None

    def keep_to_objects(self) -> None:
        """Forget the plans, and make new ones in which connections behind rows are pages of objects."""
        self._is_nested_in_rows = False
        self._plans = {}

    def give_up(self, why: str) -> None:
        """Leave the operation to the executor from now on."""
        self.refusal = why
        self._plans, self._executor = {}, None

    def _made(self, executor: Any) -> Plan | None:
        if len(self._plans) >= VARIANTS_MAX:
            return None
        try:
            building = Building(executor, is_nested_in_rows=self._is_nested_in_rows)
            written = building.operation()
            return Plan(
                building.code.function(written),
                tuple(building.calls),
                tuple(building.places),
                building.is_in_rows,
                building.effects(),
            )
        except UnplannableError as refusal:
            self.give_up(str(refusal))
        except Exception:  # a bug of ours, or Python's parser's limits: the executor answers
            logger.exception("no plan could be made of an operation")
            self.give_up("it failed to be planned")
        return None

    def _pattern(self, variables: Mapping[str, Any] | None) -> Any:
        """Return the executor that others are copied from, built of variables that fit, which it forgets."""
        name = self._operation.name.value if self._operation.name else None
        executor: Any = schema.execution_context_class.build(
            graphql_schema, self._document, None, None, dict(variables or {}), name, **SYNCHRONOUS
        )
        executor.variable_values = None
        self._executor = executor
        return executor
