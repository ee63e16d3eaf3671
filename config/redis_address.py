"""An address of Redis and its parts: of one server, or of the Sentinels that know which server it is. Reaches for nothing.

redis://user:password@host:6379/0    rediss://host:6380/0?ssl_ca_certs=/path    unix://:password@/path?db=0
redis+sentinel://user:password@one:26379,two:26379/service/0    rediss+sentinel://…
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

SERVER_PORT, SENTINEL_PORT = 6379, 26379
ONE_SERVER = ("redis", "rediss", "unix")
SENTINELS = ("redis+sentinel", "rediss+sentinel")
CLUSTERS = ("redis+cluster", "rediss+cluster")
# As redis-py spells them. A certificate is compared with its host and its authority, unless they say otherwise.
TLS_OPTIONS = ("ssl_ca_certs", "ssl_certfile", "ssl_keyfile", "ssl_cert_reqs", "ssl_check_hostname")
SENTINEL_OPTIONS = ("sentinel_username", "sentinel_password")
VERIFYING = ("required", "none")
NODE = re.compile(r"([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::([0-9]{1,5}))?")
SERVICE = re.compile(r"[A-Za-z0-9._-]+")
NO_CLUSTER = (
    "is a cluster's; scripts here use keys of several slots, and Celery knows no cluster: name one server, or Sentinels"
)


class RedisAddressError(ValueError):
    """The text is no address of Redis; the message says what one would be, and repeats no part that may be secret."""


@dataclass(frozen=True, kw_only=True)
class RedisAddress:
    """Where a Redis is. `nodes` are Sentinels where there is a `service`, else the one server; a socket has a `path` and none."""

    nodes: tuple[tuple[str, int], ...] = ()
    path: str = ""
    service: str = ""
    database: int = 0
    username: str = ""
    password: str = field(default="", repr=False)
    sentinel_username: str = ""
    sentinel_password: str = field(default="", repr=False)
    tls: Mapping[str, Any] | None = None

    @property
    def credentials(self) -> dict[str, str]:
        """Who signs in at the server, as redis-py takes it."""
        return {name: text for name, text in (("username", self.username), ("password", self.password)) if text}

    @property
    def sentinel_credentials(self) -> dict[str, str]:
        """Who signs in at the Sentinels."""
        found = (("username", self.sentinel_username), ("password", self.sentinel_password))
        return {name: text for name, text in found if text}

    @property
    def words(self) -> str:
        """Where that is, for people, without a secret."""
        nodes = ", ".join(f"{host}:{port}" for host, port in self.nodes) or self.path
        return f"{self.service} by the Sentinels {nodes}" if self.service else nodes


def address_of(text: str) -> RedisAddress:
    """Return what an address says; raises RedisAddressError."""
    try:
        parts = urlsplit(text)
    except ValueError:
        raise RedisAddressError("is not a URL that can be parsed") from None
    require_known(parts, text)
    options = options_of(parts)
    if parts.scheme == "unix":
        return of_socket(parts, options)
    user, _, hosts = parts.netloc.rpartition("@")
    username, _, password = (unquote(each) for each in user.partition(":"))
    is_sentinel = parts.scheme in SENTINELS
    service, database = path_of(parts.path, has_service=is_sentinel)
    return RedisAddress(
        nodes=nodes_of(hosts, usual_port=SENTINEL_PORT if is_sentinel else SERVER_PORT, may_be_several=is_sentinel),
        service=service,
        database=number_of(options.get("db", "") or database),
        username=username,
        password=password,
        sentinel_username=options.get("sentinel_username", ""),
        sentinel_password=options.get("sentinel_password", ""),
        tls=tls_of(options) if parts.scheme.startswith("rediss") else None,
    )


def require_known(parts: SplitResult, text: str) -> None:
    """Raise RedisAddressError where the address is of a kind that we can't use."""
    if parts.scheme in CLUSTERS:
        raise RedisAddressError(NO_CLUSTER)
    if parts.scheme not in (*ONE_SERVER, *SENTINELS):
        schemes = " or ".join(f"{scheme}://" for scheme in (*ONE_SERVER, *SENTINELS))
        raise RedisAddressError(f"is not a URL that begins with {schemes}")
    if re.search(r"\s", text):
        raise RedisAddressError("is a URL with a blank in it")


