"""When the certificate that nginx serves ends: asked of nginx itself, since a file may be newer than what is served."""

import datetime
import time
from urllib.parse import urlsplit

from django.conf import settings

from config import served_certificate

TIMEOUT_SECONDS = 2.0
KEEP_SECONDS = 60.0

_found: tuple[float, datetime.datetime | None] | None = None


def expiry() -> datetime.datetime | None:
    """Return when it ends, None without TLS or where nobody answers. Looked up once a minute."""
    global _found  # noqa: PLW0603 - one for each process; who looks at the same time looks twice
    if not (settings.USE_TLS and settings.CERTIFICATE_ADDRESS):
        return None
    now = time.monotonic()
    if _found is None or now - _found[0] > KEEP_SECONDS:
        name = urlsplit(settings.SITE_URL).hostname or ""
        _found = (now, look(settings.CERTIFICATE_ADDRESS, server_name=name))
    return _found[1]


def look(address: str, *, server_name: str) -> datetime.datetime | None:
    """Return when the certificate for a name at an address (host:port) ends, also of one that nobody would believe."""
    host, _, port = address.rpartition(":")
    try:
        return served_certificate.look(name=server_name, address=(host, int(port)), seconds=TIMEOUT_SECONDS).until
    except (OSError, ValueError):
        return None
