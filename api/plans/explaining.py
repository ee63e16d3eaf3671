"""Tells how an operation is answered: by a plan or not, with or without a thread, by which SQL, and how PostgreSQL goes about that."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from graphql import OperationType

from api.context import Context
from api.credentials import AssumedViewer
from api.execution import executed
from api.plans import running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from api.documents import Operation
    from api.plans.planned import Plan
    from api.requests import GraphQLRequest

KEPT, EACH_TIME, RESOLVED = "its SQL is kept", "its SQL is made each time", "its resolver is called"


@dataclass(frozen=True)
class Explanation:
    """What was found. `fields` are those with a resolver, each with what is done; `statements` are what ran, as it was sent."""

    answered_by: str
    fields: dict[str, str] = field(default_factory=dict)
    statements: list[tuple[str, Any]] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


def explain(operation: Operation, request: GraphQLRequest, viewer: Any = None) -> Explanation:
    """Answer a query as a thread would, and tell how. Raises ValueError for an operation that changes something."""
    if operation.kind is not OperationType.QUERY:
        raise ValueError("only a query is run here")
    person, planned = viewer or AnonymousUser(), operation.planned
    context = Context(credentials=AssumedViewer(person), address="127.0.0.1", can_set_cookies=True)
    planned.is_new = False
    ready = running.prepared(operation, request, context)
    connection.ensure_connection()  # or what Django asks of a new one would be told as well
    seen: list[tuple[str, Any]] = []
    with connection.execute_wrapper(noting(seen)):
        made = running.attempt(operation, request, context)
        errors = [] if made.data is not None else executed(operation, request, context, root=None).errors or []
    executor = planned.executor(context, request.variables, request.extensions)
    plan = planned.plan(executor) if executor and settings.GRAPHQL_PLANS else None
    return Explanation(
        answered_by=told(made, ready, why=planned.refusal),
        fields=dict(fields_of(plan, executor)) if plan else {},
        statements=seen,
        errors=[error.message for error in errors],
    )


def told(made: running.Attempt, ready: running.Ready | None, *, why: str) -> str:
    """Return who answered."""
    if made.result == "planned" and ready and settings.DATABASE_LOOP_CONNECTIONS:
        return "a plan, without a thread"
    if made.result == "planned":
        return "a plan, in a thread"
    reasons = {"off": "GRAPHQL_PLANS is off", "failed": "the plan met an error"}
    return f"the executor: {why or reasons.get(made.result, 'its variables do not fit')}"


def fields_of(plan: Plan, executor: Any) -> Iterator[tuple[str, str]]:
    """Return each field with a resolver, and what is done for it."""
    kept = {place.index: place for place in plan.places}
    kept |= {below.index: below for place in plan.places for below in place.all_below()}
    for index, call in enumerate(plan.calls):
        how = RESOLVED
        if index in kept:
            how = KEPT if kept[index].kept(call.bound(executor)) else EACH_TIME
        yield f"{call.parent.name}.{call.nodes[0].name.value} ({call.key})", how


def noting(seen: list[tuple[str, Any]]) -> Callable[..., Any]:
    """Return what notes every statement."""

    def execute(run: Callable[..., Any], sql: Any, params: Any, many: Any, surroundings: Any) -> Any:
        seen.append((str(sql), params))
        return run(sql, params, many, surroundings)

    return execute


def way_of(sql: str, params: Any) -> list[str]:
    """Return PostgreSQL's plan of a statement, a line each. Raises django.db.Error."""
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {sql}", params)
        return [line for (line,) in cursor.fetchall()]
