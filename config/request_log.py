"""One log line for each request, which is counted, too; its id is the client's, nginx's and ours. Never a secret or a query string."""

import logging
import re
import secrets
import time

from django.conf import settings

from config.asgi_types import Application, Message, Receive, Scope, Send, header
from config.measuring import numbers

logger = logging.getLogger("slipway.request")

ACCEPTABLE_ID = re.compile(r"[A-Za-z0-9._-]{8,128}")
QUIET_PATHS = frozenset({"/health/live", "/health/ready", "/metrics"})  # asked every few seconds, for ever


def request_id_of(scope: Scope) -> str:
    """Return the X-Request-ID that came with the request, where it is fit for a log, else a new one."""
    given = header(scope, b"x-request-id") or ""
    return given if ACCEPTABLE_ID.fullmatch(given) else secrets.token_hex(16)


def log_requests(application: Application) -> Application:
    """Return `application` with a log line for each HTTP request and each WebSocket, written at its end."""

    async def logged(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await application(scope, receive, send)
            return
        is_socket = scope["type"] == "websocket"
        if is_socket:
            numbers.websockets.inc()
        request_id = scope["request_id"] = request_id_of(scope)
        fields = scope.setdefault("request_log", {})
        started = time.perf_counter()
        status = 500

        async def send_and_look(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message = {
                    **message,
                    "headers": [*message.get("headers", ()), (b"x-request-id", request_id.encode())],
                }
            elif message["type"] in ("websocket.accept", "websocket.close") and status == 500:  # noqa: PLR2004 - not set yet
                status = 101 if message["type"] == "websocket.accept" else 403
            await send(message)

        try:
            await application(scope, receive, send_and_look)
        finally:
            seconds = time.perf_counter() - started
            write(scope, fields=fields, status=status, milliseconds=seconds * 1000)
            if is_socket:
                numbers.websockets.dec()
            else:
                count(scope, fields=fields, status=status, seconds=seconds)

    return logged


def write(scope: Scope, *, fields: dict[str, object], status: int, milliseconds: float) -> None:
    """Write a request's line: who, what, how it ended, how long it took."""
    is_quiet = scope["path"] in QUIET_PATHS and status < 400  # noqa: PLR2004 - the first status of an error
    level = logging.DEBUG if is_quiet else logging.INFO
    if not logger.isEnabledFor(level):
        return
    extra = {
        "request_id": scope["request_id"],
        "method": scope.get("method", "WEBSOCKET"),
        "path": scope["path"],
        "operation": fields.get("operation"),
        "status": status,
        "milliseconds": round(milliseconds, 1),
        "user_id": fields.get("user_id"),
    }
    # Without the search for the line of code that logs, which is this one.
    logger.handle(logger.makeRecord(logger.name, level, __file__, 0, "request", (), None, "write", extra))


def count(scope: Scope, *, fields: dict[str, object], status: int, seconds: float) -> None:
    """Count a request, and its GraphQL operation where it is one."""
    is_stream = bool(fields.get("is_stream"))
    numbers.count_request(
        area=area_of(scope["path"]), method=scope["method"], status=status, seconds=seconds, is_stream=is_stream
    )
    if fields.get("is_operation") and not is_stream:
        operation = fields.get("operation")
        numbers.count_operation(None if operation is None else str(operation), seconds=seconds)


def area_of(path: str) -> str:
    """Return the part of the site that a request was for: four, whatever paths there are."""
    if path == "/graphql":
        return "graphql"
    if path in QUIET_PATHS:
        return "probes"
    return "media" if path.startswith(settings.MEDIA_URL) else "pages"
