"""Answers an operation by its plan, or says that the executor has to. Errors are the executor's to tell: it knows their paths."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import django.db
from django.conf import settings
from graphql import GraphQLError, OperationType

from api.errors import ApplicationError
from api.plans.effects import Effects
from api.plans.refusals import NoAnswerError, NotInRowsError
from config.measuring.numbers import count_plan

if TYPE_CHECKING:
    from api.context import Context
    from api.documents import Operation
    from api.plans.pages import Tuples
    from api.plans.places import Kept
    from api.plans.planned import Plan, Planned
    from api.requests import GraphQLRequest

logger = logging.getLogger("slipway.graphql")

# What a request brings about by itself, an outage, or data that changed meanwhile: the executor may well answer it.
EXPECTED = (ApplicationError, GraphQLError, NoAnswerError, django.db.Error)
FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Attempt:
    """An answer's data, or None and why there is none: the executor has to answer then, with what a mutation had done by then."""

    data: dict[str, Any] | None
    result: str
    error: Exception | None = None
    effects: Effects | None = field(default=None, compare=False)


def attempt(operation: Operation, request: GraphQLRequest, context: Context, *, root: Any = None) -> Attempt:
    """Answer an operation by its plan, where it has one. After an error the executor runs it, but for a mutation's effects.

    `root` is a subscription's event.
    """
    if not settings.GRAPHQL_PLANS:
        return Attempt(None, "off")
    made = attempted(operation.planned, request, context, root=root)
    count_plan(made.result)
    return made


def attempted(planned: Planned, request: GraphQLRequest, context: Context, *, root: Any = None) -> Attempt:
    """Return what came of the plan, not counted yet."""
    if planned.refusal:
        return Attempt(None, "unplannable")
    if planned.is_new:
        planned.is_new = False
        return Attempt(None, "new")
    effects = Effects()
    try:
        executor = planned.executor(context, request.variables, request.extensions)
        plan = planned.plan(executor) if executor else None
        if plan is None:
            return Attempt(None, "unplannable")
        try:
            data: dict[str, Any] | None = answered(plan, executor, effects, root)
        except NotInRowsError:
            planned.keep_to_objects()
            plan = planned.plan(executor)
            data = answered(plan, executor, effects, root) if plan else None
        return Attempt(data, "planned" if plan else "unplannable")
    except Exception as error:  # noqa: BLE001 - told by the executor, which runs into it again, or by `compare`
        return Attempt(None, FAILED, error, effects)


@dataclass(frozen=True, slots=True)
class Ready:
    """A plan with one request's calls, and the statements that are to be asked before it can answer."""

    plan: Plan
    calls: list[Any]
    kept: list[Kept]

    def answer(self, rows: list[Tuples]) -> dict[str, Any]:
        """Return the answer's data out of the statements' rows. Raises what resolvers raise."""
        calls = list(self.calls)
        for place, found in zip(self.plan.places, rows, strict=True):
            calls[place.index] = found
        return self.plan.answer(None, calls)


def prepared(operation: Operation, request: GraphQLRequest, context: Context) -> Ready | None:
    """Return a query's plan where all that it asks of PostgreSQL are statements that are kept; None for any other, or any error."""
    planned = operation.planned
    if not settings.GRAPHQL_PLANS or operation.kind is not OperationType.QUERY:
        return None
    if planned.is_new or planned.refusal or planned.needs_thread:
        return None
    try:
        executor = planned.executor(context, request.variables, request.extensions)
        plan = planned.plan(executor) if executor else None
        if plan is None or not plan.is_in_rows:
            return None
        calls = [call.bound(executor) for call in plan.calls]
        kept = [place.kept(calls[place.index]) for place in plan.places]
    except Exception:  # noqa: BLE001 - told in a thread, by the executor
        return None
    return None if None in kept else Ready(plan, calls, [each for each in kept if each])


def answered(plan: Plan, executor: Any, effects: Effects, root: Any) -> dict[str, Any]:
    """Return the data of one request or event; raises what resolvers raise, and NotInRowsError."""
    calls = [call.bound(executor) for call in plan.calls]
    for index in plan.effects:
        calls[index] = effects.noting(plan.calls[index].key, calls[index])
    return plan.answer(root, calls)


def compare(made: Attempt, operation: Operation, *, is_error: bool) -> None:
    """Log a plan that failed where the executor had an answer without errors, and use it no more: it is wrong."""
    if made.result == FAILED and not is_error and not isinstance(made.error, EXPECTED):
        logger.error("a plan failed, and is used no more", exc_info=made.error, extra={"operation": operation.name})
        operation.planned.give_up("it failed")
