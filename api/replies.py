"""Sends an answer over HTTP: status, headers, body."""

from __future__ import annotations

from typing import TYPE_CHECKING

from api.media_types import JSON, RESPONSE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from api.execution import Answer
    from config.asgi_types import Send

Headers = list[tuple[bytes, bytes]]

# What a browser should make of JSON that somebody opens in a tab: nothing.
SECURITY: Headers = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"x-frame-options", b"DENY"),
    (b"content-security-policy", b"default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"),
]
PARTIAL, OK, NOT_MODIFIED, FIRST_ERROR = 294, 200, 304, 400


async def send_answer(
    send: Send,
    answer: Answer,
    *,
    media_type: str,
    headers: Iterable[tuple[bytes, bytes]] = (),
    vary: bytes = b"Accept",
) -> None:
    """Send an answer in the type that was negotiated.

    A client that knows `application/json` alone gets no 294, which it can't know, and its errors under the type that says that
    they are GraphQL's: https://http-spec.graphql.org/September2026/#sec-Body
    """
    status = answer.status
    if media_type == JSON:
        status = OK if status == PARTIAL else status
        media_type = RESPONSE if status >= FIRST_ERROR else JSON
    fixed = [
        (b"content-type", f"{media_type}; charset=utf-8".encode()),
        (b"content-length", str(len(answer.body)).encode()),
        (b"vary", vary),
    ]
    await send({"type": "http.response.start", "status": status, "headers": [*fixed, *SECURITY, *headers]})
    await send({"type": "http.response.body", "body": answer.body})


async def send_not_modified(send: Send, *, headers: Headers, vary: bytes) -> None:
    """Tell a client that it has the answer already, with the headers that its copy gets anew."""
    await send({"type": "http.response.start", "status": NOT_MODIFIED, "headers": [(b"vary", vary), *headers]})
    await send({"type": "http.response.body", "body": b""})
