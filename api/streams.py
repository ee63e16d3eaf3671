"""A subscription as a stream of answers, for whichever transport sends them."""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson
from graphql import ExecutionResult, GraphQLError, OperationType, create_source_event_stream

from api import errors, threads, together, viewers
from api.errors import ApplicationError
from api.execution import Answer, answer_of, run
from api.messages import Event
from api.schema import graphql_schema, schema
from config.measuring import numbers

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Hashable

    from api.context import Context
    from api.documents import Operation
    from api.requests import GraphQLRequest


async def answers(operation: Operation, request: GraphQLRequest, context: Context) -> AsyncIterator[Answer]:
    """Yield one answer for each event of a subscription, or the one of a query or mutation.

    The next event is taken once the one before has been sent: who reads slowly slows down nobody else.
    """
    if operation.kind is not OperationType.SUBSCRIPTION:
        try:
            found = await threads.run(lambda: run(operation, request, context))
        except ApplicationError as error:  # its time is over, and the stream's head is sent
            found = failure([located(error)])
        yield found
        return
    asked = Asked(operation=operation, request=request, context=context, key=key_of(operation, request, context))
    source = await events_of(operation, request, context)
    if isinstance(source, ExecutionResult):
        yield failure(source.errors or [])
        return
    async with aclosing(source) as events:
        try:
            await asked.begin()
            async for event in events:
                answer = await asked.answer(event)
                if answer is not None:
                    numbers.events.inc()
                    yield answer
        except Exception as error:  # noqa: BLE001 - what the resolver raised: told to the client, who loses the stream
            yield failure([located(error)])


@dataclass(kw_only=True, slots=True)
class Asked:
    """What one client asks of each event. `key` is the same for all who have to get the same answer; `known` is who it is."""

    operation: Operation
    request: GraphQLRequest
    context: Context
    key: Hashable
    known: viewers.Known | None = None

    async def begin(self) -> None:
        """Find out how to know again who asks, once for all events."""
        self.context.is_to_be_known = viewers.can_be_known(self.context)
        if self.context.is_to_be_known:
            self.known = await threads.run(self._remembered)

    def _remembered(self) -> viewers.Known | None:
        _ = self.context.viewer  # who it is, where nobody has wanted to know yet
        return viewers.remember(self.context)

    async def answer(self, event: Any) -> Answer | None:
        """Return the answer to an event, None where there is nothing to tell. Raises what looking it up raises, and TimedOutError."""
        if isinstance(event, Event):
            return await event.message.once(self.key, lambda: together.of_this_loop().take(self, event))
        return await threads.run(lambda: self._run(event))

    def outcome(self, event: Event) -> Answer | Exception | None:
        """Return the answer, None where there is nothing to tell, or the error that ends the stream. In a thread."""
        try:
            found = event.look_up()
            answer = None if found is None else self._run(found)
            self.known = viewers.remember(self.context) or self.known
        except Exception as error:  # noqa: BLE001 - raised again in the stream
            return error
        return answer

    def _run(self, root: Any) -> Answer:
        return run(self.operation, self.request, self.context, root=root)


def key_of(operation: Operation, request: GraphQLRequest, context: Context) -> Hashable:
    """Return what an answer depends on besides its event: document, variables, extensions and credentials, as they were sent."""
    try:
        sent = orjson.dumps((request.variables, request.extensions), option=orjson.OPT_SORT_KEYS)
    except TypeError:  # files, or half a character
        return object()
    return request.query, operation.name, sent, context.credentials.digest


async def events_of(operation: Operation, request: GraphQLRequest, context: Context) -> Any:
    """Return the subscription's source of events, or the result that says why there is none."""
    executor = schema.execution_context_class.build(
        graphql_schema,
        operation.document,
        None,
        context,
        request.variables,
        operation.name,
        is_async_iterable=None,
        operation_extensions=request.extensions,
    )
    if isinstance(executor, list):
        return ExecutionResult(None, executor)
    source: Any = create_source_event_stream(executor)
    return await source if hasattr(source, "__await__") else source


def located(error: Exception) -> GraphQLError:
    """Return an error as GraphQL's."""
    return error if isinstance(error, GraphQLError) else GraphQLError(str(error), original_error=error)


def failure(found: list[GraphQLError]) -> Answer:
    """Return the answer where there are no events to be had, or no more."""
    for error in found:
        errors.present(error)
        error.path = None
    return answer_of(ExecutionResult(None, found))
