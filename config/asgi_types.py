"""The shapes of ASGI 3: https://asgi.readthedocs.io/en/latest/specs/main.html"""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

BY_NAME = "slipway.headers"

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]


def header(scope: Scope, name: bytes) -> str | None:
    """Return a request header's first value; `name` is in lower case."""
    value: bytes | None = headers_by_name(scope).get(name)
    return None if value is None else value.decode("latin-1")


def headers_by_name(scope: Scope) -> dict[bytes, bytes]:
    """Return a request's headers, the first of each name; kept with the request, for a dozen of them are asked for one by one."""
    headers = scope.get("headers", ())
    made_of, by_name = scope.get(BY_NAME, (None, {}))
    if made_of is not headers:
        by_name = dict(reversed(headers))
        scope[BY_NAME] = headers, by_name
    found: dict[bytes, bytes] = by_name
    return found


async def send_json(send: Send, *, status: int, body: bytes, headers: list[tuple[bytes, bytes]] | None = None) -> None:
    """Answer a request with a JSON body."""
    fixed = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": [*fixed, *(headers or [])]})
    await send({"type": "http.response.body", "body": body})
