"""Answers that caches may keep: whether one is such, and how it is sent, or that the client has it already."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from api.etags import etag_of, has_already
from api.execution import OK
from api.persisted import is_by_hash
from api.replies import send_answer, send_not_modified

if TYPE_CHECKING:
    from api.documents import Operation
    from api.execution import Answer
    from api.replies import Headers
    from api.requests import GraphQLRequest
    from config.asgi_types import Scope, Send

VARY = b"Accept, Accept-Encoding, Authorization, Cookie"


def is_to_be_kept(scope: Scope, operation: Operation, request: GraphQLRequest, found: Answer, headers: Headers) -> bool:
    """Tell whether caches may keep an answer, as its fields say: to a query that is known by its hash, by GET, without any error."""
    is_plain = found.status == OK and all(name != b"set-cookie" for name, _ in headers)
    return scope["method"] == "GET" and is_plain and bool(operation.caching.max_age_seconds) and is_by_hash(request)


async def send_kept(
    scope: Scope, send: Send, found: Answer, *, headers: Headers, media_type: str, compressed: bytes | None = None
) -> None:
    """Send an answer with its ETag, or 304 to who has it. The client's standing is left out: others may be shown the answer."""
    etag = etag_of(found.body, media_type=media_type)
    kept = [*(each for each in headers if not each[0].startswith(b"ratelimit")), (b"etag", etag)]
    if has_already(scope, etag):
        await send_not_modified(send, headers=kept, vary=VARY)
        return
    if compressed is not None:
        found = replace(found, body=compressed)
        kept.append((b"content-encoding", b"gzip"))
    await send_answer(send, found, media_type=media_type, headers=kept, vary=VARY)
