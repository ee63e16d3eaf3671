"""Watches the certificate that nginx shows, where certbot does not: nobody else tells that a pair of one's own was not renewed.

The application has looked at it: nginx is on no network of this service. Where nobody can tell, nothing is told.
"""

import datetime
import http.client
import re
import urllib.request
from collections.abc import Sequence

from ops.certificates import expiry
from ops.service.problem import Problem

# As observability/prometheus.yml names them: development's web server, and the colours, of which one runs.
APPLICATION = tuple(f"http://{name}:8000/metrics" for name in ("web_blue", "web_green", "web"))
METRIC = re.compile(r"^slipway_certificate_expiry_timestamp_seconds ([0-9.e+]+)$", re.MULTILINE)
EVERY_SECONDS = 3600.0
LIMIT_SECONDS = 10
HINTS = {
    "files": "Put the new pair in place, then: docker compose exec -T nginx nginx -s reload",
    "selfsigned": "nginx makes a new one when it starts: docker compose restart nginx",
}


def problems(mode: str, *, now: datetime.datetime) -> list[Problem] | None:
    """Return what is wrong with it; None where nobody can tell, or where certbot watches. `mode` is what TLS_MODE says."""
    until = ends(APPLICATION) if mode in HINTS else None
    if until is None:
        return None
    found = expiry.problem(until, now=now, hint=HINTS[mode])
    return [found] if found else []


def ends(addresses: Sequence[str]) -> datetime.datetime | None:
    """Return when the certificate ends that nginx shows, by the first that says so; None where none does."""
    for address in addresses:
        if found := METRIC.search(fetched(address)):
            return datetime.datetime.fromtimestamp(float(found[1]), tz=datetime.UTC)
    return None


def fetched(address: str) -> str:
    """Return a page's text, empty where nobody answers."""
    try:
        with urllib.request.urlopen(address, timeout=LIMIT_SECONDS) as answer:  # noqa: S310 - an address of ours
            text: str = answer.read().decode()
            return text
    except (OSError, http.client.HTTPException, UnicodeDecodeError):
        return ""
