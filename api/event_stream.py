"""Server-sent events: each operation a response of its own, which is open for as long as there is more to come.

The distinct connections mode of https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from api import threads
from api.execution import encode
from api.gone import CancelledWhenGone
from api.media_types import EVENT_STREAM
from api.rate_limits import charge
from api.refusals import ClientGoneError
from api.replies import SECURITY
from api.streams import answers
from api.subscriptions import counted

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

    from api.context import Context
    from api.documents import Operation
    from api.errors import ApplicationError
    from api.requests import GraphQLRequest
    from config.asgi_types import Receive, Send

# Proxies close what is silent for a minute.
COMMENT_SECONDS = 15.0
COMMENT = b":\n\n"
COMPLETE = b"event: complete\ndata:\n\n"
HEADERS = [
    (b"content-type", f"{EVENT_STREAM}; charset=utf-8".encode()),
    (b"cache-control", b"no-cache, no-store"),
    (b"x-accel-buffering", b"no"),  # nginx passes each event on at once
    (b"vary", b"Accept"),
    *SECURITY,
]


async def serve(
    operation: Operation,
    request: GraphQLRequest,
    context: Context,
    *,
    cost: int,
    receive: Receive,
    send: Send,
) -> None:
    """Send an operation's answers one by one; raises ApplicationError before anything is sent."""
    client, headers = await threads.run(lambda: (context.client, charge(context, cost)))
    with counted(client):
        await begin(send, headers=headers)
        with contextlib.suppress(ClientGoneError), CancelledWhenGone(receive, after_seconds=0):
            async for part in with_comments(parts(operation, request, context)):
                await send({"type": "http.response.body", "body": part, "more_body": True})
        await send({"type": "http.response.body", "body": b""})


async def serve_refusal(refusal: ApplicationError, *, send: Send) -> None:
    """Tell what is wrong with a document in a stream too: a browser's EventSource shows nothing of a response of 4xx."""
    await begin(send)
    body = next_event(encode({"errors": refusal.formatted})) + COMPLETE
    await send({"type": "http.response.body", "body": body})


async def begin(send: Send, *, headers: Iterable[tuple[bytes, bytes]] = ()) -> None:
    """Send the response's head, and a comment so that the client knows at once that it is connected."""
    await send({"type": "http.response.start", "status": 200, "headers": [*HEADERS, *headers]})
    await send({"type": "http.response.body", "body": COMMENT, "more_body": True})


async def parts(operation: Operation, request: GraphQLRequest, context: Context) -> AsyncIterator[bytes]:
    """Yield the events of a stream."""
    async for answer in answers(operation, request, context):
        yield next_event(answer.body)
    yield COMPLETE


def next_event(body: bytes) -> bytes:
    """Return an answer as an event. JSON has no line breaks in it."""
    return b"event: next\ndata: " + body + b"\n\n"


async def with_comments(events: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Yield the events, and a comment wherever none came for a while."""
    following = asyncio.ensure_future(anext(events))
    try:
        while True:
            await asyncio.wait({following}, timeout=COMMENT_SECONDS)
            if not following.done():
                yield COMMENT
                continue
            try:
                yield following.result()
            except StopAsyncIteration:
                return
            following = asyncio.ensure_future(anext(events))
    finally:
        following.cancel()
        with contextlib.suppress(asyncio.CancelledError, StopAsyncIteration):
            await following