def options_of(parts: SplitResult) -> dict[str, str]:
    """Return what stands behind the question mark; raises RedisAddressError where that is not to be had with such an address."""
    allowed = [
        *([] if parts.scheme in SENTINELS else ["db"]),
        *(TLS_OPTIONS if parts.scheme.startswith("rediss") else ()),
        *(SENTINEL_OPTIONS if parts.scheme in SENTINELS else ()),
    ]
    options: dict[str, str] = {}
    for name, value in parse_qsl(parts.query, keep_blank_values=True):
        if name == "password" or (name in TLS_OPTIONS and name not in allowed):
            meant = (
                "before the @: redis://:password@host" if name == "password" else f"to rediss://, not {parts.scheme}://"
            )
            raise RedisAddressError(f"has {name} behind its ?, which goes {meant}")
        if name not in allowed or name in options:
            raise RedisAddressError(
                f"has an option behind its ? that is not one of {', '.join(allowed)}, or has it twice"
            )
        options[name] = value
    return options


def of_socket(parts: SplitResult, options: Mapping[str, str]) -> RedisAddress:
    """Return the address of a socket."""
    if not parts.path.strip("/"):
        raise RedisAddressError("is a URL without a socket's path; one is unix:///run/redis/redis.sock")
    return RedisAddress(
        path=unquote(parts.path),
        database=number_of(options.get("db", "")),
        username=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
    )


def nodes_of(text: str, *, usual_port: int, may_be_several: bool) -> tuple[tuple[str, int], ...]:
    """Return hosts with their ports; raises RedisAddressError where one is none."""
    names = text.split(",")
    if names == [""]:
        raise RedisAddressError("is a URL without a host")
    if len(names) > 1 and not may_be_several:
        raise RedisAddressError(
            "names several hosts; those of Sentinels are written redis+sentinel://one,two/service/0"
        )
    found = [NODE.fullmatch(name) for name in names]
    if not all(found):
        raise RedisAddressError("has a host that is none; one is redis.example.com:6379")
    return tuple((match[1].strip("[]"), int(match[2] or usual_port)) for match in found if match)


def path_of(path: str, *, has_service: bool) -> tuple[str, str]:
    """Return the service, where there is to be one, and the database's number as it is written."""
    if not has_service:
        return "", path.strip("/")
    service, _, database = path.strip("/").partition("/")
    if not SERVICE.fullmatch(service):
        raise RedisAddressError(
            "does not say which service the Sentinels are asked for: redis+sentinel://host:26379/service/0"
        )
    return service, database


def number_of(text: str) -> int:
    """Return a database's number; raises RedisAddressError where it is none."""
    if not re.fullmatch(r"[0-9]*", text):
        raise RedisAddressError("has a database that is no number; one is redis://host:6379/0")
    return int(text or 0)


def tls_of(options: Mapping[str, str]) -> dict[str, Any]:
    """Return how a server is known, as redis-py takes it."""
    tls: dict[str, Any] = {
        name: options[name] for name in ("ssl_ca_certs", "ssl_certfile", "ssl_keyfile") if options.get(name)
    }
    tls["ssl_cert_reqs"] = options.get("ssl_cert_reqs", "required")
    if tls["ssl_cert_reqs"] not in VERIFYING:
        raise RedisAddressError(f"has an ssl_cert_reqs that is neither of {' and '.join(VERIFYING)}")
    tls["ssl_check_hostname"] = tls["ssl_cert_reqs"] == "required"
    if "ssl_check_hostname" in options:
        tls["ssl_check_hostname"] = options["ssl_check_hostname"].lower() == "true"
    return tls
