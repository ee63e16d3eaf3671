"""Asks the site as anybody would: through nginx, by each of its names, over TLS where that is on."""

import contextlib
import http.client
import json
import socket
import ssl
import time

from ops.deploy.site import Site
from ops.errors import OperatorError

LIMIT_SECONDS = 10
TRIES = 5
EVERYWHERE = ("", "0.0.0.0", "::")  # noqa: S104 - compared with, not listened on
QUERY = "/graphql?query=%7B__typename%7D"
HEALTH = "/health/live"  # which a maintenance leaves open
CLOSED = b'"MAINTENANCE"'


class Connection(http.client.HTTPConnection):
    """A connection to this host that names the site, also in the TLS handshake. `context` None: in the clear."""

    def __init__(self, *, address: str, port: int, name: str, context: ssl.SSLContext | None) -> None:
        super().__init__(address, port, timeout=LIMIT_SECONDS)
        self.name, self.context = name, context

    def connect(self) -> None:
        """Open the connection."""
        self.sock = socket.create_connection((self.host, self.port), self.timeout)
        if self.context:
            self.sock = self.context.wrap_socket(self.sock, server_hostname=self.name)

    @property
    def socket_over_tls(self) -> ssl.SSLSocket:
        """The socket, once the handshake is done. Raises OSError where there is none."""
        if not isinstance(self.sock, ssl.SSLSocket):
            raise OSError("no TLS")
        return self.sock


def test(site: Site) -> bool:
    """Insist on the right answer to a query under each name; raises OperatorError. What fails is tried again for a moment.

    Where the site is closed for maintenance, the health check is asked in its place, and True is returned.
    """
    closed = [insist(site, name=name) for name in site.names]
    return any(closed)


def insist(site: Site, *, name: str) -> bool:
    """Insist on the right answer under a name; return whether the site is closed. Raises OperatorError."""
    for number in range(1, TRIES + 1):
        problem, is_closed = ask(site, name=name)
        if not problem:
            return is_closed
        if number < TRIES:
            time.sleep(1)
    raise OperatorError(
        f"Cannot get an answer through the front door: {problem}.",
        hint="See nginx's log: docker compose logs --tail 20 nginx",
    )


def ask(site: Site, *, name: str) -> tuple[str, bool]:
    """Ask once; return what is wrong, empty where nothing is, and whether the site is closed for maintenance."""
    place = f"{name} on port {port(site)}"
    try:
        status, content = fetched(site, QUERY, name=name)
        is_closed = status == http.client.SERVICE_UNAVAILABLE and CLOSED in content
        if is_closed:
            status, content = fetched(site, HEALTH, name=name)
    except (OSError, http.client.HTTPException) as error:
        return f"{place}: {type(error).__name__}: {error}", False
    if status == http.client.OK and (is_closed or is_right(content)):
        return "", is_closed
    return f"{place} answers {status}: {content[:200]!r}", is_closed


def fetched(site: Site, path: str, *, name: str) -> tuple[int, bytes]:
    """Return status and content of an answer. Raises OSError or http.client.HTTPException."""
    with contextlib.closing(connection(site, name=name)) as asking:
        asking.request("GET", path, headers={"Host": name, "Accept": "application/json"})
        answer = asking.getresponse()
        return answer.status, answer.read()


def is_right(content: bytes) -> bool:
    """Tell whether that is the query's answer."""
    with contextlib.suppress(ValueError):
        return bool(json.loads(content) == {"data": {"__typename": "Query"}})
    return False


def connection(site: Site, *, name: str = "", context: ssl.SSLContext | None = None) -> Connection:
    """Return a connection to the site, by its main name where none is given, not yet open.

    Without a context, who issued the certificate is not asked.
    """
    published = site.value("PUBLISH_ADDRESS")
    return Connection(
        address="127.0.0.1" if published in EVERYWHERE else published,
        port=port(site),
        name=name or site.names[0],
        context=(context or unasked()) if site.is_tls else None,
    )


def unasked() -> ssl.SSLContext:
    """Return what takes any certificate."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def port(site: Site) -> int:
    """Return the port that the site is reached on."""
    return int(site.value("HTTPS_PORT", "443") if site.is_tls else site.value("HTTP_PORT", "80"))
