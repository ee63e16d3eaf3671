"""A restore gives another database the name of the live one, under load: no request of the application's fails."""

import os
import threading
import time
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.db import OperationalError, connections
from psycopg import sql
from pytest_django import DjangoDbBlocker

from config.postgresql.base import DatabaseWrapper, breaker
from ops.backup.database import Database
from ops.restore import marks
from ops.restore.marks import Mark
from ops.restore.switch import Plan, switch

THREADS = 6
LIVE, OTHER, ALIAS = "moving live", "moving other", "moving"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[psycopg.Connection[Any]]:
    """Two databases with a table; in the one that becomes the live one it says so."""
    monkeypatch.setattr(breaker, "_closed_at", 0.0)
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        for name in (LIVE, OTHER):
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
            with psycopg.connect(os.environ["DATABASE_URL"], dbname=name) as inside:
                inside.execute("CREATE TABLE note (text text)")
                inside.execute("CREATE TABLE which AS SELECT %s AS name", [name])
        yield connection
        names = [LIVE, *(each.name for each in marks.found(connection, database=LIVE)), OTHER]
        for name in names:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def of_live(room: int) -> dict[str, Any]:
    """Return the application's settings for the live database, with a pool of so many connections at the most."""
    settings = connections["default"].settings_dict
    options = {**settings["OPTIONS"], "pool": {**settings["OPTIONS"]["pool"], "max_size": room}}
    return {**settings, "NAME": LIVE, "OPTIONS": options}


@pytest.fixture
def room() -> int:
    """More than the threads need: Django asks for the numbers of types on a connection of the alias's own, not theirs here."""
    return 2 * THREADS


@pytest.fixture
def wrappers(
    server: object, room: int, django_db_blocker: DjangoDbBlocker, monkeypatch: pytest.MonkeyPatch
) -> Iterator[list[DatabaseWrapper]]:
    """Connections of several threads, from one pool."""
    monkeypatch.setitem(connections.settings, ALIAS, of_live(room))
    each = [DatabaseWrapper(of_live(room), alias=ALIAS) for _ in range(THREADS)]
    for one in each:
        one.inc_thread_sharing()
    with django_db_blocker.unblock():
        name_of(each[0])  # Django asks once for the numbers of extensions' types, on a connection of the alias's own
        connections[ALIAS].close()
        yield each
        for one in each:
            one.close()
    each[0].close_pool()


def move(server: psycopg.Connection[Any]) -> float:
    """Give the other database the live one's name."""
    mark = Mark(kind=marks.KEPT, database=LIVE, set_id="", at="", comment=None)
    database = Database.of_url(os.environ["DATABASE_URL"]).named(LIVE)
    return switch(database, Plan(live=LIVE, incoming=OTHER, kept_as="moving kept", mark=mark))


def name_of(connection: DatabaseWrapper) -> str:
    """Ask which database it is."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM which")
        return str(cursor.fetchone()[0])


class Load(threading.Thread):
    """Requests one after the other: statements on their own, a while of nothing, a transaction."""

    def __init__(self, connection: DatabaseWrapper, over: threading.Event) -> None:
        super().__init__()
        self.connection, self.over = connection, over
        self.errors: list[str] = []
        self.longest_seconds, self.done = 0.0, 0

    def run(self) -> None:
        while not self.over.is_set():
            began = time.monotonic()
            try:
                self.request()
            except Exception as error:  # noqa: BLE001 - whatever a request would fail with
                self.errors.append(repr(error))
            self.longest_seconds = max(self.longest_seconds, time.monotonic() - began)
            self.done += 1

    def request(self) -> None:
        name_of(self.connection)
        time.sleep(0.01)
        name_of(self.connection)
        self.connection.set_autocommit(False)
        with self.connection.cursor() as cursor:
            cursor.execute("INSERT INTO note VALUES ('first')")
            cursor.execute("INSERT INTO note VALUES ('second')")
        self.connection.commit()
        self.connection.set_autocommit(True)
        if self.done % 3 == 0:
            self.connection.close()


def test_under_load_no_request_fails_and_none_is_halved(
    server: psycopg.Connection[Any], wrappers: list[DatabaseWrapper]
) -> None:
    over = threading.Event()
    threads = [Load(each, over) for each in wrappers]
    for thread in threads:
        thread.start()
    time.sleep(0.5)
    move(server)
    time.sleep(0.3)
    over.set()
    for thread in threads:
        thread.join()
    assert [thread.errors for thread in threads] == [[]] * len(threads)
    assert min(thread.done for thread in threads) > 1
    assert name_of(wrappers[0]) == OTHER
    for name in (LIVE, "moving kept"):
        with psycopg.connect(os.environ["DATABASE_URL"], dbname=name) as inside:
            counts = inside.execute("SELECT text, count(*) FROM note GROUP BY 1 ORDER BY 1").fetchall()
        assert len({count for _, count in counts}) <= 1


def test_between_two_statements_a_connection_is_replaced(
    server: psycopg.Connection[Any], wrappers: list[DatabaseWrapper]
) -> None:
    connection = wrappers[0]
    assert name_of(connection) == LIVE
    wrappers[1].set_autocommit(False)  # begun here, and nothing told to the server
    move(server)
    assert name_of(connection) == OTHER
    assert name_of(wrappers[1]) == OTHER
    assert not wrappers[1].get_autocommit()
    wrappers[1].rollback()
    wrappers[1].set_autocommit(True)


@pytest.mark.parametrize("room", [THREADS])
def test_where_each_thread_has_one_all_are_replaced(
    server: psycopg.Connection[Any], wrappers: list[DatabaseWrapper]
) -> None:
    assert {name_of(each) for each in wrappers} == {LIVE}
    move(server)
    assert [name_of(each) for each in wrappers] == [OTHER] * len(wrappers)


def test_connections_that_were_idle_in_the_pool_are_replaced_all_at_once(
    server: psycopg.Connection[Any], wrappers: list[DatabaseWrapper]
) -> None:
    assert {name_of(each) for each in wrappers} == {LIVE}
    for each in wrappers:
        each.close()  # by which it goes back to the pool
    move(server)
    assert [name_of(each) for each in wrappers] == [OTHER] * len(wrappers)


def test_a_connection_that_is_lost_to_the_same_database_is_an_error_still(
    server: psycopg.Connection[Any], wrappers: list[DatabaseWrapper]
) -> None:
    connection = wrappers[0]
    assert name_of(connection) == LIVE
    server.execute("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s", [LIVE])
    with pytest.raises(OperationalError):
        name_of(connection)


def test_a_transaction_that_has_begun_is_not_begun_again(
    server: psycopg.Connection[Any], wrappers: list[DatabaseWrapper]
) -> None:
    connection = wrappers[0]
    connection.set_autocommit(False)
    assert name_of(connection) == LIVE
    server.execute("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s", [LIVE])
    move(server)
    with pytest.raises(OperationalError):
        name_of(connection)


def test_where_no_database_has_the_name_the_error_is_one_that_callers_know(
    server: psycopg.Connection[Any], wrappers: list[DatabaseWrapper]
) -> None:
    name_of(wrappers[0])
    server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(LIVE)))
    with pytest.raises(OperationalError):
        name_of(wrappers[0])
