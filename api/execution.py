"""Runs an operation in the thread that it is called in, from a document to the answer's bytes."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson
from django.conf import settings
from graphql import ExecutionResult, GraphQLError, MiddlewareManager, execute

from api import errors, freshness, introspection
from api.plans import running
from api.schema import graphql_schema, schema
from api.synchronous import SYNCHRONOUS
from api.told import extensions_of
from config.measuring.numbers import count_errors

if TYPE_CHECKING:
    from api.context import Context
    from api.documents import Operation
    from api.plans.effects import Effects
    from api.requests import GraphQLRequest

logger = logging.getLogger("slipway.graphql")

OK, PARTIAL, UNPROCESSABLE, FAILED = 200, 294, 422, 500
DEPENDENCY_AWAY = 503


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """A response's JSON, and HTTP's status for it. `errors` is what stands in it under that name, None where it has `data`."""

    body: bytes
    status: int
    errors: list[dict[str, Any]] | None = None


def run(
    operation: Operation, request: GraphQLRequest, context: Context, *, root: Any = None, cost: int | None = None
) -> Answer:
    """Answer an operation, with an event as its `root` where it is a subscription."""
    if not settings.DATABASE_REPLICAS:
        return answered(operation, request, context, root=root, cost=cost)
    return freshness.run(operation.kind, context, lambda: answered(operation, request, context, root=root, cost=cost))


def answered(
    operation: Operation, request: GraphQLRequest, context: Context, *, root: Any = None, cost: int | None = None
) -> Answer:
    """Answer an operation by its plan, or execute it."""
    kept = kept_answer(operation, request, cost=cost, is_in_thread=True)
    if kept is not None:
        return kept
    made = running.attempt(operation, request, context, root=root)
    told = extensions_of(request, operation, cost, result=made.result, is_in_thread=True)
    if made.data is not None:
        return answer_of(ExecutionResult(made.data, None), told)
    result = executed(operation, request, context, root=root, effects=made.effects)
    running.compare(made, operation, is_error=bool(result.errors))
    key = None if result.errors else introspection.key_of(operation, request)
    if key:
        introspection.answers.put(key, result.data)
    return answer_of(result, told)


def kept_answer(
    operation: Operation, request: GraphQLRequest, *, cost: int | None, is_in_thread: bool
) -> Answer | None:
    """Return an answer about the schema that was found before, None where there is none."""
    key = introspection.key_of(operation, request)
    kept = introspection.answers.get(key) if key else None
    if kept is None:
        return None
    data: Any = orjson.Fragment(kept)
    told = extensions_of(request, operation, cost, result="kept", is_in_thread=is_in_thread)
    return answer_of(ExecutionResult(data, None), told)


def executed(
    operation: Operation, request: GraphQLRequest, context: Context, *, root: Any, effects: Effects | None = None
) -> ExecutionResult:
    """Return the executor's result, with every error presented. What has had its effect is not done again."""
    try:
        result = execute(
            graphql_schema,
            operation.document,
            root,
            context,
            request.variables,
            operation.name,
            middleware=MiddlewareManager(effects) if effects else None,
            executor_class=schema.execution_context_class,
            **SYNCHRONOUS,
            hide_suggestions=not settings.GRAPHQL_INTROSPECTION,
            operation_extensions=request.extensions,
        )
    except Exception as error:  # noqa: BLE001 - a bug of the executor's is told like one of a resolver's
        result = ExecutionResult(None, [GraphQLError("", original_error=error)])
    for each in result.errors or ():  # type: ignore[union-attr]  # no awaitable: nothing asynchronous is resolved
        errors.present(each)
    return result  # type: ignore[return-value]  # see above


def answer_of(result: ExecutionResult, extensions: dict[str, Any] | None = None) -> Answer:
    """Return a result as an answer: without `data` where execution did not begin, by the specification's section on responses."""
    more = {"extensions": extensions} if extensions else {}
    if not result.errors:
        return Answer(body=encode({"data": result.data, **more}), status=OK)
    formatted = [dict(error.formatted) for error in result.errors]
    count_errors(formatted)
    if result.data is None and all(error.path is None for error in result.errors):
        return Answer(body=encode({"errors": formatted, **more}), status=status_of(formatted), errors=formatted)
    return Answer(body=encode({"errors": formatted, "data": result.data, **more}), status=PARTIAL)


def status_of(formatted: list[dict[str, Any]]) -> int:
    """Return HTTP's status where nothing was executed."""
    code = formatted[0].get("extensions", {}).get("code")
    return {"INTERNAL_ERROR": FAILED, "SERVICE_UNAVAILABLE": DEPENDENCY_AWAY}.get(code, UNPROCESSABLE)


def encode(value: Any) -> bytes:
    """Return a value as JSON."""
    try:
        return orjson.dumps(value)
    except TypeError:  # half a character, or a number of more than 64 bits: orjson refuses what JSON can say
        return json.dumps(value, default=str).encode()
