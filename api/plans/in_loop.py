"""Answers a query in the event loop, without a thread: by its plan, where all that it asks of PostgreSQL are kept statements; and
what is asked about the schema again.

Who asks has to be known without a look-up, and the rate limit's share to be here already. Whatever is otherwise, or goes wrong, is for
a thread (api.http.run_in_session), which does it all over.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psycopg
from django.conf import settings
from django.core.exceptions import SynchronousOnlyOperation
from graphql import ExecutionResult

from api import freshness
from api.errors import TimedOutError
from api.execution import answer_of, kept_answer
from api.plans import running
from api.plans.refusals import NotInRowsError
from api.rate_limits import charged_here
from api.told import extensions_of
from config.measuring.numbers import count_plan, count_read
from config.postgresql.beside import of_this_loop, to_replica

if TYPE_CHECKING:
    from api.context import Context
    from api.documents import Operation
    from api.execution import Answer
    from api.parameters import Values
    from api.plans.pages import Tuples
    from api.plans.places import Kept
    from api.plans.running import Ready
    from api.plans.statements import Statement
    from api.rate_limits import Headers
    from api.requests import GraphQLRequest
    from config.postgresql.beside import Connections
    from config.postgresql.direct import DirectConnection


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of it: an answer, None where a thread has to find one; and the standing's headers, None where nothing was charged."""

    answer: Answer | None = None
    standing: Headers | None = None


async def answer(operation: Operation, request: GraphQLRequest, context: Context, *, cost: int) -> Tried:
    """Answer a query, where that can be done here. Raises TimedOutError."""
    is_known = context.credentials.is_anonymous or context.known_viewer is not None
    if not settings.DATABASE_LOOP_CONNECTIONS or not is_known:
        return Tried()
    kept = kept_answer(operation, request, cost=cost, is_in_thread=False)
    ready = None if kept else running.prepared(operation, request, context)
    standing = charged_here(context, cost) if kept or ready else None
    if standing is None or ready is None:
        return Tried() if standing is None else Tried(kept, standing)
    try:
        data = ready.answer(await placed(ready, context) if ready.kept else [])
    except TimeoutError:
        raise TimedOutError from None
    except SynchronousOnlyOperation:  # a field's resolver asks the database by itself
        operation.planned.needs_thread = True
        return Tried(standing=standing)
    except Exception:  # noqa: BLE001 - a thread runs into it again, and tells it
        return Tried(standing=standing)
    count_plan("planned")
    told = extensions_of(request, operation, cost, result="planned", is_in_thread=False)
    return Tried(answer_of(ExecutionResult(data, None), told), standing)


async def placed(ready: Ready, context: Context) -> list[Tuples]:
    """Return the rows of a plan's statements out of a replica, where one is fresh enough for who asks, else out of the primary."""
    if not settings.DATABASE_REPLICAS:
        return await fetched(ready, of_this_loop())
    replica = await freshness.replica_for_loop(context)
    try:
        found = await fetched(ready, await to_replica(replica) if replica else of_this_loop())
    except psycopg.OperationalError as error:
        if replica:
            replica.leave_out(str(error))
        raise
    count_read("replica" if replica else "primary")
    return found


async def fetched(ready: Ready, source: Connections) -> list[Tuples]:
    """Return the rows of a plan's statements, and what is behind them, by one connection; raises psycopg.Error, NotInRowsError."""
    async with asyncio.timeout(settings.GRAPHQL_TIMEOUT_SECONDS), source.one() as connection:
        return [await rows_of(each, ready.calls, connection) for each in ready.kept]


async def rows_of(kept: Kept, calls: list[Any], connection: DirectConnection) -> Tuples:
    """Return the rows of one statement, and the lists and connections behind them."""
    rows, count = [], kept.made.count
    if kept.made.is_listed:
        rows = await asked(kept.statement, kept.values, connection)
    else:
        kept.require()
    found = kept.of(rows, await asked(count, kept.values, connection) if count else [])
    for statement, values, bring in found.lists():
        bring(await asked(statement, values, connection))
    for place in found.columns.nested if found.rows else ():
        below = place.kept(calls[place.index], found.array)
        if below is None:
            raise NotInRowsError(place.index)
        found.children[place.index] = await rows_of(below, calls, connection)
    return found


async def asked(statement: Statement, values: Values, connection: DirectConnection) -> list[Any]:
    """Return a statement's rows."""
    return await connection.rows(statement.sql, statement.given(values))
