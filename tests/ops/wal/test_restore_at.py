"""`scripts/restore_db.sh --at`: a table that was dropped by mistake comes back into the live database, and there is a way back."""

import datetime
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pyrage
import pytest
from psycopg import sql

from config.environment_values import ROOT
from ops.backup.back_up import every_set
from ops.backup.database import Database
from ops.backup.targets import MANIFEST
from ops.errors import DONE, FAILED, REFUSED, WRONG_USAGE
from ops.restore import command, marks, terminal
from ops.restore import server as restore_server
from ops.wal import settings as wal_settings
from ops.wal.settings import WalSettings
from tests.ops.wal.conftest import Cluster, clock, environment_of, running_cluster, running_receiver

NAME = 'shop "one"'
ROWS, LATER = 1000, 7
HOUR = datetime.timedelta(hours=1)


@dataclass(frozen=True, kw_only=True)
class Shop:
    """A live database that has lost a table, with WAL here and off the machine. `moment` is before the loss, `later` after it."""

    database: Database
    settings: WalSettings
    before_it_was_made: datetime.datetime
    moment: datetime.datetime
    later: datetime.datetime

    def count(self, table: str) -> int | None:
        """Return how many rows a table of the live database has; None where there is no such table."""
        with self.database.connect() as connection:
            is_there = connection.execute("SELECT to_regclass(%s)", [f"public.{table}"]).fetchone()
            if not is_there or is_there[0] is None:
                return None
            row = connection.execute(
                sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier("public", table))
            ).fetchone()
            return row[0] if row else None

    def left(self) -> list[str]:
        """Return the kinds of the databases that restores have left."""
        with restore_server.connected(self.database) as connection:
            return [each.mark.kind for each in marks.found(connection, database=NAME)]


@pytest.fixture(scope="module")
def cluster(empty_cluster: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A server that runs."""
    with running_cluster(empty_cluster, tmp_path_factory.mktemp("shop") / "data") as server:
        yield server


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The private key, which is somewhere else."""
    path = tmp_path_factory.mktemp("key") / "key.txt"
    path.write_text(str(pyrage.x25519.Identity.generate()))
    return path


@pytest.fixture(scope="module")
def lost(cluster: Cluster, key: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """The story: a base backup, a database that is made, a table in it that is dropped, and work that goes on."""
    folder = tmp_path_factory.mktemp("lost")
    database = Database.of_url(cluster.url).named(NAME)
    (folder / "target").mkdir()
    with pytest.MonkeyPatch.context() as patched:
        given = environment_of(cluster, folder / "backups") | {
            "BACKUP_OFFSITE_TARGET": (folder / "target").as_uri(),
            # The machine has the public key alone: what it recovers it can read nevertheless.
            "BACKUP_AGE_RECIPIENT": str(pyrage.x25519.Identity.from_str(key.read_text()).to_public()),
        }
        for name, value in given.items():
            patched.setenv(name, value)
        patched.delenv("REDIS_URL", raising=False)
        with running_receiver(wal_settings.read(os.environ), folder / "receiver.log") as receiver:
            receiver.wait_for_base()
            before = clock()
            with cluster.connect() as connection:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(NAME)))
            patched.setenv("DATABASE_URL", f"{cluster.url.removesuffix('postgres')}{quote(NAME)}")
            with database.connect(is_autocommit=True) as connection:
                connection.execute(f"CREATE TABLE public.precious AS SELECT generate_series(1, {ROWS}) AS id")
                moment = clock()
                connection.execute("DROP TABLE public.precious")
                connection.execute(f"CREATE TABLE public.later AS SELECT generate_series(1, {LATER}) AS id")
            later = clock()
            receiver.wait_until_offsite(later)
            settings = wal_settings.read(os.environ)
            yield Shop(database=database, settings=settings, before_it_was_made=before, moment=moment, later=later)


@pytest.fixture
def shop(lost: Shop) -> Iterator[Shop]:
    """The shop, whose live database is in the end what it was: what a test's restore has left is gone."""
    yield lost
    with restore_server.connected(lost.database) as connection:
        for each in marks.found(connection, database=NAME):
            restore_server.drop(connection, each.name)
    for backup_set in every_set(lost.settings.backup):
        shutil.rmtree(backup_set.folder)


def test_a_dropped_table_comes_back_as_of_the_second_before_and_undo_goes_back(shop: Shop) -> None:
    def run(*words: str) -> subprocess.CompletedProcess[str]:
        """Run the script, as somebody would."""
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        command = [str(ROOT / "scripts" / "restore_db.sh"), *words]
        return subprocess.run(
            command,
            env=os.environ | {"PATH": path},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=True,
        )

    done = run("--at", shop.moment.isoformat(), "--overwrite", "--json")
    assert json.loads(done.stdout)["as_of"] == shop.moment.isoformat()
    assert (shop.count("precious"), shop.count("later")) == (ROWS, None)
    (safety,) = every_set(shop.settings.backup)  # the set of the moment has done its work
    assert (safety.is_before_restore, safety.as_of) == (True, "")
    assert list(shop.settings.backup.folder.glob(".scratch*")) == []
    run("--undo")
    assert (shop.count("precious"), shop.count("later")) == (None, LATER)


