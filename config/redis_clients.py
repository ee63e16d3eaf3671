"""Opens Redis by its address, the same way for all who use one: straight, or by asking Sentinels which server it is.

Sentinels are asked for each new connection, and connections are new once the server they led to is gone: so after a failover.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import redis
import redis.asyncio
from redis.asyncio.retry import Retry as AsyncRetry
from redis.asyncio.sentinel import Sentinel as AsyncSentinel
from redis.backoff import NoBackoff
from redis.retry import Retry
from redis.sentinel import Sentinel, SentinelConnectionPool

from config.redis_address import RedisAddress, address_of

SENTINEL_SECONDS = 0.5  # then the next one is asked
IN_LOOPS = {
    redis.UnixDomainSocketConnection: redis.asyncio.UnixDomainSocketConnection,
    redis.SSLConnection: redis.asyncio.SSLConnection,
}


def client(text: str, **limits: Any) -> redis.Redis:
    """Return a client. `limits` are redis-py's: timeouts and retries."""
    return redis.Redis.from_pool(pool(text, **limits))


def pool(text: str, **limits: Any) -> redis.ConnectionPool:
    """Return connections to the server of an address."""
    address = address_of(text)
    if not address.service:
        return redis.ConnectionPool(**limits | straight(address))
    asking = to_sentinels(address) | {"retry": Retry(NoBackoff(), 0)}
    sentinels = Sentinel(address.nodes, sentinel_kwargs=asking)  # type: ignore[no-untyped-call]
    return SentinelConnectionPool(address.service, sentinels, **limits | to_server(address))  # type: ignore[no-untyped-call]


def loop_client(text: str, **limits: Any) -> redis.asyncio.Redis:
    """Return a client for an event loop."""
    address = address_of(text)
    if not address.service:
        given = straight(address)
        if kind := given.get("connection_class"):
            given["connection_class"] = IN_LOOPS[kind]
        return redis.asyncio.Redis.from_pool(redis.asyncio.ConnectionPool(**limits | given))
    asking = to_sentinels(address) | {"retry": AsyncRetry(NoBackoff(), 0)}
    sentinels = AsyncSentinel(address.nodes, sentinel_kwargs=asking)  # type: ignore[no-untyped-call]
    found: redis.asyncio.Redis = sentinels.master_for(address.service, **limits | to_server(address))
    return found


def straight(address: RedisAddress) -> dict[str, Any]:
    """Return how one server is reached, as redis-py's pool takes it."""
    found: dict[str, Any] = {"db": address.database, **address.credentials}
    if address.path:
        return found | {"connection_class": redis.UnixDomainSocketConnection, "path": address.path}
    ((host, port),) = address.nodes
    found |= {"host": host, "port": port}
    return found | ({"connection_class": redis.SSLConnection, **address.tls} if address.tls is not None else {})


def to_server(address: RedisAddress) -> dict[str, Any]:
    """Return how the server that the Sentinels name is reached."""
    tls = {"ssl": True, **address.tls} if address.tls is not None else {}
    return {"db": address.database, **address.credentials, **tls}


def to_sentinels(address: RedisAddress) -> dict[str, Any]:
    """Return how Sentinels are reached: by TLS where the server is."""
    tls = {"ssl": True, **address.tls} if address.tls is not None else {}
    seconds = {"socket_timeout": SENTINEL_SECONDS, "socket_connect_timeout": SENTINEL_SECONDS}
    return {**address.sentinel_credentials, **tls, **seconds}


def channel_host(host: Mapping[str, Any]) -> dict[str, Any]:
    """Return a host of the channel layer's as channels_redis takes it: it has an `address` for one server alone."""
    limits = dict(host)
    text = limits.pop("address", "")
    address = address_of(text) if text else None
    if address is None or not address.service:
        return dict(host)
    return {
        "master_name": address.service,
        "sentinels": address.nodes,
        "sentinel_kwargs": to_sentinels(address) | {"retry": AsyncRetry(NoBackoff(), 0)},
        **to_server(address),
        **limits,
    }


def broker_settings(text: str) -> dict[str, Any]:
    """Return Celery's settings for a broker: kombu has a spelling of its own for each kind of address."""
    address = address_of(text)
    # Said in full: without, kombu takes any certificate for rediss://.
    tls: Any = dict(address.tls) if address.tls is not None else False
    if address.path:
        return {
            "url": f"redis+socket://{user_of(address)}{address.path}?virtual_host={address.database}",
            "tls": tls,
            "options": {},
        }
    scheme = "sentinel" if address.service else "redis" if address.tls is None else "rediss"
    urls = [f"{scheme}://{user_of(address)}{bracketed(host)}:{port}/{address.database}" for host, port in address.nodes]
    asking = to_sentinels(address) | {"retry": Retry(NoBackoff(), 0)}
    options = {"master_name": address.service, "sentinel_kwargs": asking} if address.service else {}
    return {"url": ";".join(urls), "tls": tls, "options": options}


def user_of(address: RedisAddress) -> str:
    """Return who signs in, as it stands in a URL."""
    if not address.username and not address.password:
        return ""
    return f"{quote(address.username, safe='')}:{quote(address.password, safe='')}@"


def bracketed(host: str) -> str:
    """Return a host as it stands in a URL."""
    return f"[{host}]" if ":" in host else host
