"""Level 5, on a database of the application's own: what it says of what was restored, and what follows from that."""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
import pytest
from psycopg import sql

from config.environment_values import ROOT
from ops.backup import application, back_up, command, guards, tools
from ops.backup import settings as backup_settings
from ops.backup.back_up import every_set
from ops.backup.database import Connection, Database
from ops.backup.progress import Progress
from ops.backup.sets import BackupSet
from ops.backup.settings import Settings
from ops.errors import DONE, FAILED, OperatorError
from tests.ops.backup.history import counting

FILLED, NAME = "filled", "the shop's 100%"
FILE = "private/abc/original.jpg"
RIGHT = {"bytes": 7, "sha256": "a" * 64, "mtime": 1}
FILL = f"""
import django
django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from apps.accounts.models import User
from apps.gallery.models import Album, Photo
ada = User.objects.create_user("ada@example.com", None, name="Ada")
album = Album.objects.create(owner=ada, title="Hills", visibility="PUBLIC")
Photo.objects.create(album=album, owner=ada, visibility="PUBLIC", state="READY", file="{FILE}", content_type="image/jpeg", bytes=7,
                     sha256="a" * 64, width=3, height=2)
"""
Written = Callable[..., Path]


def address_of(name: str) -> str:
    """Return the address of a database in the run's server."""
    return f"{os.environ['DATABASE_URL'].rpartition('/')[0]}/{quote(name, safe='')}"


@pytest.fixture(scope="module")
def filled() -> Iterator[str]:
    """A database with the application's tables, a user and a photo, to make others after."""
    address = os.environ["DATABASE_URL"]
    with psycopg.connect(address, autocommit=True) as server:
        server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(FILLED)))
        given = application.environment(Database(parameters={"host": "x", "user": "x", "dbname": "x"}))
        given |= {"DATABASE_URL": address_of(FILLED), "DJANGO_SETTINGS_MODULE": "config.settings"}
        subprocess.run([sys.executable, "-c", FILL], cwd=ROOT, env=given, check=True)
        yield FILLED
        server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(FILLED)))


@pytest.fixture
def gallery(filled: str, server: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """Settings for a copy of it."""
    new = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(NAME), sql.Identifier(filled))
    server.execute(new)
    (tmp_path / "backups").mkdir()
    monkeypatch.setenv("DATABASE_URL", address_of(NAME))
    monkeypatch.setenv("DB_BACKUPS_DIR", str(tmp_path / "backups"))
    yield backup_settings.read(os.environ)
    server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(NAME)))


@pytest.fixture
def snapshot(tmp_path: Path) -> Written:
    """Return what writes a media snapshot's manifest."""

    def write(**files: dict[str, Any]) -> Path:
        path = tmp_path / "media.json"
        path.write_text(json.dumps({"files": files}))
        return path

    return write


def taken(settings: Settings, media_manifest: Path | None) -> BackupSet:
    """Take a set and verify it."""
    seen = back_up.look(settings, Progress())
    return back_up.take_and_verify(
        settings, seen, despite_lost_rows=False, progress=Progress(), media_manifest=media_manifest
    )


def test_with_all_its_files_in_the_snapshot_a_set_reaches_level_5(gallery: Settings, snapshot: Written) -> None:
    found = taken(gallery, snapshot(**{FILE: RIGHT})).verification
    assert found is not None
    assert (found.level, found.notes, found.is_amchecked) == (5, [], True)
    assert found.media == {"named": 1, "missing": 0, "different": 0, "names": []}


