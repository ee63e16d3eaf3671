"""How far the primary has written its WAL and each replica has replayed it, looked at again and again by a thread for each server.

A look that is older than `STALE_SECONDS` says nothing any more, however the server came not to answer: its replica is left out.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psycopg
from django.conf import settings

from config.measuring.numbers import replicas_there
from config.postgresql.waiting import WaitingConnection

if TYPE_CHECKING:
    from collections.abc import Mapping

logger = logging.getLogger("slipway.replicas")

LOOK_SECONDS = 0.25
STALE_SECONDS = 0.8
SOON = {
    "connect_timeout": 2,
    "tcp_user_timeout": 1000,
}  # a server that is gone without a word is not waited for; 2 s is libpq's least
# A replica that was promoted is none any more: it goes its own way.
REPLAYED = "SELECT (pg_last_wal_replay_lsn() - '0/0')::bigint, pg_is_in_recovery(), datname = %s FROM pg_database WHERE oid = %s"
WRITTEN = "SELECT (pg_current_wal_lsn() - '0/0')::bigint"


@dataclass(frozen=True, slots=True)
class Look:
    """A position in the WAL, as a number, and when it was seen, on the monotonic clock."""

    position: int
    at: float


class Watching(threading.Thread):
    """Looks at one server for as long as the process lives."""

    def __init__(self, name: str, options: Mapping[str, Any]) -> None:
        super().__init__(name=f"watching {name}", daemon=True)
        self.title, self.options = name, {**SOON, **options}
        self.is_over = threading.Event()

    def run(self) -> None:
        """Look, and begin anew whenever that fails."""
        while not self.is_over.wait(LOOK_SECONDS):
            try:
                with WaitingConnection.connect(**self.options) as connection:
                    while not self.is_over.is_set() and self.look(connection):
                        self.is_over.wait(LOOK_SECONDS)
            except psycopg.Error as error:
                self.say_nothing_is_seen(str(error))

    def look(self, connection: WaitingConnection) -> bool:
        """Note what is seen; return False where another connection is needed. Raises psycopg.Error."""
        raise NotImplementedError

    def say_nothing_is_seen(self, why: str) -> None:
        """Note that the server does not answer."""


class Primary(Watching):
    """The primary, and what it had written when."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        super().__init__("the primary", options)
        self._looks: deque[Look] = deque(maxlen=int((settings.DATABASE_REPLICA_LAG_SECONDS + 1) / LOOK_SECONDS))

    def look(self, connection: WaitingConnection) -> bool:
        """Note how far it has written."""
        row = connection.execute(WRITTEN, prepare=False).fetchone()
        self._looks.append(Look((row or (0,))[0], time.monotonic()))
        return True

    def written_before(self, moment: float) -> int | None:
        """Return what was written by then, or by the first look where that came later; None where there was none.

        Where it does not answer that stays as it is: nobody can write then.
        """
        looks = tuple(self._looks)
        return max((look.position for look in looks if look.at <= moment), default=looks[0].position if looks else None)


class Replayed(Watching):
    """A replica, and what it has replayed. `database_number` tells which database has the name there."""

    def __init__(self, name: str, options: Mapping[str, Any]) -> None:
        super().__init__(name, options)
        self._look: Look | None = None
        self._lock, self._is_told = threading.Lock(), False
        self.database_number = 0

    def look(self, connection: WaitingConnection) -> bool:
        """Note how far it is; a restore may have given the name to another database than we are connected to."""
        asked_at = time.monotonic()
        given = [self.options["dbname"], connection.database_number]
        row = connection.execute(REPLAYED, given, prepare=False).fetchone()
        position, is_replica, is_the_one = row or (0, False, False)
        if not (is_replica and is_the_one):
            self.say_nothing_is_seen("it is no replica any more" if is_the_one else "its database has another name")
            return False
        self.database_number = connection.database_number
        self._look = Look(position, asked_at)
        self._tell(is_there=True, why="")
        return True

    def say_nothing_is_seen(self, why: str) -> None:
        """Leave it out until it is seen again."""
        self._look = None
        self._tell(is_there=False, why=why)

    def has_replayed(self, position: int, *, now: float) -> bool:
        """Whether it answers, and is so far."""
        look = self._look
        return look is not None and now - look.at < STALE_SECONDS and look.position >= position

    def _tell(self, *, is_there: bool, why: str) -> None:
        with self._lock:
            if is_there == self._is_told:
                return
            self._is_told = is_there
        replicas_there.inc(1 if is_there else -1)
        if is_there:
            logger.info("a replica is there", extra={"replica": self.title})
        else:
            logger.warning("a replica is left out", extra={"replica": self.title, "why": why[:500]})
