"""What hangs is ended: a dump that stands still, a server that is frozen or goes away; and the clock may be set meanwhile."""

import contextlib
import datetime
import os
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest
from psycopg import sql

from ops.backup import command, fingerprint, sets, take, tools
from ops.backup.back_up import every_set
from ops.backup.database import Connection, Database
from ops.backup.programs import Program, run
from ops.backup.settings import Settings
from ops.backup.stall import Stall
from ops.errors import DONE, FAILED, OperatorError
from tests.ops.backup.history import counting, folder, left_over


@pytest.fixture
def own_server(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Program]:
    """A server of the test's own, with a table, that may be stopped."""
    place = Path(tempfile.mkdtemp(prefix="slipway-own-"))  # a socket's path is short
    if os.geteuid() == 0:
        shutil.chown(place, "nobody")
    run(tools.initdb(place / "data", user="postgres"), what="make a server", hint="")
    address = {"host": str(place), "user": "postgres", "dbname": "postgres"}
    serve = tools.serve(place / "data", socket_folder=place)
    with Program(serve, what="run a server", hint="", stop_signal=signal.SIGQUIT) as server:
        fill(Database(parameters=address))
        monkeypatch.setenv("DATABASE_URL", f"postgres://postgres@/{place}/postgres")
        yield server
    shutil.rmtree(place)


def fill(database: Database) -> None:
    """Make a table as soon as the server answers."""
    deadline = time.monotonic() + 60
    while True:
        try:
            with database.connect(is_autocommit=True) as connection:
                connection.execute("CREATE TABLE public.note AS SELECT i AS id FROM generate_series(1, 400) i")
                return
        except psycopg.OperationalError:
            assert time.monotonic() < deadline
            time.sleep(0.05)


def hold(connection: Connection, *, table: object) -> None:
    """Be at work in the server for long."""
    connection.execute("SELECT pg_sleep(60)")


