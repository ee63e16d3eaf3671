"""Notes that somebody wrote through Django's own pages, such as the admin, so that his queries are not answered from before that."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.utils.deprecation import MiddlewareMixin

from api.freshness import client_of, note_write

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

READING = frozenset({"GET", "HEAD", "OPTIONS"})


class NotingWritesMiddleware(MiddlewareMixin):
    """Does so after each request that may have written something, where there are replicas."""

    def __init__(self, get_response: Any) -> None:
        if not settings.DATABASE_REPLICAS:
            raise MiddlewareNotUsed
        super().__init__(get_response)

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        """Note it."""
        if request.method not in READING and (client := client_of(getattr(request, "user", None))):
            note_write({client})
        return response
