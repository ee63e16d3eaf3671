"""`python -m ops.certificates`: reads the command line, and prints errors. The one place that does."""

import argparse
import datetime
import logging.config
import os
import sys
from pathlib import Path

from ops.errors import DONE, FAILED, OperatorError

STALE = datetime.timedelta(minutes=20)  # longer than certbot may run


def parser() -> argparse.ArgumentParser:
    """Return what reads the command line."""
    root = argparse.ArgumentParser(
        prog="python -m ops.certificates",
        description="Keep a certificate by ACME. Exit status: 0 done or well, 1 failed or not well, 2 wrong usage.",
    )
    verbs = root.add_subparsers(dest="verb", required=True)
    verbs.add_parser("run", help="ask for a certificate, renew it, and hand it to nginx, until a signal comes")
    verbs.add_parser("health", help="print in one line how the certificate is; the exit status says so, too")
    return root


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit status."""
    options = parser().parse_args(arguments)
    try:
        return run() if options.verb == "run" else health()
    except OperatorError as error:
        sys.stderr.write(f"{error}\n")
        return error.status


def run() -> int:
    """Run the service."""
    from config.logging import logging_settings
    from ops.certificates.service import Service
    from ops.certificates.settings import read

    os.umask(0o022)  # nginx, another user, reads the proofs
    settings = read(os.environ)
    logging.config.dictConfig(logging_settings(level=settings.log_level, log_format=settings.log_format))
    Service(settings).run()
    return DONE


def health(folder: Path = Path("/var/lib/certbot")) -> int:
    """Print what the running service has seen."""
    from ops.certificates import state

    found = state.read(folder)
    now = datetime.datetime.now(tz=datetime.UTC)
    if found.watched is None or now - found.watched > STALE:
        sys.stdout.write("The service has not looked for a certificate yet, or hangs.\n")
        return FAILED
    well = f"The certificate is well, until {found.until:%Y-%m-%d}." if found.until else "No certificate is shown."
    sys.stdout.write(("; ".join(found.wrong) or well) + "\n")
    return FAILED if found.wrong else DONE
