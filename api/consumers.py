"""`/graphql` over a WebSocket: graphql-transport-ws, for subscriptions."""

from types import SimpleNamespace
from typing import Any

from django.conf import settings
from django.contrib import auth
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.db import SessionStore
from strawberry.channels import GraphQLWSConsumer
from strawberry.subscriptions import GRAPHQL_TRANSPORT_WS_PROTOCOL

from api.context import Context
from api.schema import schema
from apps.accounts.bearer import viewer_of
from apps.accounts.models import User


class GraphQLConsumer(GraphQLWSConsumer[Context, None]):
    """A connection: signed in by the session cookie, or by `Authorization` in the connection's parameters or headers."""

    context: Context

    async def get_context(self, request: Any, response: Any) -> Context:  # noqa: ARG002 - strawberry's signature
        """Return what surrounds the operations on this connection."""
        address = (self.scope.get("client") or ("",))[0]
        self.context = Context(find_viewer=self.find_viewer, address=address, consumer=self)
        return self.context

    def find_viewer(self) -> User | AnonymousUser:
        """Return who is asking, as of now: a session or token may have ended while the connection was open."""
        return viewer_of(self.authorization(), self.session_user)

    def session_user(self) -> User | AnonymousUser:
        """Return whose session cookie the handshake brought."""
        key = self.scope.get("cookies", {}).get(settings.SESSION_COOKIE_NAME)
        request: Any = SimpleNamespace(session=SessionStore(key))
        user: User | AnonymousUser = auth.get_user(request)
        return user

    def authorization(self) -> str | None:
        """Return the Authorization value, from where browsers and where programs can put it."""
        parameters = self.context.connection_params
        if isinstance(parameters, dict):
            for name in ("Authorization", "authorization"):
                if isinstance(parameters.get(name), str):
                    return str(parameters[name])
        header: bytes | None = dict(self.scope["headers"]).get(b"authorization")
        return header.decode("latin-1") if header else None


application = GraphQLConsumer.as_asgi(
    schema=schema,
    subscription_protocols=(GRAPHQL_TRANSPORT_WS_PROTOCOL,),
    allowed_origins=settings.CSRF_TRUSTED_ORIGINS,
)
