"""What goes wrong on the way: told by the exit status, no new set that counts, older ones untouched, the next run well."""

import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from config.environment_values import ROOT
from ops.backup import command, lock, manifest, sets, take, tools, verify
from ops.backup.back_up import every_set
from ops.backup.database import Connection
from ops.backup.fingerprint import Fingerprints
from ops.backup.programs import Program
from ops.backup.progress import Progress
from ops.backup.sets import BackupSet
from ops.backup.settings import Settings
from ops.backup.stall import Stall
from ops.errors import DONE, FAILED, LOCKED, REFUSED, WRONG_USAGE
from tests.ops.backup.conftest import told_to_stop_at
from tests.ops.backup.history import as_it_is, counting, cut, flip_a_bit, folder, left_over

FILES = (manifest.DUMP, manifest.ROLES, manifest.MANIFEST, manifest.SUMS)
Damage = Callable[[Path], None]
PHASES = ("Looking", "Dumping", "Writing roles", "Hashing", "Writing the manifest", "Level 1", "Starting",
          "Levels 2 and 3", "Level 4", "Level 5")  # fmt: skip


@pytest.fixture
def older(settings: Settings, backup_set: BackupSet) -> Iterator[dict[str, bytes]]:
    """A set that counts. After the test it is as it was, and the next run is well."""
    before = as_it_is(settings)
    yield before
    now = as_it_is(settings)
    assert {name: now.get(name) for name in before} == before
    assert left_over(settings) == []


def is_well_again(settings: Settings) -> bool:
    """Run once more; tell whether that made a set that counts."""
    before = counting(settings)
    return command.main([]) == DONE and len(counting(settings)) == len(before) + 1


def during_dump(monkeypatch: pytest.MonkeyPatch, act: Callable[[Program], None]) -> None:
    """Do something while pg_dump is at work."""
    watch = take.watch

    def act_first(dump: Program, fingerprints: Fingerprints, stall: Stall) -> None:
        act(dump)
        watch(dump, fingerprints, stall)

    monkeypatch.setattr(take, "watch", act_first)


