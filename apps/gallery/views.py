"""The demo page, and the files that only some may have."""

from django.conf import settings
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_safe

from apps.accounts.bearer import viewer_of
from apps.gallery import files, selectors


@require_safe
@ensure_csrf_cookie
def wall(request: HttpRequest) -> HttpResponse:
    """Show the wall of pictures."""
    return render(request, "gallery/wall.html", {"has_graphiql": settings.GRAPHIQL})


@require_safe
def media(request: HttpRequest, name: str) -> HttpResponseBase:
    """Hand out a stored file: a public one to anybody who has its name, a private one to whom its photo is shown."""
    if not files.is_plain(name):
        raise Http404
    if name.startswith(files.PUBLIC + "/"):
        return stored_file(name, cache_control="public, max-age=31536000, immutable")
    viewer = viewer_of(request.headers.get("Authorization"), lambda: request.user)
    if selectors.photo_owning_file(viewer, name) is None:
        raise Http404
    return stored_file(name, cache_control="private, no-cache")


def stored_file(name: str, *, cache_control: str) -> HttpResponseBase:
    """Return the file itself. Raises Http404 where there is none, also for a name that leaves the folder."""
    try:
        response = FileResponse(files.opened(name))
    except (OSError, ValueError) as error:
        raise Http404 from error
    response["Cache-Control"] = cache_control
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["X-Content-Type-Options"] = "nosniff"
    return response
