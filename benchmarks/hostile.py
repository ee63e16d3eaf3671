"""`make bench-hostile`: what the worst requests cost that are refused, in milliseconds of one processor, and how long others wait."""

import os
import sys

import django


def main() -> int:
    """Search with the settings of production, and without any server."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    os.environ.setdefault("ENV_FILE", "tests/check.env")
    django.setup()
    from benchmarks import hostile_search

    return hostile_search.main()


if __name__ == "__main__":
    sys.exit(main())
