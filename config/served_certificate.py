"""Tells which certificate a server shows for a name, and until when it is good: on the standard library alone, whoever issued it."""

import contextlib
import datetime
import hashlib
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

NGINX = ("nginx", 8443)  # as the other containers of its network reach it
LIMIT_SECONDS = 5.0
TRIES = 3
NO_CHECK_TIME = 0x200000  # OpenSSL's X509_V_FLAG_NO_CHECK_TIME, which Python has no name for


@dataclass(frozen=True, kw_only=True)
class Served:
    """A certificate as it is shown. `is_own` tells that it was issued by itself; `fingerprint` is its SHA-256."""

    until: datetime.datetime
    names: tuple[str, ...]
    issuer: str
    is_own: bool
    fingerprint: str

    def seconds_left(self, now: datetime.datetime) -> float:
        """Return for how long it is good, below zero where it has ended."""
        return (self.until - now).total_seconds()


def look(*, name: str, address: tuple[str, int] = NGINX, seconds: float = LIMIT_SECONDS) -> Served:
    """Return the certificate that is shown for a name. Raises OSError where none is."""
    for _ in range(TRIES - 1):
        with contextlib.suppress(ssl.SSLCertVerificationError):  # another one was put in its place meanwhile
            return look_once(name=name, address=address, seconds=seconds)
    return look_once(name=name, address=address, seconds=seconds)


def look_once(*, name: str, address: tuple[str, int], seconds: float) -> Served:
    """Return it, where both times it is the same that is shown. Raises OSError."""
    shown = ssl.create_default_context()
    shown.check_hostname, shown.verify_mode = False, ssl.CERT_NONE
    with handshake(shown, name=name, address=address, seconds=seconds) as connection:
        encoded = connection.getpeercert(binary_form=True) or b""
    # Python reads one only once it trusts it: so it is shown again, to somebody who trusts it and nothing else.
    trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    trusting.check_hostname = False
    trusting.load_verify_locations(cadata=encoded)
    trusting.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN | NO_CHECK_TIME
    with handshake(trusting, name=name, address=address, seconds=seconds) as connection:
        fields: dict[str, Any] = connection.getpeercert() or {}
    return Served(
        until=datetime.datetime.fromtimestamp(ssl.cert_time_to_seconds(fields["notAfter"]), tz=datetime.UTC),
        names=tuple(value for kind, value in fields.get("subjectAltName", ()) if kind == "DNS"),
        issuer=common_name(fields["issuer"]),
        is_own=fields["issuer"] == fields["subject"],
        fingerprint=hashlib.sha256(encoded).hexdigest(),
    )


@contextlib.contextmanager
def handshake(
    context: ssl.SSLContext, *, name: str, address: tuple[str, int], seconds: float
) -> Iterator[ssl.SSLSocket]:
    """Connect, and close again; within the block it is known what the other side has shown."""
    with (
        socket.create_connection(address, timeout=seconds) as plain,
        context.wrap_socket(plain, server_hostname=name) as found,
    ):
        yield found


def common_name(names: tuple[tuple[tuple[str, str], ...], ...]) -> str:
    """Return what an issuer calls itself."""
    found = dict(part for each in names for part in each)
    return found.get("commonName") or found.get("organizationName", "")
