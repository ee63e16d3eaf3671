"""`/graphql` over HTTP: a request is read, checked, run and answered, each by a module of its own."""

from __future__ import annotations

import contextlib
from contextlib import ExitStack
from typing import TYPE_CHECKING

from graphql import GraphQLError, OperationType

from api import batches, errors, event_stream, threads, viewers
from api.context import Context
from api.credentials import Credentials
from api.documents import DocumentError
from api.errors import ApplicationError
from api.execution import Answer, encode, run
from api.forgery import require_known_host, require_own_page
from api.gone import CancelledWhenGone
from api.kept_answers import is_to_be_kept, send_kept
from api.limits import require_affordable
from api.media_types import EVENT_STREAM, JSON, RESPONSE, accepted
from api.persisted import operation_of, with_document
from api.plans import in_loop
from api.rate_limits import charge
from api.refusals import (
    ClientGoneError,
    LimitError,
    MethodNotAllowedError,
    NotAcceptableError,
    OperationNotFoundError,
)
from api.replies import send_answer
from api.request_notes import address_of, note_operation, note_stream, note_viewer
from api.requests import read_request
from api.shared_cache import sharing as sharing_of
from config.asgi_types import header
from config.measuring.numbers import count_errors
from config.request_body import BodyTooLargeError

if TYPE_CHECKING:
    from api.documents import Operation
    from api.rate_limits import Headers
    from api.requests import GraphQLRequest
    from config.asgi_types import Receive, Scope, Send

METHODS = ("GET", "POST")
# What nginx logs for a client that did not wait. Nobody reads it but our own log.
CLIENT_GONE_STATUS = 499
# What is found between a request that is one and its execution.
TOLD_IN_A_STREAM = (DocumentError, LimitError, OperationNotFoundError)
STATUS_OF_FAILURE = {"INSUFFICIENT_STORAGE": 507, "SERVICE_UNAVAILABLE": 503}


