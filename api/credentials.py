"""What a request brings to say who sends it, as Django's sessions and its protection against forgery want to see it."""

from __future__ import annotations

import hashlib
from functools import cached_property
from io import BytesIO
from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib import auth
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.db import SessionStore
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, HttpResponse, QueryDict
from django.middleware.csrf import CsrfViewMiddleware
from django.utils.functional import SimpleLazyObject

from api.errors import ServiceUnavailableError
from apps.accounts.bearer import token_in, viewer_of
from config.asgi_types import header
from config.postgresql.replicas import at_the_primary
from config.sessions import SessionMiddleware

if TYPE_CHECKING:
    from apps.accounts.models import User
    from config.asgi_types import Scope


class Credentials:
    """The Authorization header, or what stands in for it in a WebSocket's greeting, and the session's cookie."""

    def __init__(self, scope: Scope, *, authorization: str | None = None) -> None:
        self._scope = scope
        self.authorization = authorization or header(scope, b"authorization")
        # Not parsed yet: only whether the name stands there at all, which is cheap and errs to the safe side.
        self.has_session = f"{settings.SESSION_COOKIE_NAME}=" in self.cookies

    @cached_property
    def has_token(self) -> bool:
        """Whether there is a bearer token. A browser never sends one of itself."""
        return token_in(self.authorization) is not None

    @cached_property
    def is_anonymous(self) -> bool:
        """Whether there is nothing to look up."""
        return not self.has_session and not self.has_token

    @property
    def cookies(self) -> str:
        """The header with the cookies, as it was sent."""
        return header(self._scope, b"cookie") or ""

    def sent_alone(self) -> Credentials:
        """Return what was sent, without anything that was looked up by it."""
        return Credentials(self._scope, authorization=self.authorization)

    @cached_property
    def digest(self) -> str:
        """A hash of what was sent, empty where there is nothing to look up."""
        if self.is_anonymous:
            return ""
        sent = f"{self.authorization}\n{self.cookies}"
        return hashlib.blake2b(sent.encode(errors="surrogatepass"), digest_size=16).hexdigest()

    @cached_property
    def request(self) -> HttpRequest:
        """The request as Django knows it, with its session and without its body, made when somebody asks for it."""
        # A WebSocket's scope has no method; its handshake is a GET.
        request = ASGIRequest({"method": "GET", **self._scope}, BytesIO())
        request.POST = QueryDict()  # or Django's check would look for its token in the body
        request.session = SessionStore(request.COOKIES.get(settings.SESSION_COOKIE_NAME))
        request.user = SimpleLazyObject(self._session_user)  # type: ignore[assignment]  # as Django's middleware has it
        return request

    def renew(self) -> None:
        """Look at the session anew when it is next asked for: it may have ended since."""
        self.__dict__.pop("request", None)

    def find_viewer(self) -> User | AnonymousUser:
        """Return who is asking, as of now; raises UnauthenticatedError for a token that does not work."""
        if self.is_anonymous and "request" not in self.__dict__:
            return AnonymousUser()
        return at_the_primary(lambda: viewer_of(self.authorization, self._session_user))

    def _session_user(self) -> User | AnonymousUser:
        user: User | AnonymousUser = at_the_primary(lambda: auth.get_user(self.request))
        return user

    def is_forged(self) -> bool:
        """Tell whether a request with a session lacks the proof that a page of ours sent it."""
        check = CsrfViewMiddleware(unreachable)
        check.process_request(self.request)
        return check.process_view(self.request, unreachable, (), {}) is not None

    def cookies_to_set(self) -> list[bytes]:
        """Save the session, where somebody changed it, and return the values of Set-Cookie; raises ServiceUnavailableError."""
        if "request" not in self.__dict__:
            return []
        response = SessionMiddleware(unreachable).process_response(self.request, HttpResponse())
        if response.status_code == 503:  # noqa: PLR2004 - it could not be saved
            raise ServiceUnavailableError
        CsrfViewMiddleware(unreachable).process_response(self.request, response)
        return [cookie.OutputString().encode() for cookie in response.cookies.values()]


class AssumedViewer(Credentials):
    """Somebody in this process who needs no credentials, such as the check of what was restored."""

    def __init__(self, viewer: User | AnonymousUser) -> None:
        super().__init__({"headers": []})
        self._viewer = viewer

    def find_viewer(self) -> User | AnonymousUser:
        """Return who is asking."""
        return self._viewer


def unreachable(_request: HttpRequest) -> HttpResponse:
    """Stand for the view behind Django's middleware, which is used here for its two hooks and never called."""
    raise NotImplementedError
