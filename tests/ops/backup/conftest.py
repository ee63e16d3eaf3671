"""A database of each test's own in the run's PostgreSQL, with a name and contents that backup scripts stumble over."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest
from psycopg import sql

from embedded.postgres import BINARIES
from ops.backup import settings as backup_settings
from ops.backup.database import Connection
from ops.backup.settings import Settings

NAME = "a b-c'd\"e/f"
ROWS = 400
Environment = dict[str, str]


@pytest.fixture(autouse=True)
def postgresql_s_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the programs of the run's server on the PATH."""
    monkeypatch.setenv("PATH", f"{BINARIES}:{os.environ['PATH']}")


@pytest.fixture
def server() -> Iterator[Connection]:
    """A connection to the run's server, to make databases on."""
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        yield connection


@pytest.fixture
def url(server: Connection) -> Iterator[str]:
    """A database with a table of rows."""
    server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(NAME)))
    server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(NAME)))
    address = f"{os.environ['DATABASE_URL'].rpartition('/')[0]}/{quote(NAME, safe='')}"
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("CREATE TABLE note (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, text text)")
        connection.execute(
            "INSERT INTO note (text) SELECT repeat(md5(i::text), 9) FROM generate_series(1, %s) i", [ROWS]
        )
    yield address
    server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(NAME)))


@pytest.fixture
def database(url: str) -> Iterator[Connection]:
    """A connection to that database."""
    with psycopg.connect(url, autocommit=True) as connection:
        yield connection


@pytest.fixture
def environment(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Environment:
    """The environment of the command, with a target."""
    target = tmp_path / "backups"
    target.mkdir()
    found = {"DATABASE_URL": url, "DB_BACKUPS_DIR": str(target), "DB_BACKUP_MIN_KEEP": "1"}
    for name, value in found.items():
        monkeypatch.setenv(name, value)
    return found


@pytest.fixture
def settings(environment: Environment) -> Settings:
    """What the command reads out of its environment."""
    return backup_settings.read(environment)


@pytest.fixture
def locked_table(url: str) -> Iterator[None]:
    """A lock that pg_dump has to wait for, so that it is at work for as long as a test needs."""
    with psycopg.connect(url) as connection:
        connection.execute("LOCK TABLE note IN ACCESS EXCLUSIVE MODE")
        yield
        connection.rollback()


Run = Callable[..., int]