def test_a_dump_that_stands_still_is_ended(
    settings: Settings, locked_table: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(take, "Stall", lambda database, path, **_: Stall(database, path, limit_seconds=0.5))
    assert command.main([]) == FAILED
    assert "pg_dump has written nothing, and no table was done" in capsys.readouterr().err
    assert (every_set(settings), left_over(settings)) == ([], [])


def test_fingerprints_alone_may_take_long_while_the_server_answers(settings: Settings, tmp_path: Path) -> None:
    stall = Stall(settings.database, tmp_path / "dump", limit_seconds=0)
    for _ in range(3):
        stall.look(is_dumping=False, fingerprints=1)
    away = Database(parameters={"host": str(tmp_path), "user": "nobody", "dbname": "away"})
    stall = Stall(away, tmp_path / "dump", limit_seconds=0)
    stall.look(is_dumping=False, fingerprints=1)
    with pytest.raises(OperatorError, match="the server does not answer"):
        stall.look(is_dumping=False, fingerprints=1)


def test_a_file_that_grows_is_no_stall(settings: Settings, tmp_path: Path) -> None:
    stall = Stall(settings.database, tmp_path / "dump", limit_seconds=0)
    for size in range(1, 4):
        (tmp_path / "dump").write_bytes(b"x" * size)
        stall.look(is_dumping=True, fingerprints=0)


def test_a_server_that_is_frozen_does_not_hold_the_run(
    own_server: Program, settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its processes are stopped, not ended: every connection is open, and no answer comes."""
    monkeypatch.setattr(take, "Stall", lambda database, path, **_: Stall(database, path, limit_seconds=0.5))
    monkeypatch.setattr(fingerprint, "CANCEL_SECONDS", 0.5)
    watch, frozen = take.watch, []

    def freeze_and_watch(*arguments: object) -> None:
        frozen.extend([psutil.Process(own_server.process.pid), *psutil.Process(own_server.process.pid).children()])
        for each in frozen:
            with contextlib.suppress(psutil.NoSuchProcess):  # one that was ending anyway
                each.suspend()
        watch(*arguments)  # type: ignore[arg-type]  # as they came

    monkeypatch.setattr(take, "watch", freeze_and_watch)
    monkeypatch.setattr(fingerprint, "of_table", hold)
    try:
        assert command.main([]) == FAILED
    finally:
        for each in frozen:
            with contextlib.suppress(psutil.NoSuchProcess):  # one that was ending anyway
                each.resume()
    assert "error: Cannot " in capsys.readouterr().err
    assert not list(settings.folder.glob("postgres/*"))


@pytest.mark.parametrize("how", [signal.SIGQUIT, signal.SIGINT])
def test_a_server_that_is_stopped_in_the_middle(
    how: signal.Signals,
    own_server: Program,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    watch = take.watch

    def stop_and_watch(*arguments: object) -> None:
        own_server.process.send_signal(how)
        own_server.process.wait(60)
        watch(*arguments)  # type: ignore[arg-type]  # as they came

    monkeypatch.setattr(take, "watch", stop_and_watch)
    monkeypatch.setattr(fingerprint, "of_table", hold)
    assert command.main([]) == FAILED
    assert "error: Cannot " in capsys.readouterr().err
    assert not list(settings.folder.glob("postgres/*"))


def test_a_disk_that_is_full_when_the_set_gets_its_name(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """ENOSPC may come from a rename as well, where the folder's list of names has to grow."""
    rename = Path.rename

    def refuse(self: Path, target: Path) -> Path:
        if self.name.endswith(sets.PARTIAL):
            raise OSError(28, "No space left on device", str(self))
        return rename(self, target)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "rename", refuse)
        assert command.main([]) == FAILED
    assert "No space left on device" in capsys.readouterr().err
    assert (every_set(settings), left_over(settings)) == ([], [])
    assert command.main([]) == DONE


def test_a_wrong_user_is_told(
    settings: Settings, url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", f"postgres://nobody-there:x@{url.rpartition('@')[2]}")
    assert command.main([]) == FAILED
    assert 'user "nobody-there"' in capsys.readouterr().err
    assert not folder(settings).exists()


def test_a_user_who_may_not_read_a_table_makes_no_set(
    settings: Settings,
    server: Connection,
    url: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    server.execute("CREATE ROLE reads_little LOGIN PASSWORD 'secret'")
    try:
        monkeypatch.setenv("DATABASE_URL", f"postgres://reads_little:secret@{url.rpartition('@')[2]}")
        assert command.main([]) == FAILED
        assert "permission denied for " in capsys.readouterr().err
        assert (every_set(settings), left_over(settings)) == ([], [])
    finally:
        server.execute("DROP ROLE reads_little")


@pytest.mark.parametrize("days", [-30, 400])
def test_a_clock_that_was_set_makes_a_set_and_removes_none_of_the_newest(
    days: int, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DB_BACKUP_MIN_KEEP", "3")
    assert command.main([]) == DONE
    (first,) = counting(settings)

    class Set(datetime.datetime):
        """The time of a clock that was set."""

        @classmethod
        def now(cls, tz: datetime.tzinfo | None = None) -> "Set":
            return super().now(tz) + datetime.timedelta(days=days)

    with monkeypatch.context() as patched:
        patched.setattr(datetime, "datetime", Set)
        assert command.main([]) == DONE
    assert len(counting(settings)) == 2
    assert command.main([]) == DONE  # it is right again
    assert len(counting(settings)) == 3
    assert first in counting(settings)


def test_large_objects_are_read_in_pieces(
    settings: Settings, database: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fingerprint, "PIECE_BYTES", 10)
    database.execute("SELECT lo_from_bytea(0, convert_to(repeat('x', n), 'UTF8')) FROM unnest(ARRAY[0, 9, 10, 35]) n")
    before = fingerprint.of_large_objects(database)
    assert before["rows"] == 4
    database.execute("SELECT lo_put(oid, 33, 'y') FROM pg_largeobject_metadata WHERE length(lo_get(oid)) = 35")
    after = fingerprint.of_large_objects(database)
    assert (after["rows"], after["fingerprint"] != before["fingerprint"]) == (4, True)
    assert command.main([]) == DONE


@pytest.mark.parametrize("words", fingerprint.TOO_LARGE)
def test_a_row_of_more_than_a_gigabyte_is_refused_by_name(
    words: str, settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """PostgreSQL's own words are given by a statement: a row of that size would need as much memory."""

    summed = fingerprint.summed

    def too_large(connection: Connection, query: sql.Composed) -> Any:
        if '"note"' in query.as_string(connection):  # others are looked at meanwhile
            connection.execute(f"DO $$ BEGIN RAISE '{words} 1073741824'; END $$".encode())
        return summed(connection, query)

    monkeypatch.setattr(fingerprint, "summed", too_large)
    assert command.main([]) == FAILED
    said = capsys.readouterr().err
    assert "Cannot back up public.note: it has a row of more than a gigabyte as text" in said
    assert (every_set(settings), left_over(settings)) == ([], [])
