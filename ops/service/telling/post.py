"""The one place that speaks HTTP to a host outside: a POST, with a time limit. Errors name no address: there are secrets in it."""

import http.client
import urllib.error
import urllib.request

from ops.service.telling.courier import UntoldError

LIMIT_SECONDS = 10
READ_BYTES = 1024


def post(url: str, body: bytes, *, kind: str) -> None:
    """Send it; raises UntoldError where nobody took it."""
    headers = {"Content-Type": kind, "User-Agent": "slipway"}
    request = urllib.request.Request(url, data=body, headers=headers, method="POST")  # noqa: S310 - settings have checked its scheme
    try:
        with urllib.request.urlopen(request, timeout=LIMIT_SECONDS) as answer:  # noqa: S310 - as above
            answer.read(READ_BYTES)
    except urllib.error.HTTPError as error:
        with error:
            raise UntoldError(f"the answer was {error.code} {error.reason}") from None
    except urllib.error.URLError as error:
        raise UntoldError(str(error.reason)) from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise UntoldError(type(error).__name__) from None
