"""Answers an operation by its plan, or says that the executor has to. Errors are the executor's to tell: it knows their paths."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import django.db
from django.conf import settings
from graphql import GraphQLError, OperationType

from api.errors import ApplicationError
from api.plans.refusals import NoAnswerError
from config.measuring.numbers import count_plan

if TYPE_CHECKING:
    from api.context import Context
    from api.documents import Operation
    from api.plans.planned import Planned
    from api.requests import GraphQLRequest

logger = logging.getLogger("slipway.graphql")

# What a request brings about by itself, an outage, or data that changed meanwhile: the executor may well answer it.
EXPECTED = (ApplicationError, GraphQLError, NoAnswerError, django.db.Error)
FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Attempt:
    """An answer's data, or None and why there is none: the executor has to answer then."""

    data: dict[str, Any] | None
    result: str
    error: Exception | None = None


def attempt(operation: Operation, request: GraphQLRequest, context: Context) -> Attempt:
    """Answer a query by its plan, where it has one. It has no effects, so the executor may run it again after an error."""
    if not settings.GRAPHQL_PLANS or operation.kind is not OperationType.QUERY:
        return Attempt(None, "off")
    made = attempted(operation.planned, request, context)
    count_plan(made.result)
    return made


def attempted(planned: Planned, request: GraphQLRequest, context: Context) -> Attempt:
    """Return what came of the plan, not counted yet."""
    if planned.refusal:
        return Attempt(None, "unplannable")
    if planned.is_new:
        planned.is_new = False
        return Attempt(None, "new")
    try:
        executor = planned.executor(context, request.variables, request.extensions)
        plan = planned.plan(executor) if executor else None
        if plan is None:
            return Attempt(None, "unplannable")
        return Attempt(plan.answer(None, [call.bound(executor) for call in plan.calls]), "planned")
    except Exception as error:  # noqa: BLE001 - told by the executor, which runs into it again, or by `compare`
        return Attempt(None, FAILED, error)


def compare(made: Attempt, operation: Operation, *, is_error: bool) -> None:
    """Log a plan that failed where the executor had an answer without errors, and use it no more: it is wrong."""
    if made.result == FAILED and not is_error and not isinstance(made.error, EXPECTED):
        logger.error("a plan failed, and is used no more", exc_info=made.error, extra={"operation": operation.name})
        operation.planned.give_up("it failed")
