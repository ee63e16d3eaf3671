"""What a restore refuses, and what goes wrong: the live database is as it was, and the next restore is well."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from config.environment_values import ROOT
from ops.backup import files, lock, manifest
from ops.backup.database import Connection, Database
from ops.backup.sets import BackupSet
from ops.backup.settings import Settings
from ops.errors import DONE, FAILED, LOCKED, REFUSED, WRONG_USAGE
from ops.restore import command, fitness, gate, marks, sessions, switch, terminal
from ops.restore import server as restore_server
from tests.ops.backup.conftest import NAME, ROWS
from tests.ops.backup.history import cut, flip_a_bit
from tests.ops.restore.conftest import databases, lose_rows, rows

GO = ("latest", "--overwrite", "--without-safety-backup")
Damage = Callable[[Path], None]


@pytest.fixture
def untouched(backup_set: BackupSet, url: str, server: Connection) -> Iterator[BackupSet]:
    """A set, and a live database that has lost rows. After the test it has as many, and is the same one."""
    lose_rows(url)
    before = marks.oid_of(server, NAME)
    yield backup_set
    assert rows(url) == ROWS // 2
    assert marks.oid_of(server, NAME) == before


def rewrite(backup_set: BackupSet, **facts: Any) -> None:
    """Have a manifest say something else, as if it had been written so."""
    for name in (manifest.MANIFEST, manifest.SUMS):
        (backup_set.folder / name).unlink()
    manifest.write(backup_set.folder, replace(backup_set.manifest, **facts))
    verification = backup_set.verification
    assert verification is not None
    own = files.sha256(backup_set.folder / manifest.MANIFEST)
    manifest.write_verification(backup_set.folder, replace(verification, manifest_sha256=own))


def test_without_a_terminal_it_has_to_be_told_to_overwrite(
    untouched: BackupSet, server: Connection, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(terminal, "can_be_asked", lambda: False)
    assert command.main(["latest"]) == REFUSED
    assert (
        f'Refusing to restore into "{NAME}": it is there, with 1 tables. Nothing was changed.'
        in capsys.readouterr().err
    )
    assert databases(server) == {}


def test_at_a_terminal_the_name_has_to_be_typed_and_what_is_ready_is_not_loaded_again(
    backup_set: BackupSet,
    url: str,
    server: Connection,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    lose_rows(url)
    monkeypatch.setattr(terminal, "can_be_asked", lambda: True)
    monkeypatch.setattr(terminal, "ask", lambda *_: "yes")
    assert command.main(["latest", "--without-safety-backup"]) == REFUSED
    assert "that is not the database's name" in capsys.readouterr().err
    assert rows(url) == ROWS // 2
    assert list(databases(server).values()) == [marks.READY]
    monkeypatch.setattr(terminal, "ask", lambda *_: NAME)
    assert command.main(["latest", "--without-safety-backup"]) == DONE
    printed = capsys.readouterr().err
    assert "only the switch is left" in printed
    assert "Restoring" not in printed
    assert rows(url) == ROWS


@pytest.mark.parametrize(
    ("name", "damage"),
    [(manifest.DUMP, flip_a_bit), (manifest.DUMP, cut), (manifest.ROLES, flip_a_bit), (manifest.MANIFEST, cut)],
)
def test_a_damaged_file_is_found_before_anything_is_written(
    name: str, damage: Damage, untouched: BackupSet, server: Connection, capsys: pytest.CaptureFixture[str]
) -> None:
    damage(untouched.folder / name)
    assert command.main([untouched.id, *GO[1:]]) == FAILED
    assert "as it was written" in capsys.readouterr().err
    assert databases(server) == {}


@pytest.mark.parametrize(
    ("program", "message"),
    [("server", "is of PostgreSQL 99.1, and the server is"), ("pg_dump", "was written by pg_dump (PostgreSQL) 99.1")],
)
def test_a_newer_set_is_refused(
    program: str, message: str, untouched: BackupSet, server: Connection, capsys: pytest.CaptureFixture[str]
) -> None:
    version = {"server": "99.1", "pg_dump": "pg_dump (PostgreSQL) 99.1"}[program]
    rewrite(untouched, versions=untouched.manifest.versions | {program: version})
    assert command.main([*GO]) == REFUSED
    assert message in capsys.readouterr().err
    assert databases(server) == {}


def test_a_set_of_an_older_server_is_compared_by_counts(
    backup_set: BackupSet, capsys: pytest.CaptureFixture[str]
) -> None:
    tables = {"public.note": {"rows": ROWS, "fingerprint": "another major's"}}
    rewrite(backup_set, versions=backup_set.manifest.versions | {"server": "17.2"}, tables=tables)
    assert command.main([*GO]) == DONE
    assert "counts are compared, fingerprints are not" in capsys.readouterr().err


def test_too_little_room_is_refused(
    untouched: BackupSet, server: Connection, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert fitness.free_at(server)
    monkeypatch.setattr(fitness, "free_at", lambda _: 1000)
    assert command.main([*GO]) == REFUSED
    assert "and the server's disk has 0.0 MB" in capsys.readouterr().err
    assert databases(server) == {}


@pytest.mark.parametrize(
    ("fact", "value", "difference"),
    [
        ("tables", {"public.note": {"rows": ROWS, "fingerprint": "1:1"}}, "as many rows, and other contents"),
        ("tables", {"public.note": {"rows": 1, "fingerprint": "1:1"}}, f"has {ROWS} rows instead of 1"),
        ("large_objects", {"rows": 1, "fingerprint": "1:1"}, "there are 0 large objects instead of 1"),
        ("extensions", {"plpgsql": "1.0", "postgis": "3"}, "extension postgis is missing"),
    ],
)
def test_what_is_not_equal_does_not_go_live(
    fact: str,
    value: object,
    difference: str,
    untouched: BackupSet,
    server: Connection,
    capsys: pytest.CaptureFixture[str],
) -> None:
    rewrite(untouched, **{fact: value})
    assert command.main([*GO]) == FAILED
    printed = capsys.readouterr().err
    assert difference in printed
    assert "The live database is as it was." in printed
    assert databases(server) == {}


def test_a_dump_that_can_not_be_restored(
    untouched: BackupSet, server: Connection, capsys: pytest.CaptureFixture[str]
) -> None:
    dump = untouched.folder / manifest.DUMP
    content = dump.read_bytes()
    dump.write_bytes(content[: len(content) * 2 // 3])
    facts = {"bytes": dump.stat().st_size, "sha256": files.sha256(dump)}
    rewrite(untouched, files=untouched.manifest.files | {manifest.DUMP: facts})
    assert command.main([*GO]) == FAILED
    assert "pg_restore ended with status 1" in capsys.readouterr().err
    assert databases(server) == {}


def test_one_at_a_time(untouched: BackupSet, settings: Settings, url: str, capsys: pytest.CaptureFixture[str]) -> None:
    with lock.held(settings.folder, what="backup"):
        assert command.main([*GO]) == LOCKED
    assert "does a backup since" in capsys.readouterr().err
    with (
        restore_server.connected(Database.of_url(url)) as connection,
        restore_server.alone(connection, database=NAME),
    ):
        assert command.main([*GO]) == LOCKED
    assert "another machine restores" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (("20200101T000000Z", "--overwrite"), WRONG_USAGE, "There is no set 20200101T000000Z"),
        (("--undo",), REFUSED, "no database is kept"),
    ],
)
def test_what_is_not_there(
    arguments: tuple[str, ...], status: int, message: str, untouched: BackupSet, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.main([*arguments]) == status
    assert message in capsys.readouterr().err


def test_the_latest_is_one_that_counts(untouched: BackupSet, capsys: pytest.CaptureFixture[str]) -> None:
    (untouched.folder / manifest.VERIFICATION).unlink()
    assert command.main([*GO]) == REFUSED
    assert "none of the sets" in capsys.readouterr().err


def test_which_set_has_to_be_said(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        command.main(["--overwrite"])
    assert ended.value.code == WRONG_USAGE


def test_somebody_s_database_of_a_like_name_is_let_be(backup_set: BackupSet, server: Connection, url: str) -> None:
    theirs = f"{NAME}_restore_{backup_set.id}"
    server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(theirs)))
    try:
        assert command.main([*GO]) == DONE
        assert marks.oid_of(server, theirs) is not None
    finally:
        server.execute(sql.SQL("DROP DATABASE {}").format(sql.Identifier(theirs)))


def test_an_open_transaction_stops_the_switch_and_is_named(
    backup_set: BackupSet,
    url: str,
    monkeypatch: pytest.MonkeyPatch,
    server: Connection,
    capsys: pytest.CaptureFixture[str],
) -> None:
    lose_rows(url)
    monkeypatch.setattr(sessions, "WAIT_SECONDS", 0.2)
    with psycopg.connect(url, application_name="somebody at work") as at_work:
        at_work.execute("SELECT 1")
        time.sleep(sessions.LONG_SECONDS)
        assert command.main([*GO]) == FAILED
        printed = capsys.readouterr().err
        assert f"process {at_work.info.backend_pid} (slipway, somebody at work)" in printed
        assert list(databases(server).values()) == [marks.READY]
        at_work.rollback()
        assert command.main([*GO]) == DONE  # the session is idle now, and ended
        with pytest.raises(psycopg.OperationalError):
            at_work.execute("SELECT 1")
    assert rows(url) == ROWS


def test_a_transaction_that_begins_in_the_middle_is_waited_for_no_longer_than_the_pause(
    untouched: BackupSet, url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(gate, "TRIES", 2)
    with psycopg.connect(url) as at_work:

        def begin(*_: object) -> None:
            at_work.execute("SELECT * FROM note")

        monkeypatch.setattr(sessions, "wait_for_short_transactions", begin)
        assert command.main([*GO]) == FAILED
        assert "sessions that don't end" in capsys.readouterr().err
        at_work.commit()


def test_an_answer_to_the_commit_that_is_lost_is_looked_up(
    backup_set: BackupSet, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rename = switch.rename

    def lose_the_answer(*arguments: Any) -> float:
        rename(*arguments)
        raise psycopg.OperationalError("server closed the connection unexpectedly")

    monkeypatch.setattr(switch, "rename", lose_the_answer)
    lose_rows(url)
    assert command.main([*GO]) == DONE
    assert rows(url) == ROWS


def started(*arguments: str, module: str = "ops.restore") -> subprocess.Popen[str]:
    """Start a restore as a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        cwd=ROOT,
        env=os.environ.copy(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize(
    ("phase", "number"),
    [
        ("Level 1", signal.SIGTERM),
        ("Dumping", signal.SIGKILL),
        ("Restoring", signal.SIGTERM),
        ("Restoring", signal.SIGKILL),
        ("Comparing", signal.SIGKILL),
    ],
)
def test_ended_at_each_step_the_live_database_is_as_it_was_and_the_next_restore_is_well(
    phase: str, number: signal.Signals, backup_set: BackupSet, url: str, server: Connection, settings: Settings
) -> None:
    lose_rows(url)
    with started("latest", "--overwrite", *(() if phase == "Dumping" else GO[2:])) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if line.startswith(phase):
                process.send_signal(number)
                break
        rest = process.stderr.read()
        assert process.wait(60) == (FAILED if number == signal.SIGTERM else -number), rest
    assert rows(url) == ROWS // 2
    if number == signal.SIGTERM:
        assert databases(server) == {}
        assert "Cannot go on: SIGTERM came." in rest
    assert command.main([*GO]) == DONE
    assert rows(url) == ROWS
    assert list(databases(server).values()) == [marks.KEPT]


def test_killed_in_the_middle_of_the_switch_it_has_not_happened_and_the_next_one_goes_on(
    backup_set: BackupSet, url: str, server: Connection, capsys: pytest.CaptureFixture[str]
) -> None:
    lose_rows(url)
    with started(*GO, module="tests.ops.restore.killed") as process:
        process.communicate()
        assert process.returncode == -signal.SIGKILL
    assert rows(url) == ROWS // 2
    assert list(databases(server).values()) == [marks.READY]
    assert command.main([*GO]) == DONE
    assert "only the switch is left" in capsys.readouterr().err
    assert rows(url) == ROWS


def test_a_signal_during_the_switch_waits_for_its_end(
    backup_set: BackupSet, url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lose_rows(url)
    rename = switch.rename

    def signalled(*arguments: Any) -> float:
        os.kill(os.getpid(), signal.SIGTERM)
        return rename(*arguments)

    monkeypatch.setattr(switch, "rename", signalled)
    over = threading.Event()
    other = threading.Thread(target=over.wait)  # to which the kernel may give the signal
    other.start()
    try:
        assert command.main([*GO]) == FAILED
    finally:
        over.set()
        other.join()
    assert rows(url) == ROWS
    assert "Cannot go on: SIGTERM came." in capsys.readouterr().err


def test_its_database_s_name_fits_where_the_live_one_has_the_longest(server: Connection) -> None:
    long = "ä" * 31
    assert len(marks.fresh_name(server, long, "restore_20261125T030000Z").encode()) <= marks.NAME_BYTES
    assert marks.cut("ää", 3) == "ä"
