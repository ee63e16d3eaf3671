"""How much each client may ask for in a minute, by cost, and how often it may try to sign in, register or reset a password.

Where Redis is away, reads go on uncounted: an outage of it is no reason for one of ours. Attempts are refused: uncounted, they
would be an invitation.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from typing import TYPE_CHECKING

from django.conf import settings

from api import gcra, tokens
from api.errors import ApplicationError, ServiceUnavailableError
from api.gcra import RedisAwayError, Standing

if TYPE_CHECKING:
    from api.context import Context

Headers = list[tuple[bytes, bytes]]

MINUTE_SECONDS, HOUR_SECONDS = 60, 3600
# To parse and validate a document takes as long as a field does for each four of its tokens.
COST_OF_NEW_DOCUMENT, TOKENS_OF_ONE_COST = 10, 4
# A process takes so much of the allowance at once, and spends it without asking Redis again.
SHARE = 50
SHARE_SECONDS = 5.0
CLIENTS_MAX = 10_000
ATTEMPTS_AT_ONCE_SHARE = 5


class RateLimitedError(ApplicationError):
    """The client has spent what it may for now."""

    code = "RATE_LIMITED"
    status = 429

    def __init__(self, standing: Standing) -> None:
        super().__init__(
            f"Too much was asked for. Try again in {standing.seconds} s.", retryAfterSeconds=standing.seconds
        )
        self.headers = (*headers_of(standing), (b"retry-after", str(standing.seconds).encode()))


class Purse:
    """What this process has taken out for its clients and not spent yet."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, tuple[int, float, Standing]] = OrderedDict()

    def spend(self, holder: str, cost: int) -> Standing | None:
        """Return the holder's standing where it could be paid from what is kept."""
        with self._lock:
            amount, until, standing = self._kept.get(holder, (0, 0.0, None))
            if standing is None or amount < cost or time.monotonic() > until:
                return None
            self._kept[holder] = amount - cost, until, standing
            return Standing(is_granted=True, remaining=standing.remaining + amount - cost, seconds=standing.seconds)

    def take_out(self, holder: str) -> int:
        """Return what is kept for a holder, and keep it no more."""
        with self._lock:
            amount, until, _ = self._kept.pop(holder, (0, 0.0, None))
            return amount if time.monotonic() < until else 0

    def keep(self, holder: str, amount: int, standing: Standing) -> None:
        """Keep what was taken and not spent."""
        with self._lock:
            self._kept[holder] = amount, time.monotonic() + SHARE_SECONDS, standing
            self._kept.move_to_end(holder)
            if len(self._kept) > CLIENTS_MAX:
                self._kept.popitem(last=False)


purse = Purse()


def charge(context: Context, cost: int) -> Headers:
    """Charge whoever asks; return the headers that tell the standing. Raises RateLimitedError. In a thread: it may ask Redis.

    Who it is is looked up only where Redis is asked: a purse is kept for a session or token as it was sent.
    """
    allowance = settings.GRAPHQL_RATE_PER_MINUTE
    if not allowance:
        return []
    holder = context.holder
    standing = purse.spend(holder, cost)
    if standing is None:
        try:
            standing = taken(context.client, cost, holder=holder, allowance=allowance)
        except RedisAwayError:
            return []
    if not standing.is_granted:
        raise RateLimitedError(standing)
    return headers_of(standing)


def charged_here(context: Context, cost: int) -> Headers | None:
    """Charge whoever asks where what this process has taken out is enough; return the headers, or None where Redis has to be asked."""
    if not settings.GRAPHQL_RATE_PER_MINUTE:
        return []
    standing = purse.spend(context.holder, cost)
    return None if standing is None else headers_of(standing)


def taken(client: str, cost: int, *, holder: str, allowance: int) -> Standing:
    """Take the cost, and a share more for what follows, or the cost alone where no more is left; raises RedisAwayError."""
    kept = purse.take_out(holder)
    for amount in (max(cost - kept, allowance // SHARE), cost - kept):
        standing = gcra.take(f"cost:{client}", amount, allowance=allowance, window_seconds=MINUTE_SECONDS)
        if standing.is_granted:
            left = kept + amount - cost
            purse.keep(holder, left, standing)
            return Standing(is_granted=True, remaining=standing.remaining + left, seconds=standing.seconds)
    purse.keep(holder, kept, standing)
    return standing


def cost_of_new(text: str) -> int:
    """Return what a document costs besides that this process does not know yet."""
    return COST_OF_NEW_DOCUMENT + tokens.count(text, at_most=settings.GRAPHQL_MAX_TOKENS).count // TOKENS_OF_ONE_COST


def headers_of(standing: Standing) -> Headers:
    """Return a standing as headers: https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/"""
    return [
        (b"ratelimit-policy", b'"cost";q=%d;w=%d' % (settings.GRAPHQL_RATE_PER_MINUTE, MINUTE_SECONDS)),
        (b"ratelimit", b'"cost";r=%d;t=%d' % (standing.remaining, standing.seconds)),
    ]


def take_attempt(client: str) -> None:
    """Count an attempt of a network address's; raises RateLimitedError, or ServiceUnavailableError where nothing can be counted."""
    per_hour = settings.ATTEMPTS_PER_HOUR
    at_once = max(1, per_hour // ATTEMPTS_AT_ONCE_SHARE)
    try:
        standing = gcra.take(
            f"attempts:{client}", 1, allowance=at_once, window_seconds=HOUR_SECONDS // ATTEMPTS_AT_ONCE_SHARE
        )
    except RedisAwayError as error:
        raise ServiceUnavailableError from error
    if not standing.is_granted:
        raise RateLimitedError(standing)