async def serve(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer a request, whatever it is."""
    media_types = accepted(header(scope, b"accept"))
    try:
        await answer(scope, receive, send, media_types=media_types)
    except ApplicationError as refusal:
        await refuse(send, refusal, media_types=media_types)
    except ClientGoneError:
        with contextlib.suppress(Exception):  # each server has its own way of saying that it is too late
            await send(
                {"type": "http.response.start", "status": CLIENT_GONE_STATUS, "headers": [(b"content-length", b"0")]}
            )
            await send({"type": "http.response.body", "body": b""})
    except BodyTooLargeError:
        raise
    except Exception as error:  # noqa: BLE001 - told by an id, as a resolver's would be
        await send_answer(send, failure(error), media_type=plain_type(media_types))


async def answer(scope: Scope, receive: Receive, send: Send, *, media_types: tuple[str, ...]) -> None:
    """Read a request, run it and send its answer; raises ApplicationError for one that is refused."""
    if scope["method"] not in METHODS:
        raise MethodNotAllowedError("A request is sent by POST or GET.", allowed="GET, POST")
    if not media_types:
        raise NotAcceptableError(f"The answer can be sent as {RESPONSE}, application/json or {EVENT_STREAM}.")
    require_known_host(scope)
    credentials = Credentials(scope)
    require_own_page(scope, credentials)
    with ExitStack() as files:
        read = await read_request(scope, receive, files)
        context = Context(credentials=credentials, address=address_of(scope), can_set_cookies=True)
        if isinstance(read, list):
            await answer_several(scope, read, context, receive=receive, send=send)
            return
        request = await with_document(read)
        operation = await operation_of(request, context)
        note_operation(scope, operation)
        require_method(scope, operation)
        cost = require_affordable(operation, request)
        if is_to_be_streamed(operation, media_types):
            context.can_set_cookies = False
            note_stream(scope)
            try:
                await event_stream.serve(operation, request, context, cost=cost, receive=receive, send=send)
            finally:
                note_viewer(scope, context)
            return
        with CancelledWhenGone(receive):
            await viewers.introduce(context)
            sharing = await sharing_of.begin(scope, operation, request, credentials)
            context.needs_primary = (
                sharing is not None
            )  # or nginx would keep an answer from before a write that it has forgotten
            tried = await in_loop.answer(operation, request, context, cost=cost)
            if tried.answer is None:
                found, headers, known = await threads.run(
                    lambda: run_in_session(operation, request, context, cost=cost, standing=tried.standing)
                )
                viewers.keep(context, known)
            else:
                found, headers = tried.answer, [*(tried.standing or []), *set_cookie(credentials)]
        note_viewer(scope, context)
        if is_to_be_kept(scope, operation, request, found, headers):
            policy = operation.caching.header(is_for_viewer=not credentials.is_anonymous)
            told, compressed = await sharing_of.told_to_nginx(sharing, operation, request, found)
            headers = [*headers, *told, (b"cache-control", policy.encode())]
            media_type = plain_type(media_types)
            async with sharing_of.on_its_way(sharing):
                await send_kept(scope, send, found, headers=headers, media_type=media_type, compressed=compressed)
            return
        await send_answer(
            send, found, media_type=plain_type(media_types), headers=[*headers, (b"cache-control", b"no-store")]
        )


async def answer_several(
    scope: Scope, requests: list[GraphQLRequest], context: Context, *, receive: Receive, send: Send
) -> None:
    """Run the operations of a list and send the list of their answers, of which the specification says nothing: as JSON."""
    items = await batches.prepared(requests, context)
    with CancelledWhenGone(receive):
        found, headers = await threads.run(lambda: batches.run_in_session(items, context))
    note_viewer(scope, context)
    await send_answer(send, found, media_type=JSON, headers=[*headers, (b"cache-control", b"no-store")])


def run_in_session(
    operation: Operation, request: GraphQLRequest, context: Context, *, cost: int, standing: Headers | None = None
) -> tuple[Answer, Headers, viewers.Known | None]:
    """Charge for an operation and run it. In a thread. Returns its answer, headers with the session's cookies, and who asked.

    `standing` is that of a request that was charged already.
    """
    standing = charge(context, cost) if standing is None else standing
    found = run(operation, request, context, cost=cost)
    headers = [*standing, *set_cookie(context.credentials)]
    return found, headers, viewers.remember(context)


def set_cookie(credentials: Credentials) -> Headers:
    """Return the headers that set a session's cookies, which is saved where somebody changed it."""
    return [(b"set-cookie", cookie) for cookie in credentials.cookies_to_set()]


def require_method(scope: Scope, operation: Operation) -> None:
    """Raise MethodNotAllowedError for a mutation by GET, which browsers and proxies may send at any time, and again."""
    if scope["method"] == "GET" and operation.kind is OperationType.MUTATION:
        raise MethodNotAllowedError("Mutations are sent by POST.", allowed="POST")


def is_to_be_streamed(operation: Operation, media_types: tuple[str, ...]) -> bool:
    """Tell whether the answer is a stream of events; raises NotAcceptableError where it has to be and the client takes none."""
    if operation.kind is OperationType.SUBSCRIPTION and EVENT_STREAM not in media_types:
        raise NotAcceptableError(f"Subscriptions are sent over a WebSocket, or to who accepts {EVENT_STREAM}.")
    return operation.kind is OperationType.SUBSCRIPTION or media_types[0] == EVENT_STREAM


def plain_type(media_types: tuple[str, ...]) -> str:
    """Return the type of an answer that is no stream."""
    return next((each for each in media_types if each != EVENT_STREAM), RESPONSE)


async def refuse(send: Send, refusal: ApplicationError, *, media_types: tuple[str, ...]) -> None:
    """Answer a request of which nothing was run."""
    count_errors(refusal.formatted)
    if media_types and media_types[0] == EVENT_STREAM and isinstance(refusal, TOLD_IN_A_STREAM):
        await event_stream.serve_refusal(refusal, send=send)
        return
    found = Answer(body=encode({"errors": refusal.formatted}), status=refusal.status)
    headers = [*refusal.headers, (b"cache-control", b"no-store")]
    await send_answer(send, found, media_type=plain_type(media_types), headers=headers)


def failure(error: Exception) -> Answer:
    """Return the answer where we failed before or after the executor."""
    presented = GraphQLError("", original_error=error)
    errors.present(presented)
    count_errors([presented.formatted])
    code = (presented.extensions or {}).get("code")
    return Answer(body=encode({"errors": [presented.formatted]}), status=STATUS_OF_FAILURE.get(str(code), 500))