def test_without_a_snapshot_it_stays_at_level_4_and_says_so(
    gallery: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.main([]) == DONE
    assert "no media snapshot to look for 1 files in" in capsys.readouterr().err
    (backup_set,) = every_set(gallery)
    assert backup_set.verification is not None
    assert (backup_set.verification.level, backup_set.counts) == (4, True)


def test_a_file_that_is_not_in_the_snapshot_is_told_and_fails_the_first_run_that_sees_it(
    gallery: Settings, snapshot: Written
) -> None:
    first = taken(gallery, snapshot())
    assert first.verification is not None
    assert (first.verification.level, first.counts) == (4, True)
    assert first.verification.media["names"] == [FILE]
    assert f"1 are missing, 0 are different: {FILE}" in first.verification.notes[0]
    with pytest.raises(OperatorError, match="counts, but 1 media files that its database names") as told:
        guards.media(first, None)
    assert told.value.status == FAILED
    guards.media(first, first)  # the next run knows


def test_a_database_of_another_version_is_not_judged(gallery: Settings, snapshot: Written) -> None:
    with psycopg.connect(address_of(NAME), autocommit=True) as connection:
        connection.execute("INSERT INTO django_migrations (app, name, applied) VALUES ('gallery', '9999_newer', now())")
        connection.execute("ALTER TABLE gallery_photo RENAME COLUMN caption TO legend")
    found = taken(gallery, snapshot(**{FILE: RIGHT})).verification
    assert found is not None
    assert (found.level, found.notes) == (4, ["1 migrations are not known to this code: gallery.9999_newer"])


def test_an_api_that_does_not_answer_is_told_and_the_set_counts(
    gallery: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    with psycopg.connect(address_of(NAME), autocommit=True) as connection:
        connection.execute("ALTER TABLE gallery_photo RENAME COLUMN caption TO legend")
    assert command.main([]) == FAILED
    said = capsys.readouterr().err
    assert "The application is not well on what was restored" in said
    assert "The set counts" in said
    assert len(counting(gallery)) == 1


def test_an_application_that_does_not_start_is_told(
    gallery: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    given = application.environment
    monkeypatch.setattr(application, "environment", lambda restored: given(restored) | {"DJANGO_SECRET_KEY": "short"})
    assert command.main([]) == FAILED
    assert "Cannot ask the application of the restored database" in capsys.readouterr().err
    assert len(counting(gallery)) == 1


def test_damage_that_pg_amcheck_finds_is_told_and_the_question_is_ended(
    gallery: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(tools, "amcheck", lambda _: ["pg_amcheck", "--not-an-option"])
    assert command.main([]) == FAILED
    assert "Cannot find the restored tables and indexes sound" in capsys.readouterr().err
    assert len(counting(gallery)) == 1


def test_where_the_application_is_not_installed_it_says_so(
    gallery: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(application, "COMMAND", tmp_path / "manage.py")
    assert command.main([]) == DONE
    assert "the application is not installed beside this tool" in capsys.readouterr().err


def test_a_database_that_is_not_the_application_s_stays_at_level_4(settings: Settings) -> None:
    assert command.main([]) == DONE
    found = every_set(settings)[0].verification
    assert found is not None
    assert (found.level, found.notes) == (4, ["the database has no migrations of Django's"])


def test_media_around_a_backup_verified_once_more_and_drilled(
    gallery: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = b"picture"
    for name, variable in (("media", "MEDIA_BACKUP_TARGET"), ("offsite", "BACKUP_OFFSITE_TARGET")):
        (tmp_path / name).mkdir()
        monkeypatch.setenv(variable, (tmp_path / name).as_uri())
    (tmp_path / "files" / FILE).parent.mkdir(parents=True)
    (tmp_path / "files" / FILE).write_bytes(content)
    monkeypatch.setenv("MEDIA_ROOT", str(tmp_path / "files"))
    with psycopg.connect(address_of(NAME), autocommit=True) as connection:
        connection.execute("UPDATE gallery_photo SET sha256 = %s", [hashlib.sha256(content).hexdigest()])
    assert command.main(["all"]) == DONE
    assert level_of(gallery) == 5
    (every_set(gallery)[0].folder / "verification.json").unlink()
    assert command.main(["--verify", "latest"]) == DONE
    assert level_of(gallery) == 5
    assert command.main(["--drill"]) == DONE
    assert level_of(gallery) == 6


def level_of(settings: Settings) -> int:
    """Return the level of the newest set."""
    found = every_set(settings)[-1].verification
    return found.level if found else 0
