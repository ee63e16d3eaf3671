"""Looks at the certificate and its key by handshakes in memory: that they belong together, for which names, until when."""

import datetime
import ssl
from collections.abc import Iterator, Sequence
from pathlib import Path

from ops.deploy.preflight.findings import Finding, error, ok, warning
from ops.deploy.site import Site

SOON = datetime.timedelta(days=14)
NAME = "certificate"
INSIDE = "/etc/nginx/tls/"


def certificate(site: Site, *, server_name: str, now: datetime.datetime | None = None) -> Iterator[Finding]:
    """Look at the pair that nginx will be given."""
    if not site.is_tls:
        yield warning(NAME, "USE_TLS is false: the site is served in the clear", hint="Set USE_TLS=true.")
        return
    if site.value("TLS_MODE", "selfsigned" if not site.is_set_up else "files") == "selfsigned":
        hint = "Put a pair into a folder, and set TLS_MODE=files and TLS_FOLDER in .env."
        yield warning(NAME, "is made by nginx itself, and no browser believes it", hint=hint)
        return
    if site.is_acme:
        return  # acme.py looks at it
    folder = site.value("TLS_FOLDER")
    if not folder:
        yield warning(NAME, "is in a volume, which is not looked into", hint="Set TLS_FOLDER to a folder of this host.")
        return
    pair = [inside(site, name, folder=folder) for name in ("TLS_CERT_PATH", "TLS_KEY_PATH")]
    absent = [path for path in pair if not path.is_file()]
    if absent:
        yield error(NAME, f"{absent[0]} is not there", hint=f"Put the pair there: {pair[0]}, {pair[1]}")
        return
    names = (site.value("SERVER_NAME") or server_name or "localhost").split()
    yield look(*pair, names=names, now=now or datetime.datetime.now(tz=datetime.UTC))


def inside(site: Site, name: str, *, folder: str) -> Path:
    """Return where a file that nginx sees in its container is on this host."""
    default = f"{INSIDE}{'fullchain.pem' if name == 'TLS_CERT_PATH' else 'privkey.pem'}"
    return site.root / folder / site.value(name, default).removeprefix(INSIDE)


def look(certificate_path: Path, key_path: Path, *, names: Sequence[str], now: datetime.datetime) -> Finding:
    """Return what is to be said of a pair, which has to be good for each name."""
    try:
        until = min(expiry(certificate_path, key_path, name=name) for name in names)
    except ssl.SSLCertVerificationError as problem:
        return error(
            NAME, f"{certificate_path}: {problem.verify_message}", hint="Renew it, for each name in SERVER_NAME."
        )
    except (ssl.SSLError, OSError) as problem:
        hint = "Put the pair there that was issued together, in PEM, readable for you and for user 101."
        return error(NAME, f"{certificate_path} and {key_path} are no pair: {problem}", hint=hint)
    days = (until - now).days
    if until - now < SOON:
        return error(NAME, f"ends in {days} days, on {until:%Y-%m-%d}", hint="Renew it before you deploy.")
    return ok(NAME, f"for {', '.join(names)}, until {until:%Y-%m-%d} ({days} days)")


def expiry(certificate_path: Path, key_path: Path, *, name: str) -> datetime.datetime:
    """Return until when a pair is good for a name; raises ssl.SSLError where it is not, or is no pair."""
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(certificate_path, key_path)
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.load_verify_locations(certificate_path)
    client.verify_flags |= (
        ssl.VERIFY_X509_PARTIAL_CHAIN
    )  # who issued it is the browsers' question: it is its own anchor here
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    one = client.wrap_bio(to_client, to_server, server_hostname=name)
    two = server.wrap_bio(to_server, to_client, server_side=True)
    for _ in range(4):
        for side in (one, two):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
    found = one.getpeercert() or {}
    return datetime.datetime.fromtimestamp(ssl.cert_time_to_seconds(str(found["notAfter"])), tz=datetime.UTC)
