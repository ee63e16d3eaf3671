"""The demo page, and the files that only some may have."""

import logging
import mimetypes
from pathlib import PurePosixPath
from urllib.parse import quote

from django.conf import settings
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.http import content_disposition_header
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_safe

from apps.accounts.bearer import viewer_of
from apps.gallery import files, selectors
from config.media.place import MediaAwayError

logger = logging.getLogger("slipway.gallery")

BUCKET_LOCATION = "/-/bucket"  # nginx/templates/bucket.inc.template


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
        return file_response(request, name, cache_control="public, max-age=31536000, immutable")
    viewer = viewer_of(request.headers.get("Authorization"), lambda: request.user)
    if selectors.photo_owning_file(viewer, name) is None:
        raise Http404
    return file_response(request, name, cache_control="private, no-cache")


def file_response(request: HttpRequest, name: str, *, cache_control: str) -> HttpResponseBase:
    """Return the response that hands out a file. Raises Http404 where there is none, also for a name that leaves the folder."""
    try:
        is_behind_nginx = bool(settings.MEDIA_ACCEL_LOCATION)
        response = fetched_by_nginx(request, name) if is_behind_nginx else FileResponse(files.opened(name))
    except MediaAwayError as error:
        return media_are_away(error)
    except (OSError, ValueError) as error:
        raise Http404 from error
    response["Cache-Control"] = cache_control
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["X-Content-Type-Options"] = "nosniff"
    return response


def fetched_by_nginx(request: HttpRequest, name: str) -> HttpResponseBase:
    """Return a response without a body, in which nginx reads where the file is. Raises OSError where there is none.

    Of a file in a bucket nginx is told the signed request, in a header that it keeps to itself.
    """
    signed = files.signed(name, method=str(request.method))
    response = HttpResponse(content_type=mimetypes.guess_type(name)[0] or "application/octet-stream")
    response["Content-Disposition"] = content_disposition_header(False, PurePosixPath(name).name) or "inline"  # noqa: FBT003 - as FileResponse does
    if signed:
        response["X-Accel-Redirect"], response["X-Bucket-Request"] = BUCKET_LOCATION, signed
    else:
        response["X-Accel-Redirect"] = f"/{settings.MEDIA_ACCEL_LOCATION.strip('/')}/{quote(name)}"
    return response


def media_are_away(error: MediaAwayError) -> HttpResponse:
    """Say that the file cannot be had right now, which is no reason to think that it is gone."""
    logger.error("a dependency is away", extra={"error": str(error)[:500]})
    headers = {"Retry-After": "5", "Cache-Control": "no-store"}
    words = "The file cannot be had right now. Try again in a moment.\n"
    return HttpResponse(words, status=503, content_type="text/plain; charset=utf-8", headers=headers)
