"""How many streams each client has open in this process."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings

from api.errors import ApplicationError
from config.measuring import numbers

_open: Counter[str] = Counter()


class TooManySubscriptionsError(ApplicationError):
    """The client has as many streams open as it may."""

    code = "TOO_MANY_SUBSCRIPTIONS"
    status = 429


@contextmanager
def counted(client: str) -> Iterator[None]:
    """Count a stream while it is open; raises TooManySubscriptionsError for one too many."""
    allowed = settings.GRAPHQL_MAX_SUBSCRIPTIONS
    if _open[client] >= allowed:
        raise TooManySubscriptionsError(f"A client has at most {allowed} streams open at a time.", allowed=allowed)
    _open[client] += 1
    numbers.subscriptions.inc()
    try:
        yield
    finally:
        numbers.subscriptions.dec()
        _open[client] -= 1
        if not _open[client]:
            del _open[client]
