"""Django's session middleware, for the minutes in which the database is away."""

import logging

from django.contrib.sessions.middleware import SessionMiddleware as DjangoSessionMiddleware
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse

logger = logging.getLogger("slipway.graphql")

MESSAGE = "The service is not available right now. Try again in a moment."


class SessionMiddleware(DjangoSessionMiddleware):
    """Leaves a response alone that was made without the session, where Django would look into it again and fail with a 500.

    A session that was changed and can't be saved is another matter: nobody may be told to be signed in who is not.
    """

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        """Save the session and set its cookie."""
        try:
            return super().process_response(request, response)
        except (OperationalError, InterfaceError) as error:
            if not request.session.modified:
                return response
            logger.error("cannot save a session", extra={"error": str(error)[:500]})  # noqa: TRY400 - no bug of ours
            body = {"errors": [{"message": MESSAGE, "extensions": {"code": "SERVICE_UNAVAILABLE"}}]}
            return JsonResponse(body, status=503)
