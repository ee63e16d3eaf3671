"""Read replicas: which of them is fresh enough, and a thread's or a loop's connection to it in place of the primary's.

Who loses a replica's connection asks the primary: a thread begins the operation anew (`ReplicaLostError`), a loop goes to a thread.
"""

from __future__ import annotations

import itertools
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar
from weakref import WeakKeyDictionary

import psycopg
from django.conf import settings
from django.db import Error, OperationalError, connections
from django.db.backends.utils import CursorWrapper
from django.db.utils import DEFAULT_DB_ALIAS

from config.postgresql.base import DatabaseWrapper
from config.postgresql.beside import LEFT_OUT
from config.postgresql.positions import Primary, Replayed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from config.postgresql.beside import Loops

Found = TypeVar("Found")


class ReplicaLostError(BaseException):
    """A replica could not do what was asked of it. No Exception: what catches errors of a resolver's has none to tell."""


class ReplicaCursor(CursorWrapper):
    """A cursor at a replica: what fails there, for whatever reason, is asked of the primary."""

    def _execute(self, sql: Any, params: Any, *ignored_wrapper_args: Any) -> Any:
        try:
            return super()._execute(sql, params, *ignored_wrapper_args)  # type: ignore[misc]  # django-stubs leaves it out
        except Error as error:
            if isinstance(error.__cause__, psycopg.errors.QueryCanceled):
                raise  # by us: nobody waits for it any more
            self.db.lost()
            raise ReplicaLostError from error


class ReplicaWrapper(DatabaseWrapper):
    """A thread's connection to a replica, out of a pool of the replica's own."""

    def __init__(self, replica: Replica, pools: dict[str, Any]) -> None:
        super().__init__(dict(replica.settings), DEFAULT_DB_ALIAS)
        self.replica, self._connection_pools = replica, pools
        self.primary: Any = None  # whose place it takes

    def connect(self) -> None:
        """Connect; raises ReplicaLostError."""
        try:
            super().connect()
        except (OperationalError, psycopg.OperationalError) as error:
            self.replica.leave_out(str(error))
            raise ReplicaLostError from error

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """Return a connection; the breaker is for the primary."""
        return self.living_connection(conn_params)

    def lost(self) -> None:
        """Leave the replica out, where it was not the statement alone that failed."""
        if self.connection is None or self.connection.closed:
            self.replica.leave_out("a connection was lost")

    def make_cursor(self, cursor: Any) -> Any:
        """Return a cursor."""
        return ReplicaCursor(cursor, self)

    make_debug_cursor = make_cursor


class Replica:
    """One replica."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        self.settings = given
        self.watching = Replayed(f"{given['HOST']}:{given['PORT'] or 5432}/{given['NAME']}", options_of(given))
        self._lock, self._of_thread = threading.Lock(), threading.local()
        self._pools: tuple[int, dict[str, Any]] = (0, {})
        self.loops: Loops = WeakKeyDictionary()  # event loops' connections to it, and of which era

    @property
    def options(self) -> dict[str, Any]:
        """What psycopg connects by."""
        return self.watching.options

    @property
    def era(self) -> int:
        """Which database it serves by the name; connections of another era are not used any more."""
        return self.watching.database_number

    def leave_out(self, why: str) -> None:
        """Use it no more until it has been seen again."""
        self.watching.say_nothing_is_seen(why)

    def wrapper(self) -> ReplicaWrapper:
        """Return this thread's."""
        era, pools = self._pools_of_now()
        found: tuple[int, ReplicaWrapper] | None = getattr(self._of_thread, "found", None)
        if found is None or found[0] != era:
            found = self._of_thread.found = era, ReplicaWrapper(self, pools)
        return found[1]

    def _pools_of_now(self) -> tuple[int, dict[str, Any]]:
        era, pools = self._pools
        if era == self.era:
            return self._pools
        with self._lock:
            if self._pools[0] == era:
                self._pools = self.era, {}
                for each in pools.values():
                    each.close()
        return self._pools


class Replicas:
    """All of them, and the primary that they are compared with. One for each process."""

    def __init__(self) -> None:
        default = connections.settings[DEFAULT_DB_ALIAS]  # with all that Django fills in
        self.primary = Primary(options_of(default))
        self.all = [Replica({**default, **given}) for given in settings.DATABASE_REPLICAS]
        self._turn = itertools.count()
        for each in (self.primary, *(replica.watching for replica in self.all)):
            each.start()

    def stop(self) -> None:
        """Watch no more."""
        for each in (self.primary, *(replica.watching for replica in self.all)):
            each.is_over.set()
            each.join()

    def fresh(self, position: int) -> Replica | None:
        """Return one that has replayed up to a position, and all that is older than replicas may be behind; they take turns."""
        now = time.monotonic()
        written = self.primary.written_before(now - settings.DATABASE_REPLICA_LAG_SECONDS)
        if written is None:
            return None
        able = [each for each in self.all if each.watching.has_replayed(max(position, written), now=now)]
        return able[next(self._turn) % len(able)] if able else None


class Process:
    """What this process has."""

    lock: ClassVar[threading.Lock] = threading.Lock()
    replicas: ClassVar[Replicas | None] = None


def of_this_process() -> Replicas:
    """Return the replicas, which are watched from the first call on."""
    with Process.lock:
        if Process.replicas is None:
            Process.replicas = Replicas()
        return Process.replicas


def options_of(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return what psycopg connects by, for a connection in autocommit that nothing of Django's uses."""
    options = DatabaseWrapper(dict(given), DEFAULT_DB_ALIAS).get_connection_params()
    return {"autocommit": True, **{name: value for name, value in options.items() if name not in LEFT_OUT}}


@contextmanager
def reading(replica: Replica) -> Iterator[None]:
    """Have this thread's connection be the replica's. Raises ReplicaLostError."""
    primary, wrapper = connections[DEFAULT_DB_ALIAS], replica.wrapper()
    wrapper.execute_wrappers = primary.execute_wrappers  # which end what nobody waits for any more
    connections[DEFAULT_DB_ALIAS] = wrapper
    wrapper.primary = primary
    try:
        yield
    finally:
        connections[DEFAULT_DB_ALIAS] = primary
        wrapper.close()


def at_the_primary(look_up: Callable[[], Found]) -> Found:
    """Return what is looked up at the primary, also in a thread that reads from a replica, which may not know yet who signed out."""
    now: Any = connections[DEFAULT_DB_ALIAS]
    if not isinstance(now, ReplicaWrapper):
        return look_up()
    connections[DEFAULT_DB_ALIAS] = now.primary
    try:
        return look_up()
    finally:
        connections[DEFAULT_DB_ALIAS] = now
