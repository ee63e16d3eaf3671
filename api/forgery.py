"""Refuses what another site's page, or another site's name for our address, could make a browser send."""

from functools import lru_cache
from io import BytesIO

from django.conf import settings
from django.core.handlers.asgi import ASGIRequest
from django.http.request import split_domain_port, validate_host
from django.middleware.csrf import CsrfViewMiddleware

from api.credentials import Credentials, unreachable
from api.media_types import without_parameters
from api.refusals import CsrfFailedError, UnknownHostError
from config.asgi_types import Scope, header

PREFLIGHT_HEADERS = (b"graphql-require-preflight", b"apollo-require-preflight")
HTTP_SCHEMES = {"ws": "http", "wss": "https", "https": "https"}
OUR_OWN = ("localhost", "127.0.0.1", "[::1]")


def require_known_host(scope: Scope) -> None:
    """Raise UnknownHostError for a request to a name that is not among DJANGO_ALLOWED_HOSTS."""
    if not is_our_host(header(scope, b"host") or ""):
        raise UnknownHostError("The request is for a host that this server does not answer to.")


def is_our_host(host: str) -> bool:
    """Tell whether a Host header names us."""
    return is_among(host, tuple(settings.ALLOWED_HOSTS or (OUR_OWN if settings.DEBUG else ())))


@lru_cache(maxsize=256)
def is_among(host: str, allowed: tuple[str, ...]) -> bool:
    """Tell whether a Host header's name is one of those allowed."""
    domain, _ = split_domain_port(host)
    return bool(domain) and validate_host(domain, allowed)


def require_own_page(scope: Scope, credentials: Credentials) -> None:
    """Raise CsrfFailedError for what another site's page could have sent with the visitor's cookies.

    A bearer token is never sent by a browser of itself, so such a request needs no proof. Where there is a session cookie,
    Django's own check decides. Without one, JSON can't be sent across sites without a preflight, but a form can.
    """
    if scope["method"] == "GET" or credentials.has_token:
        return
    if credentials.has_session:
        if credentials.is_forged():
            raise CsrfFailedError("Send the cookie csrftoken's value as the header X-CSRFToken.")
    elif is_form(scope) and not any(header(scope, name) for name in PREFLIGHT_HEADERS):
        raise CsrfFailedError("A multipart request without a session needs the header GraphQL-Require-Preflight: 1.")


def is_form(scope: Scope) -> bool:
    """Tell whether the body is one that a page can send anywhere."""
    return without_parameters(header(scope, b"content-type") or "")[0] == "multipart/form-data"


def is_own_origin(scope: Scope) -> bool:
    """Tell whether a WebSocket's handshake comes from a page of ours, of an origin that we trust, or from no page at all.

    Browsers send the session's cookie along with a handshake from any page, and ask no permission beforehand. What is ours is for
    Django to say, as it does for a form: CSRF_TRUSTED_ORIGINS may have `https://*.example.com`.
    """
    if header(scope, b"origin") is None:
        return True
    scheme = HTTP_SCHEMES.get(scope.get("scheme", ""), "http")
    request = ASGIRequest({**scope, "method": "GET", "scheme": scheme}, BytesIO())
    return bool(CsrfViewMiddleware(unreachable)._origin_verified(request))  # type: ignore[attr-defined]  # noqa: SLF001 - the check itself
