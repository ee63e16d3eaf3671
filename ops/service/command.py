"""`python3 -m ops.service`: reads the command line, and prints errors. The one place that does."""

import argparse
import json
import logging.config
import os
import sys

from ops.errors import DONE, OperatorError
from ops.service import probe


def parser() -> argparse.ArgumentParser:
    """Return what reads the command line."""
    root = argparse.ArgumentParser(
        prog="python3 -m ops.service",
        description="Back up by the clock, and tell how it goes. Exit status: 0 done or healthy, 1 failed or not healthy, "
        "2 wrong usage.",
    )
    verbs = root.add_subparsers(dest="verb", required=True)
    verbs.add_parser("run", help="run the jobs by the clock until a signal comes; one at a time on a machine")
    shown = verbs.add_parser("status", help="show what the running service knows, and when it does what next")
    shown.add_argument("--json", action="store_true", help="print it as JSON")
    verbs.add_parser("health", help="print in one line whether backups are well; the exit status says so, too")
    return root


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit status."""
    options = parser().parse_args(arguments)
    if options.verb == "health":
        return probe.main()
    try:
        return run() if options.verb == "run" else tell(is_json=options.json)
    except OperatorError as error:
        sys.stderr.write(f"{error}\n")
        return error.status


def run() -> int:
    """Run the service."""
    from config.logging import logging_settings
    from ops.service.service import Service
    from ops.service.settings import read

    settings = read(os.environ)
    logging.config.dictConfig(logging_settings(level=settings.log_level, log_format=settings.log_format))
    Service(settings).run()
    return DONE


def tell(*, is_json: bool) -> int:
    """Show what the running service knows."""
    from ops.service import status

    found = probe.asked()
    sys.stdout.write((json.dumps(found, indent=1) if is_json else status.as_lines(found)) + "\n")
    return DONE