def terminated(url: str, application: str) -> Callable[[Program], None]:
    """Return what ends the server's side of those connections."""

    def terminate(_: Program) -> None:
        with psycopg.connect(url, autocommit=True) as connection:
            wanted = "SELECT pid FROM pg_stat_activity WHERE application_name = %s AND datname = current_database()"
            deadline = time.monotonic() + 20
            while not (found := connection.execute(wanted, [application]).fetchall()) and time.monotonic() < deadline:
                time.sleep(0.05)
            for (process,) in found:
                connection.execute("SELECT pg_terminate_backend(%s, 5000)", [process])

    return terminate


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_killed_pg_dump(
    number: signal.Signals,
    settings: Settings,
    locked_table: None,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    during_dump(monkeypatch, lambda dump: dump.process.send_signal(number))
    assert command.main([]) == FAILED
    assert "pg_dump ended with " in capsys.readouterr().err
    assert (every_set(settings), left_over(settings)) == ([], [])


@pytest.mark.parametrize("application", ["pg_dump", "slipway-backup"])
def test_a_backend_that_is_terminated(
    application: str, older: object, settings: Settings, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    locking = psycopg.connect(url)
    with monkeypatch.context() as patched, locking:
        locking.execute("LOCK TABLE note IN ACCESS EXCLUSIVE MODE")
        during_dump(patched, terminated(url, application))
        assert command.main([]) == FAILED
    assert len(every_set(settings)) == 1
    assert is_well_again(settings)


@pytest.mark.parametrize("step", ["start_dump", "write_manifest"])
def test_a_disk_that_is_full(
    step: str, older: object, settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # The kernel ends a write beyond the limit as it does one on a full disk.
    real, limits = getattr(take, step), resource.getrlimit(resource.RLIMIT_FSIZE)

    def on_full_disk(*arguments: object) -> object:
        resource.setrlimit(resource.RLIMIT_FSIZE, (700, limits[1]))
        return real(*arguments)

    try:
        with monkeypatch.context() as patched:
            patched.setattr(take, step, on_full_disk)
            assert command.main([]) == FAILED
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert "error: Cannot " in capsys.readouterr().err
    assert len(every_set(settings)) == 1
    assert is_well_again(settings)


@pytest.mark.parametrize(
    ("name", "value", "status", "message"),
    [
        ("DB_BACKUPS_DIR", "/proc", REFUSED, "cannot write in /proc"),
        ("DB_BACKUPS_DIR", "/not/there", REFUSED, "there is no folder /not/there"),
        ("DB_BACKUPS_ON_MOUNT", "true", REFUSED, "is not a mount point"),
        ("DB_BACKUPS_ON_MOUNT", "treu", WRONG_USAGE, "DB_BACKUPS_ON_MOUNT is 'treu'"),
        ("PATH", "/nowhere", FAILED, "there is no pg_dump on the PATH"),
        ("DATABASE_URL", "postgres://slipway:wrong@127.0.0.1:1/app", FAILED, "Cannot connect to the database"),
        ("DATABASE_URL", "mysql://slipway:wrong@127.0.0.1/app", WRONG_USAGE, "is no address of a database"),
        ("DATABASE_URL", "", WRONG_USAGE, "DATABASE_URL is not set"),
        ("DATABASE_URL_FILE", "/not/there", WRONG_USAGE, "Cannot read DATABASE_URL_FILE"),
        ("DB_BACKUP_MIN_KEEP", "0", WRONG_USAGE, "DB_BACKUP_MIN_KEEP is '0'"),
        ("DB_BACKUP_COMPRESSION", "brotli", WRONG_USAGE, "DB_BACKUP_COMPRESSION is 'brotli'"),
    ],
)
def test_what_is_seen_before_anything_is_written(
    name: str,
    value: str,
    status: int,
    message: str,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv(name, value)
    assert command.main([]) == status
    said = capsys.readouterr().err
    assert message in said
    assert " hint: " in said
    assert not folder(settings).exists()


def test_a_wrong_password_is_told_and_not_repeated(
    settings: Settings, url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", f"postgres://slipway:not-the-password@{url.rpartition('@')[2]}")
    assert command.main([]) == FAILED
    said = capsys.readouterr().err
    assert "password authentication failed" in said
    assert "not-the-password" not in said


def test_too_little_room(
    older: object, settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    usage = shutil.disk_usage(settings.folder)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=1000))
    assert command.main([]) == REFUSED
    assert "a set half as large again as the last needs" in capsys.readouterr().err


def test_programs_of_another_version(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "pg_restore").write_text("#!/bin/sh\necho 'pg_restore (PostgreSQL) 15.1'\n")
    (tmp_path / "pg_restore").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert command.main([]) == REFUSED
    assert "pg_restore is pg_restore (PostgreSQL) 15.1" in capsys.readouterr().err


def test_a_table_that_lost_half_its_rows(
    older: object, settings: Settings, database: Connection, capsys: pytest.CaptureFixture[str]
) -> None:
    database.execute("DELETE FROM note WHERE id > 100")
    assert command.main([]) == REFUSED
    assert "public.note from 400 to 100" in capsys.readouterr().err
    assert len(every_set(settings)) == 1
    assert command.main(["--despite-lost-rows"]) == DONE
    assert is_well_again(settings)


@pytest.mark.parametrize("damage", [flip_a_bit, cut])
@pytest.mark.parametrize("name", FILES)
def test_damage_before_the_verification(
    name: str, damage: Damage, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish = sets.publish

    def publish_damaged(partial: Path) -> BackupSet:
        published = publish(partial)
        damage(published.folder / name)
        return published

    monkeypatch.setattr(sets, "publish", publish_damaged)
    assert command.main([]) == FAILED
    assert counting(settings) == []


@pytest.mark.parametrize("damage", [flip_a_bit, cut])
@pytest.mark.parametrize("name", [manifest.DUMP, manifest.ROLES])
def test_damage_before_the_hashes(
    name: str, damage: Damage, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = take.write_manifest

    def write_over_damaged(*arguments: object) -> None:
        damage(Path(str(arguments[1])) / name)
        write(*arguments)  # type: ignore[arg-type]  # as they came

    monkeypatch.setattr(take, "write_manifest", write_over_damaged)
    assert command.main([]) == FAILED
    assert counting(settings) == []


def test_damage_long_after(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main([]) == DONE
    (backup_set,) = every_set(settings)
    whole = as_it_is(settings)
    for name in (*FILES, manifest.VERIFICATION):
        for damage in (flip_a_bit, cut):
            path = backup_set.folder / name
            damage(path)
            if name != manifest.VERIFICATION:
                assert command.main(["--verify", backup_set.id]) == FAILED
            assert counting(settings) == []
            for each, content in whole.items():
                (folder(settings) / each).write_bytes(content)
    assert counting(settings) == [backup_set.id]
    assert command.main(["--verify", "20200101T000000Z"]) == WRONG_USAGE


@pytest.mark.parametrize("phase", PHASES)
def test_sigterm_at_each_phase(
    phase: str, settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with told_to_stop_at(phase, monkeypatch):
        assert command.main([]) == FAILED
    assert "Cannot go on: SIGTERM came." in capsys.readouterr().err
    assert (counting(settings), left_over(settings)) == ([], [])
    assert programs_of_ours() == []


def programs_of_ours() -> list[str]:
    """Return which of PostgreSQL's programs this test's process has running."""
    names = ("pg_dump", "pg_dumpall", "pg_restore", "initdb", "psql")
    return [name for name, _ in map(described, psutil.Process().children()) if name in names]


def described(process: psutil.Process) -> tuple[str, str]:
    """Return a process's name and command line, empty where it has ended meanwhile."""
    try:
        is_over = process.status() == psutil.STATUS_ZOMBIE
        return ("", "") if is_over else (process.name(), " ".join(process.cmdline()))
    except psutil.NoSuchProcess:
        return "", ""


def test_two_runs_at_once(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    with lock.held(settings.folder, what="verification"):
        assert command.main([]) == LOCKED
        said = capsys.readouterr().err
        assert f"process {os.getpid()} on " in said
        assert " does a verification since 2" in said
        assert every_set(settings) == []
        assert command.main(["--list"]) == DONE
    assert is_well_again(settings)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_run_that_is_ended_while_it_dumps(number: signal.Signals, settings: Settings, url: str) -> None:
    with psycopg.connect(url) as locking:
        locking.execute("LOCK TABLE note IN ACCESS EXCLUSIVE MODE")
        run = subprocess.Popen([sys.executable, "-m", "ops.backup"], cwd=ROOT, stderr=subprocess.PIPE, text=True)
        program = running_pg_dump(run)
        run.send_signal(number)
        said = run.communicate(timeout=120)[1]
        assert run.returncode == (FAILED if number == signal.SIGTERM else -number), said
        psutil.wait_procs([program], timeout=10)
        assert not program.is_running()
    left = left_over(settings)
    assert (len(left), every_set(settings)) == (0 if number == signal.SIGTERM else 1, [])
    assert is_well_again(settings)
    assert left_over(settings) == []


def running_pg_dump(run: "subprocess.Popen[str]") -> psutil.Process:
    """Return a run's pg_dump, once it is there."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        for child in psutil.Process(run.pid).children():
            name, line = described(child)
            if name == "pg_dump" and "--snapshot" in line:
                assert os.environ["DATABASE_URL"].split(":")[2].split("@")[0] not in line
                return child
        time.sleep(0.02)
    raise AssertionError(run.poll())


def test_a_scratch_server_that_was_left(settings: Settings) -> None:
    settings.scratch_folder.mkdir()
    (settings.scratch_folder / "PG_VERSION").touch()
    (folder(settings) / "20200101T000000Z.partial").mkdir(parents=True)
    assert is_well_again(settings)
    assert left_over(settings) == []


def test_a_restore_with_an_error_does_not_count(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> list[str]:
        return ["pg_restore", "--not-an-option"]

    with monkeypatch.context() as patched:
        patched.setattr(tools, "restore", fail)
        assert command.main([]) == FAILED
    (backup_set,) = every_set(settings)
    assert backup_set.verification is not None
    assert (backup_set.verification.level, backup_set.counts) == (2, False)
    assert verify.verify(backup_set, scratch_folder=settings.scratch_folder, progress=Progress()).counts
