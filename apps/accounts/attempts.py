"""Counts tries at passwords in the cache, and refuses more of them for a while.

One counter is for an email address from one network address, and one, ten times as wide, for all that comes
from the network address, against one password tried on many accounts. A try is counted before its password is
looked at, so that many at the same time can't all pass under the limit; a right one takes the count back.
"""

import hashlib
import math
import time
from contextlib import suppress

from django.conf import settings
from django.core.cache import cache

from api.errors import TooManyAttemptsError
from config.client_address import network_of

SPRAYING_FACTOR = 10


def start(*, email: str, address: str) -> None:
    """Count a try; raises TooManyAttemptsError where it is one too many."""
    limits = {
        pair_key(email=email, address=address): settings.LOGIN_MAX_FAILURES,
        address_key(address): settings.LOGIN_MAX_FAILURES * SPRAYING_FACTOR,
    }
    for key, limit in limits.items():
        if count_up(key, limit=limit) > limit:
            seconds = seconds_left(key)
            message = f"Too many attempts with a wrong password. Try again in {seconds} seconds."
            raise TooManyAttemptsError(message, retryAfterSeconds=seconds)


def succeed(*, email: str, address: str) -> None:
    """Forget the address pair's failures, and this one try of the network address."""
    forget(email=email, address=address)
    with suppress(ValueError):  # it expired meanwhile
        cache.decr(address_key(address))


def forget(*, email: str, address: str) -> None:
    """Forget the failures with one email address from one network address."""
    key = pair_key(email=email, address=address)
    cache.delete_many([key, until_key(key)])


def count_up(key: str, *, limit: int) -> int:
    """Return how many tries there were, with this one; reaching the limit starts the lock's clock."""
    if cache.add(key, 1, timeout=settings.LOGIN_LOCKOUT_SECONDS):
        count = 1
    else:
        try:
            count = cache.incr(key)
        except ValueError:  # it expired between the two commands
            return count_up(key, limit=limit)
    if count == limit:
        cache.touch(key, timeout=settings.LOGIN_LOCKOUT_SECONDS)
        until = time.time() + settings.LOGIN_LOCKOUT_SECONDS
        cache.set(until_key(key), until, timeout=settings.LOGIN_LOCKOUT_SECONDS)
    return count


def seconds_left(key: str) -> int:
    """Return the seconds until a locked counter starts again, at least 1."""
    until: float = cache.get(until_key(key), default=0.0)
    return max(1, math.ceil(until - time.time()))


def pair_key(*, email: str, address: str) -> str:
    """Return the cache's key for an email address from a network address."""
    return hashed("pair", email.strip().lower(), network_of(address))


def address_key(address: str) -> str:
    """Return the cache's key for a network address."""
    return hashed("address", network_of(address))


def until_key(key: str) -> str:
    """Return the key beside a counter that holds when its lock ends."""
    return f"{key}:until"


def hashed(*parts: str) -> str:
    """Return a cache key that tells nothing about its parts."""
    return "attempts:" + hashlib.sha256("\n".join(parts).encode(errors="backslashreplace")).hexdigest()
