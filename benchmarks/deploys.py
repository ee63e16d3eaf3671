"""`make bench-deploys`: deploys in a row, while people read, write, upload and watch through nginx, over TLS.

On a production of its own, made by scripts/deploy.sh in a temporary folder and removed in the end. Needs Docker. Exit status: 0 where
no request failed, no write was lost and every subscription was back in time, else 1.
"""

import argparse
import logging
import ssl
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.running.client import Person
from tests.stack.certificates import make_certificate
from tests.stack.load import Load, under_load
from tests.stack.site import Production

BACK_WITHIN_SECONDS = 2.0
RATES = {"NGINX_RATE_PER_SECOND": "5000", "NGINX_RATE_BURST": "5000", "GRAPHQL_RATE_PER_MINUTE": "1000000"}
HEAD = "| deploy | seconds | requests | failed | subscriptions back | the slowest, s | longest pause, s | of a |"


def main() -> int:
    """Run the benchmark; print its table."""
    options = parser().parse_args()
    logging.getLogger("httpx").setLevel(logging.WARNING)
    with tempfile.TemporaryDirectory(prefix="slipway-bench-") as folder:
        place = Path(folder)
        place.chmod(0o755)
        with production(place, build_others=options.with_backups) as made:
            trust = ssl.create_default_context(cafile=place / "tls" / "fullchain.pem")
            with Person(made, trust=trust) as person:
                person.sign_up("ada@example.com")
                with under_load(person) as load:
                    rows = [deployed(made, load, number, options) for number in range(1, options.deploys + 1)]
                lost = load.lost()
    sys.stdout.write("\n".join([HEAD, "|" + " --- |" * 8, *rows]) + "\n")
    late = [gap for gap in load.seen.gaps if gap > BACK_WITHIN_SECONDS]
    sys.stdout.write(f"\n{load.seen.words}\n{len(lost)} writes lost, {len(late)} subscriptions back after 2 s\n")
    return int(bool(load.seen.failures or lost or late))


def parser() -> argparse.ArgumentParser:
    """Return what reads the command line."""
    root = argparse.ArgumentParser(prog="make bench-deploys", description=__doc__)
    root.add_argument("--deploys", type=int, default=10, help="how many deploys there are in a row (default: 10)")
    root.add_argument("--with-backups", action="store_true", help="back up before each, as a deploy does by itself")
    return root


@contextmanager
def production(place: Path, *, build_others: bool) -> Iterator[Production]:
    """Make a production, and remove it."""
    make_certificate(place / "tls")
    made = Production(place)
    try:
        made.prepare(TLS_MODE="files", TLS_FOLDER=str(place / "tls"), COMPOSE_PROFILES="", **RATES)
        made.deploy()
        if build_others:
            made.compose("build", "--quiet", "backup")
        yield made
    finally:
        made.remove()


def deployed(made: Production, load: Load, number: int, options: argparse.Namespace) -> str:
    """Deploy once more; return the table's row."""
    seen = load.seen
    requests, failed, gaps = seen.requests, len(seen.failures), len(seen.gaps)
    seen.longest_seconds = 0.0
    began = time.monotonic()
    made.commit(f"Deploy {number}")
    made.deploy(*([] if options.with_backups else ["--without-backup"]))
    seconds = time.monotonic() - began
    back = seen.gaps[gaps:]
    for failure in seen.failures[failed:]:
        sys.stderr.write(f"{failure}\n")
    return (
        f"| {number} | {seconds:.0f} | {seen.requests - requests} | {len(seen.failures) - failed} | {len(back)} | "
        f"{max(back, default=0):.2f} | {seen.longest_seconds:.2f} | {seen.longest} |"
    )


if __name__ == "__main__":
    sys.exit(main())
