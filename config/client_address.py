"""Tells who a client is behind nginx: X-Forwarded-For is believed where it comes from a proxy of ours, and nowhere else."""

import functools
import ipaddress
from collections.abc import Iterable, Sequence

from config.asgi_types import Application, Receive, Scope, Send

IPV6_SUBSCRIBER_BITS = 64  # what one customer gets: a counter per single address could be walked around for ever

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def believe_proxies(application: Application, *, proxies: Iterable[str]) -> Application:
    """Return `application` with the client's address in `scope["client"]`; `proxies` are the networks that ours come from."""
    networks = [ipaddress.ip_network(proxy) for proxy in proxies]

    async def addressed(scope: Scope, receive: Receive, send: Send) -> None:
        if networks and scope["type"] in ("http", "websocket"):
            peer = (scope.get("client") or ("", 0))[0]
            address = client_of(peer, forwarded_for(scope), networks=networks)
            if address != peer:
                scope = {**scope, "client": [address, 0]}
        await application(scope, receive, send)

    return addressed


def forwarded_for(scope: Scope) -> list[str]:
    """Return the addresses of every X-Forwarded-For, the nearest last. A proxy adds to what it was sent, which may be a lie."""
    lines = [value.decode("latin-1") for name, value in scope.get("headers", ()) if name == b"x-forwarded-for"]
    return [address.strip() for address in ",".join(lines).split(",") if address.strip()]


def client_of(peer: str, forwarded: Sequence[str], *, networks: Sequence[Network]) -> str:
    """Return the nearest address that is not a proxy of ours: what stands before it was written by somebody we don't know."""
    address = peer
    for claimed in reversed(forwarded):
        if not is_in(address, networks):
            break
        if not is_address(claimed):
            break
        address = claimed
    return address


def is_in(address: str, networks: Sequence[Network]) -> bool:
    """Tell whether an address lies in one of the networks."""
    return is_address(address) and any(ipaddress.ip_address(address) in network for network in networks)


def is_address(text: str) -> bool:
    """Tell whether a text is an address."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


@functools.lru_cache(maxsize=4096)
def network_of(address: str) -> str:
    """Return the part of a network address that belongs to one subscriber, which is what limits are kept for."""
    if is_address(address) and ipaddress.ip_address(address).version == 6:  # noqa: PLR2004  the number is the protocol's name
        return str(ipaddress.ip_network((address, IPV6_SUBSCRIBER_BITS), strict=False))
    return address
