"""The database backend: Django's own, with a breaker in front of new connections, that outlasts a restore (waiting.py).

While PostgreSQL is away, the pool lets each caller wait for seconds. One caller at a time should: an operation with ten
fields would else wait ten times, and a busy server would fill its threads with waiting.
"""

import select
import time
from typing import Any, ClassVar

import psycopg
from django.conf import settings
from django.contrib.postgres import signals
from django.db import OperationalError
from django.db.backends.postgresql import base
from psycopg_pool import ConnectionPool

from config.breaker import Breaker
from config.postgresql import waiting
from config.postgresql.prepared import PreparedCursor
from config.postgresql.times import reading_times

breaker = Breaker()

# A connection that nobody used for longer is asked whether it lives. Of one whose end comes sooner, the kernel knows.
UNUSED_SECONDS = 5.0


class Numbers:
    """Which database each alias's connections came to last. One for each process."""

    last: ClassVar[dict[str, int]] = {}


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection that is had at once, after the pool's time limit, or not at all."""

    def get_connection_params(self) -> dict[str, Any]:
        """Return what to connect by."""
        params: dict[str, Any] = super().get_connection_params()
        params["context"] = reading_times(params["context"])
        return params

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """Return a connection; raises OperationalError at once where another caller just failed to get one."""
        if breaker.is_open:
            raise psycopg.OperationalError("the database did not answer a moment ago")
        try:
            connection = self.living_connection(conn_params)
        except (OperationalError, psycopg.OperationalError):
            breaker.open()
            raise
        forget_the_other(self.alias, getattr(connection, "database_number", 0))
        return connection

    def living_connection(self, conn_params: dict[str, Any]) -> Any:
        """Return a connection that answers.

        Where one that was idle has died, so have others, by what ended it: all in the pool are made anew. The pool's own check would
        take one after the other, with a second and then two in between, and give up at the fourth.
        """
        connection = super().get_new_connection(conn_params)
        if self.pool is None or is_alive(connection):
            return connection
        self.pool.drain()
        self.pool.putconn(connection)
        return super().get_new_connection(conn_params)

    def has_moved(self) -> bool:
        """Tell whether ours is gone and its name another database's, to which we are connected then; raises OperationalError.

        Asked on a connection beside the pool, which may have none to spare: each thread has a dead one of it. Ours goes back first.
        """
        gone = self.connection
        with self.wrap_database_errors:
            if gone is None or not gone.closed or not is_another(self.number_now(), gone):
                return False
            give_back(gone)
            self.connection = None
            self.connection = self.get_new_connection(self.get_connection_params())
        self._set_autocommit(self.autocommit)  # type: ignore[attr-defined]  # django-stubs leaves it out
        return True

    def number_now(self) -> int:
        """Return the number of the database that has the name now; raises OperationalError."""
        options = self.pool.kwargs if self.pool else self.get_connection_params()
        with waiting.WaitingConnection.connect(**options) as connection:
            return connection.database_number

    def prepared_cursor(self) -> Any:
        """Return a cursor for one statement that is prepared once on each connection (prepared.py), and looks like any other.

        Behind a pooler in transaction mode it is any other: what one session has prepared the next one does not know.
        """
        if settings.DATABASE_IS_POOLED:
            return self.cursor()
        self.close_if_health_check_failed()
        self.ensure_connection()
        with self.wrap_database_errors:
            return self._prepare_cursor(PreparedCursor(self.connection))  # type: ignore[attr-defined]  # django-stubs leaves it out

    def make_cursor(self, cursor: Any) -> waiting.Cursor:
        """Return a cursor."""
        return waiting.Cursor(cursor, self)

    def make_debug_cursor(self, cursor: Any) -> waiting.DebugCursor:
        """Return one that logs its statements."""
        return waiting.DebugCursor(cursor, self)


def is_alive(connection: Any) -> bool:
    """Tell whether a connection answers. One that answered a moment ago is asked only where the server has said something since.

    It says so where it ends a session, and the kernel where the server is no more. That costs a microsecond, and to ask half a
    statement.
    """
    now = time.monotonic()
    if now - getattr(connection, "answered_at", 0.0) > UNUSED_SECONDS or has_news(connection):
        try:
            ConnectionPool.check_connection(connection)
        except psycopg.Error:
            return False
    connection.answered_at = now
    return True


def has_news(connection: Any) -> bool:
    """Tell whether there is something to read, which nobody asked for, or the connection is closed."""
    if connection.closed:
        return True
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    return bool(poll.poll(0))


def forget_the_other(alias: str, number: int) -> None:
    """Forget what Django remembers of the database that had the name before: the numbers of extensions' types are others."""
    if Numbers.last.setdefault(alias, number) != number:
        Numbers.last[alias] = number
        for remembered in (signals.get_hstore_oids, signals.get_citext_oids):
            remembered.cache_clear()  # type: ignore[attr-defined]  # an lru_cache's


def is_another(number: int, gone: Any) -> bool:
    """Tell whether a number is another database's than the one that a connection came to, as far as that is known."""
    before = getattr(gone, "database_number", 0)
    return 0 not in (number, before) and number != before


def give_back(connection: Any) -> None:
    """Give a connection back to its pool, or close it where it is of none."""
    pool = getattr(connection, "_pool", None)
    if pool is not None:
        pool.putconn(connection)
    else:
        connection.close()
