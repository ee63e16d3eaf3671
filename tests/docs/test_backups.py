"""docs/backups.md: its restore by hand, run as it stands, of a set with everything odd in it; its tables."""

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from config.environment_values import ROOT
from config.variables import DATABASE
from embedded.postgres import BINARIES
from ops.backup import back_up, scratch
from ops.backup import settings as backup_settings
from ops.backup.database import Database
from ops.backup.progress import Progress
from ops.backup.sets import BackupSet
from tests.docs.documents import commands, matches

DOCUMENT = ROOT / "docs" / "backups.md"
NAME = "handmade"
SHOWN = "slipway/20261125T030000Z"


@pytest.fixture
def backup_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[BackupSet]:
    """A set of a database that has a row."""
    monkeypatch.setenv("PATH", f"{BINARIES}:{os.environ['PATH']}")
    address = os.environ["DATABASE_URL"]
    url = f"{address.rpartition('/')[0]}/{NAME}"
    with psycopg.connect(address, autocommit=True) as server:
        server.execute(f"CREATE DATABASE {NAME}")
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("CREATE TABLE note AS SELECT 'kept' AS text")
        settings = backup_settings.read({"DATABASE_URL": url, "DB_BACKUPS_DIR": str(tmp_path)})
        yield back_up.back_up(settings, despite_lost_rows=False, progress=Progress())[0]
        server.execute(f"DROP DATABASE {NAME} WITH (FORCE)")


@pytest.fixture
def empty_server(backup_set: BackupSet, tmp_path: Path) -> Iterator[Database]:
    """A server that has nothing but what initdb makes."""
    with scratch.server(tmp_path / "server", first_superuser="postgres") as server:
        with server.connect(is_autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE DATABASE postgres"))
        yield server


def test_a_restore_by_hand_goes_as_the_document_says(backup_set: BackupSet, empty_server: Database) -> None:
    environment = os.environ | {
        "DB_BACKUPS_DIR": str(backup_set.folder.parents[1]),
        "PGHOST": empty_server.parameters["host"],
        "PGUSER": empty_server.parameters["user"],
    }
    folder = backup_set.folder
    for command in commands(DOCUMENT):
        text = command.text.replace(SHOWN, f"{NAME}/{backup_set.id}")
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", text],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"line {command.line}: {done.stderr}"
        assert matches(done.stdout, command.output or ""), done.stdout
    for name in (NAME, "slipway_restored"):
        with empty_server.named(name).connect() as connection:
            assert connection.execute("SELECT text FROM public.note").fetchall() == [("kept",)]


def test_every_variable_of_ours_is_told() -> None:
    document = DOCUMENT.read_text(encoding="utf-8")
    names = {variable.name for variable in DATABASE.variables if variable.name.startswith("DB_BACKUP")}
    assert names - set(re.findall(r"DB_[A-Z_]+", document)) == set()
