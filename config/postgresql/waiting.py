"""Connections and statements that outlast a restore, which gives another database the name of the live one (ops/restore/switch.py),
and a new password, which stands in the file that the address came from by the time the server asks for it (ops/stack/rotation.py).

Meanwhile the server lets new connections to the name wait, then tells them that it has just been given away: to connect again is all
that is needed. Sessions that were idle are closed by the server; what one of them was about to do is done in the other database.
"""

import time
from pathlib import Path
from typing import Any, ClassVar, Self

import environ
import psycopg
from django.conf import settings
from django.db.backends.postgresql import base
from django.db.backends.utils import CursorWrapper
from django.db.utils import InterfaceError, OperationalError
from psycopg.pq import TransactionStatus

from config.postgresql.prepared import Prepared, PreparedCursor

AGAIN_SECONDS = 2.0  # as long as a switch may hold requests up, and less than the pool lets a caller wait
PAUSE_SECONDS = 0.02
# The server sends no code before a connection is made, only words; in another language of its, the pool tries again after a second.
RENAMED = ("just been dropped or renamed", "is not currently accepting connections")
OWN_NUMBER = "SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database()"


REFUSED = "password authentication failed"


class Passwords:
    """The newest password that was read again, for a server's address. One for each process."""

    newest: ClassVar[str | None] = None


class WaitingConnection(psycopg.Connection[Any]):
    """A connection that is tried again while its database changes its name, and with a new password where there is one.

    `database_number` tells which database it came to, `answered_at` when it was last known to live, on the monotonic clock, and
    `prepared` holds its statements, once there are any.
    """

    database_number = 0
    answered_at = 0.0
    prepared: Prepared | None = None

    @classmethod
    def connect(cls, *arguments: Any, **options: Any) -> Self:
        """Connect. Raises psycopg.OperationalError at once, but where the name has just been given away."""
        deadline = time.monotonic() + AGAIN_SECONDS
        while True:
            tried = Passwords.newest or options.get("password")
            try:
                connection = super().connect(*arguments, **(options | {"password": tried} if tried else options))
                break
            except psycopg.OperationalError as error:
                if REFUSED in str(error) and (found := password_by_now()) not in (None, tried):
                    Passwords.newest = found
                    continue
                if time.monotonic() > deadline or not any(words in str(error) for words in RENAMED):
                    raise
            time.sleep(PAUSE_SECONDS)
        with psycopg.Cursor(connection) as cursor:
            cursor.execute(OWN_NUMBER, prepare=False)
            connection.database_number = int((cursor.fetchone() or (0,))[0])
        connection.rollback()
        return connection


def password_by_now() -> str | None:
    """Return the password that stands in the address's file, None where there is none."""
    path = settings.DATABASE_URL_FILE
    try:
        address = Path(path).read_text(encoding="utf-8").strip() if path else ""
        found = environ.Env.db_url_config(address).get("PASSWORD") if address else None
    except (OSError, ValueError):
        return None
    return str(found) if found else None


class AgainMixin(CursorWrapper):
    """A cursor whose statement is sent again, once, where another database has its session's name since.

    Only one with which the server had begun nothing: on its own, or the first of a transaction. Were it written in the old database
    after all, that one is out of use; so nothing is done twice. Where the name is still the same database's, an error stays one.
    """

    def _execute(self, sql: Any, params: Any, *ignored_wrapper_args: Any) -> Any:
        is_first = self.is_first
        try:
            return super()._execute(sql, params, *ignored_wrapper_args)  # type: ignore[misc]  # django-stubs leaves it out
        except (OperationalError, InterfaceError):
            if not is_first or not self.db.has_moved():
                raise
        is_prepared = isinstance(self.cursor, PreparedCursor)
        self.cursor = PreparedCursor(self.db.connection) if is_prepared else self.db.create_cursor()
        return super()._execute(sql, params, *ignored_wrapper_args)  # type: ignore[misc]  # as above

    @property
    def is_first(self) -> bool:
        """Whether the server knows nothing yet of what this cursor is a part of. One with a name is of more than one statement."""
        if self.db.connection is None or getattr(self.cursor, "name", None):
            return False
        status = self.db.connection.pgconn.transaction_status
        return bool(
            status == TransactionStatus.IDLE or (status == TransactionStatus.UNKNOWN and not self.db.in_atomic_block)
        )


class Cursor(AgainMixin, CursorWrapper):
    """The ordinary cursor."""


class DebugCursor(AgainMixin, base.CursorDebugWrapper):
    """The one that logs its statements."""