def test_with_nothing_but_what_is_off_the_machine_and_the_key(
    shop: Shop, key: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DB_BACKUPS_DIR", str(tmp_path))
    target = os.environ["BACKUP_OFFSITE_TARGET"]
    asked = ["--at", shop.moment.isoformat(), "--from", target, "--overwrite", "--without-safety-backup"]
    assert command.main(asked) == FAILED
    assert "no private key was given" in capsys.readouterr().err
    monkeypatch.setenv("BACKUP_AGE_IDENTITY_FILE", str(key))
    assert command.main([*asked[:4], "--dry-run"]) == DONE
    assert f"and the WAL after it, of {target}" in capsys.readouterr().out
    assert command.main(asked) == DONE
    assert (shop.count("precious"), shop.count("later")) == (ROWS, None)
    assert command.main(["--undo"]) == DONE
    assert [path.name for path in tmp_path.rglob("*") if not path.name.startswith(".")] == [NAME]


def test_what_leaves_the_machine_can_be_read_with_the_key_alone(shop: Shop) -> None:
    target = Path(os.environ["BACKUP_OFFSITE_TARGET"].removeprefix("file://"))
    stored = [path for path in (target / "wal").rglob("*") if path.is_file() and path.name != MANIFEST]
    assert {path.suffix for path in stored} == {".age"}
    assert all(path.read_bytes().startswith(b"age-encryption.org/v1") for path in stored)
    assert {path.parent.parent.name for path in stored} >= {"base", "segments"}


def test_what_was_not_switched_to_is_gone_on_with_at_the_same_moment_and_goes_at_another(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["--without-safety-backup", "--at", shop.moment.isoformat()]
    monkeypatch.setattr(terminal, "can_be_asked", lambda: True)
    monkeypatch.setattr(terminal, "ask", lambda *_: "yes")
    for moment in (shop.later, shop.moment):
        assert command.main([*asked[:2], moment.isoformat()]) == REFUSED
        assert (shop.count("precious"), shop.left()) == (None, [marks.READY])
        assert [each.as_of for each in every_set(shop.settings.backup)] == [moment.isoformat()]
        capsys.readouterr()
    assert command.main(["--list"]) == DONE
    assert f"does not count, as of {shop.moment.isoformat()}" in capsys.readouterr().out
    monkeypatch.setattr(terminal, "ask", lambda *_: NAME)
    assert command.main(asked) == DONE
    printed = capsys.readouterr().err
    assert "only the switch is left" in printed
    assert "Replaying" not in printed
    assert (shop.count("precious"), every_set(shop.settings.backup)) == (ROWS, [])
    assert command.main(["--undo"]) == DONE


def test_without_a_terminal_it_has_to_be_told_to_overwrite_before_anything_is_recovered(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(terminal, "can_be_asked", lambda: False)
    assert command.main(["--at", shop.moment.isoformat()]) == REFUSED
    printed = capsys.readouterr().err
    assert "add --overwrite" in printed
    assert "Choosing" not in printed


@pytest.mark.parametrize("option", ["--overwrite", "--dry-run"])
@pytest.mark.parametrize("away", [-HOUR, HOUR])
def test_a_time_out_of_reach_is_refused_with_those_that_can_be_reached(
    option: str, away: datetime.timedelta, shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.main(["--at", (shop.moment + away).isoformat(), option]) == REFUSED
    assert re.search(r"can't be reached\. What can: from 2\S+ \S+Z to 2\S+ \S+Z\.", capsys.readouterr().err)
    assert (shop.left(), every_set(shop.settings.backup)) == ([], [])


def test_a_time_before_the_database_was_made_is_refused(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["--at", shop.before_it_was_made.isoformat(), "--overwrite"]) == REFUSED
    assert f"there was no database {NAME} at 2" in capsys.readouterr().err
    assert (shop.count("later"), shop.left()) == (LATER, [])


def test_a_dry_run_says_what_would_be_recovered_and_changes_nothing(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.main(["--at", shop.moment.isoformat(), "--dry-run"]) == DONE
    expected = r"Would recover the cluster to \S+ \S+Z from base backup \w+ and \d+ segments of WAL, take a set of shop"
    assert re.match(expected, capsys.readouterr().out)
    assert (shop.left(), every_set(shop.settings.backup)) == ([], [])


def test_the_list_shows_which_times_can_be_reached(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["--list"]) == DONE
    assert re.search(r"any second from 2\S+ \S+Z to 2", capsys.readouterr().out)
    assert command.main(["--list", "--json"]) == DONE
    assert len(json.loads(capsys.readouterr().out)["points_in_time"]["windows"]) == 1


def test_what_is_no_time_is_told(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["--at", "yesterday", "--overwrite"]) == WRONG_USAGE
    assert "'yesterday' is no time." in capsys.readouterr().err
    with pytest.raises(SystemExit) as ended:
        command.main(["latest", "--at", shop.moment.isoformat()])
    assert ended.value.code == WRONG_USAGE
