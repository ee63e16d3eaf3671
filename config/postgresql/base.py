"""The database backend: Django's own, with a breaker in front of new connections.

While PostgreSQL is away, the pool lets each caller wait for seconds. One caller at a time should: an operation with ten
fields would else wait ten times, and a busy server would fill its threads with waiting.
"""

import time
from typing import Any

import psycopg
from django.db import OperationalError
from django.db.backends.postgresql import base

# For so long after a connection could not be had, nobody tries again.
OPEN_SECONDS = 1.0


class Breaker:
    """Remembers until when trying is pointless. One for each process; a torn read costs one try more or less."""

    def __init__(self) -> None:
        self._closed_at = 0.0

    @property
    def is_open(self) -> bool:
        """Whether a connection could not be had a moment ago."""
        return time.monotonic() < self._closed_at

    def open(self) -> None:
        """Keep callers away for a while."""
        self._closed_at = time.monotonic() + OPEN_SECONDS


breaker = Breaker()


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection that is had at once, after the pool's time limit, or not at all."""

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """Return a connection; raises OperationalError at once where another caller just failed to get one."""
        if breaker.is_open:
            raise psycopg.OperationalError("the database did not answer a moment ago")
        try:
            return super().get_new_connection(conn_params)
        except (OperationalError, psycopg.OperationalError):
            breaker.open()
            raise
