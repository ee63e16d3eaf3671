"""System checks: what no variable's type can say, because it depends on Django, on the disk, or on what is reasonable.

`manage.py check --deploy` runs them all. Each has an id, and a hint that says what to do.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register  # noqa: A004 - Django's name

from config.media.folder import FolderStorage
from config.media.place import has_bucket_alone

CONSOLE_MAIL = "django.core.mail.backends.console.EmailBackend"


def is_writable(path: Path) -> bool:
    """Tell whether files can be made in a folder, or the folder itself can be made."""
    while not os.path.exists(path):  # noqa: PTH110 - Path.exists() raises where a folder above may not be looked into
        path = path.parent
    return path.is_dir() and os.access(path, os.W_OK | os.X_OK, effective_ids=True)


@register(Tags.files)
def media_root_is_writable(app_configs: Sequence[Any] | None, **_: object) -> list[CheckMessage]:  # noqa: ARG001 - Django's signature
    """Uploads need somewhere to go."""
    if has_bucket_alone() or is_writable(Path(settings.MEDIA_ROOT)):
        return []
    hint = f"Give the application's user the folder: chown {os.getuid()} {settings.MEDIA_ROOT} - or set MEDIA_ROOT to another."
    return [Error(f"Cannot write to MEDIA_ROOT, {settings.MEDIA_ROOT}.", hint=hint, id="slipway.E001")]


@register(Tags.files)
def upload_fits_into_a_request(app_configs: Sequence[Any] | None, **_: object) -> list[CheckMessage]:  # noqa: ARG001 - see above
    """A file that is allowed has to fit into a request that is allowed."""
    if settings.MEDIA_MAX_BYTES < settings.REQUEST_MAX_BYTES:
        return []
    message = f"MEDIA_MAX_BYTES ({settings.MEDIA_MAX_BYTES}) leaves no room in REQUEST_MAX_BYTES ({settings.REQUEST_MAX_BYTES})."
    return [Error(message, hint="Raise REQUEST_MAX_BYTES above MEDIA_MAX_BYTES.", id="slipway.E002")]


@register(Tags.files)
def no_media_are_left_behind(app_configs: Sequence[Any] | None, **_: object) -> list[CheckMessage]:  # noqa: ARG001 - see above
    """Where media are in a bucket alone, those in the folder are not found, and not deleted with their rows."""
    left = next(FolderStorage().files(), None) if has_bucket_alone() else None
    if left is None:
        return []
    hint = "Have them moved: MEDIA_STORAGE_MOVE=to-folder, then to-bucket, then manage.py move_media. See docs/media-on-s3.md."
    message = f"MEDIA_STORAGE_URL names a bucket, and there are media in {settings.MEDIA_ROOT}: {left[0]}."
    return [Error(message, hint=hint, id="slipway.E003")]


@register(Tags.security, deploy=True)
def links_in_mail_are_https(app_configs: Sequence[Any] | None, **_: object) -> list[CheckMessage]:  # noqa: ARG001 - see above
    """A link that resets a password should not travel in the clear."""
    if settings.SITE_URL.startswith("https://"):
        return []
    hint = "Set SITE_URL to the https:// address of the site."
    return [Warning(f"Links in mail begin with {settings.SITE_URL}, without TLS.", hint=hint, id="slipway.W001")]


@register(Tags.security, deploy=True)
def mail_reaches_somebody(app_configs: Sequence[Any] | None, **_: object) -> list[CheckMessage]:  # noqa: ARG001 - see above
    """Without a mail server nobody can reset a password."""
    if settings.EMAIL_BACKEND != CONSOLE_MAIL:
        return []
    hint = "Set EMAIL_URL, or EMAIL_HOST and its companions."
    return [Warning("Mail is written to the log and reaches nobody.", hint=hint, id="slipway.W002")]


@register(Tags.security, deploy=True)
def logs_are_for_machines(app_configs: Sequence[Any] | None, **_: object) -> list[CheckMessage]:  # noqa: ARG001 - see above
    """Log lines for people can't be searched by field."""
    if settings.LOG_FORMAT == "json":
        return []
    return [Warning("Logs are written for a terminal.", hint="Set LOG_FORMAT=json.", id="slipway.W003")]
