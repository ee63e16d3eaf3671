"""What the application is asked of a restored database before it goes live: by a set of its own tables, one of them from the past."""

import os
from collections.abc import Iterator
from urllib.parse import quote

import psycopg
import pytest
from psycopg import sql

from ops.backup.database import Connection
from ops.backup.settings import Settings
from ops.backup.settings import read as read_settings
from ops.errors import DONE, FAILED
from ops.restore import application, command, marks
from tests.ops.restore.conftest import taken

NAME = "app's own/database"
MIGRATE = ("migrate", "--noinput", "--verbosity", "0")


@pytest.fixture
def migrated(settings: Settings, server: Connection, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """A database of the application's, of an owner who is no superuser, as of before its last migration of the sessions."""
    server.execute("CREATE ROLE owner LOGIN")
    server.execute(sql.SQL("CREATE DATABASE {} OWNER owner").format(sql.Identifier(NAME)))
    url = f"{os.environ['DATABASE_URL'].rpartition('/')[0]}/{quote(NAME, safe='')}"
    found = read_settings({"DATABASE_URL": url, "DB_BACKUPS_DIR": str(settings.folder)})
    monkeypatch.setenv("DATABASE_URL", url)
    with psycopg.connect(url, autocommit=True) as connection:
        for extension in ("citext", "pg_trgm", "unaccent"):
            connection.execute(f"CREATE EXTENSION IF NOT EXISTS {extension}")
    environment = application.of_owner(server, found.database)
    application.manage(environment, *MIGRATE)
    application.manage(environment, "migrate", "sessions", "zero", "--verbosity", "0")
    yield found
    for each in [NAME, *(each.name for each in marks.found(server, database=NAME))]:
        server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(each)))
    server.execute("DROP ROLE owner")


def test_migrations_that_a_set_lacks_are_run_for_the_owner_and_unknown_ones_refused(
    migrated: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    wanted = taken(migrated)
    assert command.main([wanted, "--overwrite", "--without-safety-backup"]) == DONE, capsys.readouterr().err
    assert "the set is older than the code: sessions.0001_initial" in capsys.readouterr().err
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        query = "SELECT tableowner FROM pg_tables WHERE tablename = 'django_session'"
        assert connection.execute(query).fetchone() == ("owner",)
        connection.execute(
            "INSERT INTO django_migrations (app, name, applied) VALUES ('gallery', '9999_from_tomorrow', now())"
        )
    wanted = taken(migrated)
    assert command.main([wanted, "--overwrite", "--without-safety-backup"]) == FAILED
    printed = capsys.readouterr().err
    assert "9999_from_tomorrow" in printed
    assert "The live database is as it was." in printed
    assert command.main([wanted, "--overwrite", "--without-safety-backup", "--without-application-check"]) == DONE
