"""Looks at the certificate that certbot keeps: as nginx shows it, and at what the authority has said last."""

import datetime
from collections.abc import Iterator, Sequence, Set

from config import served_certificate
from config.served_certificate import Served
from ops.deploy import front_door
from ops.deploy.commands import Commands
from ops.deploy.hands import Hands
from ops.deploy.preflight.certificate import NAME, SOON
from ops.deploy.preflight.findings import Finding, error, ok, warning
from ops.deploy.site import Site
from ops.errors import OperatorError

LOG_HINT = "See why: docker compose logs --tail 50 certbot"


def certificate(
    site: Site, commands: Commands, hands: Hands, *, running: Set[str], now: datetime.datetime | None = None
) -> Iterator[Finding]:
    """Look at it, where TLS_MODE is acme."""
    if not site.is_acme:
        return
    if site.value("HTTP_PORT", "80") != "80" and not site.value("ACME_SERVER"):
        hint = "Set HTTP_PORT=80, or have whatever stands in front hand port 80 on."
        yield warning(NAME, f"is proven at port 80, and nginx is at {site.value('HTTP_PORT')}", hint=hint)
    if "nginx" not in running:
        yield ok(NAME, "is asked for once nginx runs; until it is there, nginx makes one of its own")
        return
    yield shown(site, now=now or datetime.datetime.now(tz=datetime.UTC))
    if "certbot" in running:
        yield from attempts(commands, hands)


def shown(site: Site, *, now: datetime.datetime) -> Finding:
    """Return what is to be said of the certificate that nginx shows."""
    door = front_door.connection(site)
    try:
        found = served_certificate.look(name=door.name, address=(door.host, door.port))
    except OSError as problem:
        hint = "See nginx's log: docker compose logs --tail 20 nginx"
        return error(NAME, f"nginx shows none for {door.name}: {problem}", hint=hint)
    return judged(found, names=site.names, now=now)


def judged(found: Served, *, names: Sequence[str], now: datetime.datetime) -> Finding:
    """Return what is to be said of a certificate."""
    if found.is_own:
        return warning(
            NAME, "none was issued yet: nginx shows one of its own, which no browser believes", hint=LOG_HINT
        )
    if absent := [name for name in names if name not in found.names]:
        return warning(NAME, f"is for {', '.join(found.names)}, and not yet for {', '.join(absent)}", hint=LOG_HINT)
    days = (found.until - now).days
    if found.until - now < SOON:
        return error(NAME, f"ends in {days} days, on {found.until:%Y-%m-%d}: it was not renewed", hint=LOG_HINT)
    if "staging" in found.issuer.lower():
        hint = "Set ACME_STAGING=false in .env, and deploy."
        return warning(NAME, f"is a test of {found.issuer}, which no browser believes", hint=hint)
    return ok(NAME, f"for {', '.join(names)}, until {found.until:%Y-%m-%d} ({days} days), by {found.issuer}")


def attempts(commands: Commands, hands: Hands) -> Iterator[Finding]:
    """Tell what certbot has to complain of."""
    try:
        hands.look(commands.certificate_health(), what="keep the certificate", hint=LOG_HINT)
    except OperatorError as problem:
        yield warning("certbot", problem.args[0], hint=problem.hint)
