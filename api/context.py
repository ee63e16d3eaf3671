"""Who is asking, and through what: the `info.context` of every resolver."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import strawberry

from api.errors import ForbiddenError, UnauthenticatedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.contrib.auth.models import AnonymousUser
    from django.http import HttpRequest
    from strawberry.channels import GraphQLWSConsumer

    from apps.accounts.models import User


# Over a WebSocket one context serves for as long as the connection is open: who is asking is looked up again after this.
VIEWER_SECONDS = 5.0


class Context:
    """What surrounds an operation. `request` is there over HTTP, `consumer` and `connection_params` over a WebSocket.

    A request has a context of its own; the operations of one WebSocket share theirs.
    """

    def __init__(
        self,
        *,
        find_viewer: Callable[[], User | AnonymousUser],
        address: str,
        request: HttpRequest | None = None,
        consumer: GraphQLWSConsumer[Any, Any] | None = None,
    ) -> None:
        self._find_viewer = find_viewer
        self._viewer: User | AnonymousUser | None = None
        self._viewer_until = 0.0
        self.address = address
        self.request = request
        self.consumer = consumer
        self.connection_params: Any = None

    @property
    def viewer(self) -> User | AnonymousUser:
        """Who is asking. Looked up when a resolver first wants to know, so `{ __typename }` costs no query."""
        if self._viewer is None or time.monotonic() > self._viewer_until:
            self._viewer = self._find_viewer()
            self._viewer_until = time.monotonic() + VIEWER_SECONDS if self.consumer else float("inf")
        return self._viewer

    @property
    def known_viewer(self) -> User | AnonymousUser | None:
        """Who is asking, where a resolver wanted to know; costs nothing."""
        return self._viewer

    def forget_viewer(self) -> None:
        """Look up again who is asking: after signing in or out, and before each event of a subscription."""
        self._viewer = None

    @property
    def user(self) -> User:
        """Who is asking; raises UnauthenticatedError where that is nobody."""
        if not self.viewer.is_authenticated:
            raise UnauthenticatedError
        return self.viewer

    @property
    def session_request(self) -> HttpRequest:
        """The HTTP request, for what sets cookies; raises ForbiddenError over a WebSocket, which can't."""
        if self.request is None:
            raise ForbiddenError("Signing in and out sets a cookie: send this mutation over HTTP.")
        return self.request


Info = strawberry.Info[Context, None]
