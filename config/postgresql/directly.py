"""Has migrations come to PostgreSQL itself, where others come to a pooler: they hold a lock for as long as their session lasts."""

from typing import Any

from django.conf import settings
from django.db import connections


def connect_directly() -> None:
    """Connect this process by DATABASE_DIRECT_URL from now on, in every thread, where that is set."""
    if not settings.DATABASE_DIRECT:
        return
    default: Any = connections["default"]
    default.close()
    default.close_pool()
    connections.settings["default"].update(settings.DATABASE_DIRECT)
