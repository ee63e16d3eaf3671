"""Looks until when the certificate is good that nginx serves at this moment, which may not be the one in the file."""

import datetime
import ssl
from contextlib import closing

from ops.deploy import front_door
from ops.deploy.site import Site

SOON_DAYS = 14


def look(site: Site, *, now: datetime.datetime) -> dict[str, object]:
    """Return `until`, `days` and `problem`, each where there is something to tell; nothing where TLS is off."""
    if not site.is_tls:
        return {}
    try:
        until = expiry(site)
    except ssl.SSLCertVerificationError as error:
        return {"problem": error.verify_message}
    except (OSError, ValueError) as error:
        return {"problem": f"cannot be had of nginx: {error}"}
    days = (until - now).days
    problem = {"problem": f"ends in {days} days"} if days < SOON_DAYS else {}
    return {"until": until.isoformat(timespec="seconds"), "days": days, **problem}


def expiry(site: Site) -> datetime.datetime:
    """Return until when it is good. Raises OSError, of which ssl.SSLCertVerificationError is one: it is not good any more.

    Python reads a certificate only where it believes it: the first handshake fetches it, the second believes that very one.
    """
    with closing(front_door.connection(site)) as first:
        first.connect()
        content = first.socket_over_tls.getpeercert(binary_form=True) or b""
    context = ssl.create_default_context(cadata=ssl.DER_cert_to_PEM_cert(content))
    context.check_hostname = False
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    with closing(front_door.connection(site, context=context)) as second:
        second.connect()
        found = second.socket_over_tls.getpeercert() or {}
    return datetime.datetime.fromtimestamp(ssl.cert_time_to_seconds(str(found["notAfter"])), tz=datetime.UTC)
