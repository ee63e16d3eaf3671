"""What the tests of backups have, a database with an odd name and a target for sets; what restores leave is removed."""

from collections.abc import Iterator

import psycopg
import pytest

from ops.backup import back_up
from ops.backup.database import Connection
from ops.backup.progress import Progress
from ops.backup.settings import Settings
from ops.backup.take import take
from ops.restore import marks
from ops.restore import server as restore_server
from tests.ops.backup.conftest import (
    NAME,
    ROWS,
    backup_set,
    database,
    environment,
    first_set,
    initdb,
    postgresql_s_programs,
    server,
    settings,
    url,
)

__all__ = [
    "backup_set",
    "database",
    "environment",
    "first_set",
    "initdb",
    "postgresql_s_programs",
    "server",
    "settings",
    "url",
]


@pytest.fixture(autouse=True)
def left(server: Connection, url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Remove what a test's restores leave on the server. Redis is the application's tests' own."""
    monkeypatch.delenv("REDIS_URL", raising=False)
    yield
    for each in marks.found(server, database=NAME):
        restore_server.drop(server, each.name)


def taken(settings: Settings) -> str:
    """Take a set without verifying it; return its id."""
    seen = back_up.look(settings, Progress())
    return take(settings, seen, despite_lost_rows=True, progress=Progress()).id


def rows(url: str) -> int:
    """Return how many rows the live database has."""
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT count(*) FROM note").fetchone()
    assert row is not None
    return int(row[0])


def lose_rows(url: str) -> None:
    """Do by mistake what a restore is for."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("DELETE FROM note WHERE id % 2 = 0")
    assert rows(url) == ROWS // 2


def databases(server: Connection) -> dict[str, str]:
    """Return the databases that restores have left, with what they are."""
    return {each.name: each.mark.kind for each in marks.found(server, database=NAME)}
