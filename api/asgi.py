"""The application at `/graphql`, over HTTP and WebSockets, beside Django and not through it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings

from api import http, websocket
from api.persisted import prepare_trusted
from config.asgi_types import header

if TYPE_CHECKING:
    from config.asgi_types import Application, Receive, Scope, Send

PATH = "/graphql"


def graphql_or(otherwise: Application) -> Application:
    """Return an application that answers at PATH, and leaves everything else to `otherwise`: GraphiQL's page too."""
    prepare_trusted()  # a manifest that can't be read stops the start, and not each request

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and (scope["path"] != PATH or is_for_a_browser(scope)):
            await otherwise(scope, receive, send)
        elif scope["type"] == "http":
            await http.serve(scope, receive, send)
        elif scope["type"] == "websocket" and scope["path"] == PATH:
            await websocket.serve(scope, receive, send)
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close"})
        else:
            await otherwise(scope, receive, send)

    return application


def is_for_a_browser(scope: Scope) -> bool:
    """Tell whether somebody typed the address into a browser, where GraphiQL is on."""
    if not settings.GRAPHIQL or scope["method"] != "GET" or b"query=" in scope["query_string"]:
        return False
    return "text/html" in (header(scope, b"accept") or "")
