"""Who is asking, and through what: the `info.context` of every resolver."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING

import strawberry

from api.errors import ForbiddenError, UnauthenticatedError
from api.rate_limits import take_attempt
from config.client_address import network_of

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser
    from django.http import HttpRequest

    from api.credentials import Credentials
    from apps.accounts.models import User


# A stream is open for hours: who is asking is looked up again after this.
VIEWER_SECONDS = 5.0


class Context:
    """What surrounds an operation. `address` is the client's; `can_set_cookies` is false where no response headers follow."""

    def __init__(self, *, credentials: Credentials, address: str, can_set_cookies: bool = False) -> None:
        self.credentials = credentials
        self.address = address
        self.can_set_cookies = can_set_cookies
        self._viewer: User | AnonymousUser | None = None
        self._viewer_until = 0.0
        self.needs_primary = False  # whether what is read must not be a moment old, whoever asks (api/freshness.py)
        self.is_to_be_known = False  # whether who asks is to be known again (api/viewers.py)

    @property
    def viewer(self) -> User | AnonymousUser:
        """Who is asking. Looked up when a resolver first wants to know, so `{ __typename }` costs no query."""
        if self._viewer is None or time.monotonic() > self._viewer_until:
            if not self.can_set_cookies:
                self.credentials.renew()
            self._viewer = self.credentials.find_viewer()
            self._viewer_until = float("inf") if self.can_set_cookies else time.monotonic() + VIEWER_SECONDS
        return self._viewer

    @property
    def known_viewer(self) -> User | AnonymousUser | None:
        """Who is asking, where a resolver wanted to know; costs nothing."""
        return self._viewer

    def assume(self, viewer: User) -> None:
        """Take somebody for who asks, who was found by other means."""
        self._viewer, self._viewer_until = viewer, float("inf")

    def forget_viewer(self) -> None:
        """Look up again who is asking: after signing in or out, and before each event of a subscription."""
        self._viewer = None

    @property
    def client(self) -> str:
        """Whom limits are kept for: the viewer, or the network that somebody without a name comes from."""
        if not self.credentials.is_anonymous:
            with suppress(UnauthenticatedError):
                if self.viewer.is_authenticated:
                    return f"user:{self.viewer.pk}"
        return f"address:{network_of(self.address)}"

    @property
    def holder(self) -> str:
        """What was sent to say who asks, or the network it came from: tells clients apart without looking anybody up."""
        return self.credentials.digest or network_of(self.address)

    def count_attempt(self) -> None:
        """Count an attempt at a password, an account or a mail; raises RateLimitedError, ServiceUnavailableError."""
        take_attempt(network_of(self.address))

    @property
    def user(self) -> User:
        """Who is asking; raises UnauthenticatedError where that is nobody."""
        if not self.viewer.is_authenticated:
            raise UnauthenticatedError
        return self.viewer

    @property
    def session_request(self) -> HttpRequest:
        """The request with its session, for what sets cookies; raises ForbiddenError in a stream, where it is too late for them."""
        if not self.can_set_cookies:
            raise ForbiddenError("Signing in and out sets a cookie: send this mutation over HTTP, not as a stream.")
        return self.credentials.request


Info = strawberry.Info[Context, None]
