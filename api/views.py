"""GraphiQL's page. Everything else at `/graphql` is answered by api.asgi."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_safe


@require_safe
@ensure_csrf_cookie
def graphiql(request: HttpRequest) -> HttpResponse:
    """Show GraphiQL, whose assets are ours."""
    return render(request, "api/graphiql.html")
