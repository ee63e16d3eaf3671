"""Has every nginx forget answers. It has no purge of its own: in an answer's place it is given one to keep whose time is up already.

See nginx/parts/shared_cache.conf and docs/caching.md.
"""

from __future__ import annotations

import contextlib
import http.client
import logging
import socket
import time
from typing import TYPE_CHECKING

from django.conf import settings

if TYPE_CHECKING:
    from collections.abc import Sequence

logger = logging.getLogger("slipway.shared_cache")

TIMEOUT_SECONDS = 1.0
OK, NO_CONTENT = 200, 204


def forget(keys: Sequence[str], *, seconds: float) -> list[str]:
    """Have every nginx forget the answers with these keys; return those that not all have forgotten within so many seconds."""
    deadline = time.monotonic() + seconds
    try:
        places = addresses()
    except OSError as error:
        logger.warning("cannot find nginx, to have it forget answers", extra={"error": str(error)})
        return list(keys)
    done = [forgotten_at(host, port, keys, deadline=deadline) for host, port in places]
    return list(keys[min(done, default=0) :])


def addresses() -> list[tuple[str, int]]:
    """Return where each nginx is; raises OSError."""
    host, _, port = settings.SHARED_CACHE_ADDRESS.rpartition(":")
    found = socket.getaddrinfo(host.strip("[]"), int(port), type=socket.SOCK_STREAM)
    return sorted({(str(place[0]), int(place[1])) for *_, place in found})


def forgotten_at(host: str, port: int, keys: Sequence[str], *, deadline: float) -> int:
    """Return how many of the first of the keys one nginx has forgotten."""
    done = 0
    with contextlib.closing(http.client.HTTPConnection(host, port, timeout=TIMEOUT_SECONDS)) as connection:
        try:
            for key in keys:
                if time.monotonic() > deadline or asked(connection, "/forget", key) != OK:
                    break
                done += 1
            # nginx answers a moment before it has put the last one in place, and this after it.
            return done if asked(connection, "/") == NO_CONTENT else 0
        except (OSError, http.client.HTTPException) as error:
            logger.warning("cannot have nginx forget answers", extra={"nginx": host, "error": str(error)})
            return 0


def asked(connection: http.client.HTTPConnection, path: str, key: str = "") -> int:
    """Return the status of nginx's answer."""
    connection.request("GET", path, headers={"X-Shared-Cache-Key": key} if key else {})
    response = connection.getresponse()
    response.read()
    return response.status
