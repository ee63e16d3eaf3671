#!/usr/bin/env python
"""Django's command line, with configuration errors told plainly."""

import os
import sys


def main() -> None:
    """Run a management command; a wrong environment ends it with all that is wrong, and status 1."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from django.core.management import execute_from_command_line

    from config.environment import ConfigurationError

    try:
        execute_from_command_line(sys.argv)
    except ConfigurationError as error:
        sys.stderr.write(f"{error}\n")
        raise SystemExit(1) from None


if __name__ == "__main__":
    main()
