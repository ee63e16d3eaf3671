"""`/graphql` over HTTP: one operation a request, and GraphiQL for a browser that opens the address."""

import errno
from typing import Any

from django.conf import settings
from django.contrib import auth
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotAllowed, JsonResponse
from django.middleware.csrf import CsrfViewMiddleware
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt, ensure_csrf_cookie
from graphql import GraphQLError
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types import ExecutionResult
from strawberry.types.graphql import OperationType

from api import errors
from api.context import Context
from api.requests import BodyTooLargeError, Operation, UnsupportedMediaTypeError, read_operation
from api.schema import schema
from apps.accounts.bearer import token_in, viewer_of
from apps.accounts.models import User

PREFLIGHT_HEADER = "GraphQL-Require-Preflight"
STATUS_OF_REFUSAL: dict[type[errors.ApplicationError], int] = {UnsupportedMediaTypeError: 415, BodyTooLargeError: 413}


class CsrfFailedError(errors.ApplicationError):
    """A request with a session cookie does not prove that it comes from a page of ours."""

    code = "CSRF_FAILED"


@csrf_exempt  # checked below, for requests that a browser could be tricked into
def graphql(request: HttpRequest) -> HttpResponseBase:
    """Answer an operation, or show GraphiQL."""
    if request.method not in ("GET", "POST"):
        return HttpResponseNotAllowed(["GET", "POST"])
    if is_for_a_browser(request):
        return graphiql(request)
    try:
        refuse_forgery(request)
        operation = read_operation(request)
    except errors.ApplicationError as error:
        return refusal(error, status=STATUS_OF_REFUSAL.get(type(error), 403 if error.code == "CSRF_FAILED" else 400))
    except OSError as error:
        return no_space(error)
    return execute(request, operation)


def is_for_a_browser(request: HttpRequest) -> bool:
    """Tell whether somebody typed the address into a browser."""
    is_asking_for_a_page = request.method == "GET" and "text/html" in request.headers.get("Accept", "")
    return settings.GRAPHIQL and is_asking_for_a_page and "query" not in request.GET


@ensure_csrf_cookie
def graphiql(request: HttpRequest) -> HttpResponse:
    """Show GraphiQL, whose assets are ours."""
    return render(request, "api/graphiql.html")


def refuse_forgery(request: HttpRequest) -> None:
    """Raise CsrfFailedError for what another site's page could have sent with the visitor's cookies.

    A bearer token is never sent by a browser of itself, so such a request needs no proof. Where there is a session cookie,
    Django's own check decides. Without one, JSON can't be sent across sites without a preflight, but a form can.
    """
    if request.method == "GET" or token_in(request.headers.get("Authorization")) is not None:
        return
    if settings.SESSION_COOKIE_NAME in request.COOKIES:
        check = CsrfViewMiddleware(lambda _: HttpResponse())
        check.process_request(request)
        if check.process_view(request, csrf_checked, (), {}) is not None:
            raise CsrfFailedError("Send the cookie csrftoken's value as the header X-CSRFToken.")
    elif request.content_type == "multipart/form-data" and PREFLIGHT_HEADER not in request.headers:
        raise CsrfFailedError(f"A multipart request without a session needs the header {PREFLIGHT_HEADER}: 1.")


def csrf_checked() -> HttpResponse:
    """Stand for a view that is not exempt, which is all that Django's check looks at."""
    return HttpResponse()


def execute(request: HttpRequest, operation: Operation) -> HttpResponse:
    """Run the operation and return its response."""
    context = Context(
        find_viewer=lambda: viewer_of(request.headers.get("Authorization"), lambda: session_user(request)),
        address=request.META.get("REMOTE_ADDR", ""),
        request=request,
    )
    note_operation(request, operation)
    allowed = (OperationType.QUERY,) if request.method == "GET" else (OperationType.QUERY, OperationType.MUTATION)
    try:
        result = schema.execute_sync(
            operation.query,
            variable_values=operation.variables,
            context_value=context,
            operation_name=operation.operation_name,
            allowed_operation_types=allowed,
        )
    except InvalidOperationTypeError:
        return refusal(
            errors.BadUserInputError("Mutations are sent by POST, subscriptions over a WebSocket."),
            status=405,
        )
    except CannotGetOperationTypeError:
        return refusal(errors.BadUserInputError("The document has no such operation."), status=400)
    note_viewer(request, context)
    return JsonResponse(body_of(result))


def session_user(request: HttpRequest) -> User | AnonymousUser:
    """Return whose session it is. Not `request.user`: that one would be looked up whenever somebody touches it."""
    user: User | AnonymousUser = auth.get_user(request)
    return user


def body_of(result: ExecutionResult) -> dict[str, Any]:
    """Return the response's object: errors first, where there are any."""
    body: dict[str, Any] = {"errors": [error.formatted for error in result.errors]} if result.errors else {}
    return {**body, "data": result.data}


def refusal(error: errors.ApplicationError, *, status: int) -> JsonResponse:
    """Return the response to a request that no operation could be read from, or run."""
    return JsonResponse({"errors": [{"message": error.message, "extensions": error.extensions}]}, status=status)


def no_space(error: OSError) -> JsonResponse:
    """Return the response where an upload could not be kept; anything but a full disk is a bug and is raised."""
    if error.errno not in (errno.ENOSPC, errno.EDQUOT):
        raise error
    presented = GraphQLError("", original_error=error)
    errors.present(presented)
    return JsonResponse({"errors": [presented.formatted]}, status=507)


def note_operation(request: HttpRequest, operation: Operation) -> None:
    """Tell the request log what is run: the name the client gave it, never its variables."""
    request_log(request)["operation"] = operation.operation_name or first_name(operation.query)


def first_name(query: str) -> str | None:
    """Return the name of a document's first operation where it stands in the usual place."""
    words = query.split(None, 2)
    if len(words) > 1 and words[0] in ("query", "mutation"):
        name = words[1].split("(")[0].split("{")[0]
        return name[:100] or None
    return None


def note_viewer(request: HttpRequest, context: Context) -> None:
    """Tell the request log who asked, where anybody wanted to know."""
    viewer = context.known_viewer
    if viewer is not None and viewer.is_authenticated:
        request_log(request)["user_id"] = str(viewer.pk)


def request_log(request: HttpRequest) -> dict[str, Any]:
    """Return the request log's fields of this request."""
    scope: dict[str, Any] = getattr(request, "scope", {})
    fields: dict[str, Any] = scope.setdefault("request_log", {})
    return fields
