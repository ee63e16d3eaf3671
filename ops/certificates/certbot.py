"""Builds certbot's command line. Runs nothing."""

import sys
from pathlib import Path

from ops.certificates.settings import Settings


def command(settings: Settings) -> list[str]:
    """Return what asks for a certificate where there is none, and renews one that is due: for other names, it is due at once."""
    contact = ["--email", settings.email, "--no-eff-email"] if settings.email else ["--register-unsafely-without-email"]
    names = [word for name in settings.names for word in ("--domain", name)]
    return [
        str(Path(sys.executable).with_name("certbot")), "certonly", "--non-interactive", "--agree-tos", *contact,
        "--server", settings.server, "--webroot", "--webroot-path", str(settings.places.proofs),
        "--cert-name", "site", *names, "--keep-until-expiring", "--renew-with-new-domains",
        "--config-dir", str(settings.folder), "--work-dir", str(settings.folder / "work"),
        "--logs-dir", str(settings.folder / "logs"), "--max-log-backups", "10",
    ]  # fmt: skip
