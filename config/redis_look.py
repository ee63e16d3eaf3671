"""What a container says of each Redis before it serves: one that is away, does not let us in, or can't be used."""

from typing import Any

from django.conf import settings
from redis.backoff import NoBackoff
from redis.exceptions import AuthenticationError, RedisError
from redis.retry import Retry

from config import redis_clients
from config.redis_address import NO_CLUSTER, address_of
from config.start_up import Say, StartUpError

LIMIT_SECONDS = 2.0


def look(say: Say) -> None:
    """Look at each. One that is away is told, and keeps nobody from starting: it is asked again each time. Raises StartUpError."""
    for url, uses in urls().items():
        where = f"Redis at {address_of(url).words} ({', '.join(uses)})"
        try:
            found = about(url)
        except AuthenticationError as error:
            hint = "See user and password in its address: REDIS_URL or its companions, secrets/redis_url."
            raise StartUpError(f"{where} does not let us in: {error}.", hint=hint) from None
        except (RedisError, OSError) as error:
            say(
                f"error: {where} is away: {error}\n hint: See whether it runs, and lets this machine in. It is asked again."
            )
            continue
        require_usable(found, where)
        policy = str(found.get("maxmemory_policy", ""))
        if "tasks" in uses and policy.startswith("allkeys"):
            say(f"warning: {where} evicts tasks where it is full ({policy})\n hint: maxmemory-policy volatile-lru")


def require_usable(found: dict[str, Any], where: str) -> None:
    """Raise StartUpError where a server is part of a cluster, or only reads."""
    hint = "docs/redis-elsewhere.md says what can be used."
    if found.get("cluster_enabled"):
        raise StartUpError(f"{where} {NO_CLUSTER}.", hint=hint)
    if found.get("role") == "slave":
        raise StartUpError(
            f"{where} is a replica, which takes nothing.", hint=f"Name the primary, or its Sentinels. {hint}"
        )


def urls() -> dict[str, list[str]]:
    """Return each Redis's address, and what it is for."""
    found: dict[str, list[str]] = {}
    for use, url in (
        ("cache", settings.CACHE_REDIS_URL),
        ("tasks", settings.BROKER_REDIS_URL),
        ("subscriptions", settings.CHANNELS_REDIS_URL),
    ):
        found.setdefault(url, []).append(use)
    return found


def about(url: str) -> dict[str, Any]:
    """Return what a Redis says of itself; raises RedisError."""
    limits = {"socket_timeout": LIMIT_SECONDS, "socket_connect_timeout": LIMIT_SECONDS, "retry": Retry(NoBackoff(), 0)}
    with redis_clients.client(url, **limits) as client:
        found: dict[str, Any] = client.info()
    return found
