"""Who is asking, from a request's Authorization header or else from its session."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apps.accounts import selectors

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.contrib.auth.models import AnonymousUser

    from apps.accounts.models import User


def token_in(authorization_header: str | None) -> str | None:
    """Return the header's bearer token; None where it has none, as with a proxy's Basic authentication.

    A request that has one needs no CSRF token: another site's page can't make a browser send the header.
    """
    scheme, _, token = (authorization_header or "").strip().partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def viewer_of(
    authorization_header: str | None, session_user: Callable[[], User | AnonymousUser]
) -> User | AnonymousUser:
    """Return the token's user, or without a token the session's; raises for a token that does not work."""
    token = token_in(authorization_header)
    return session_user() if token is None else selectors.user_by_token(token)
