"""Restores from off the machine alone: no set here, no database there; the same command."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pyrage
import pytest
from psycopg import sql

from ops.backup import command as backup
from ops.backup import manifest, sets
from ops.backup.back_up import every_set
from ops.backup.database import Connection
from ops.backup.settings import Settings
from ops.backup.settings import read as read_settings
from ops.errors import DONE, FAILED, WRONG_USAGE
from ops.restore import command, marks
from tests.ops.backup.conftest import (
    NAME,
    ROWS,
    Environment,
    Place,
    make_place,
    rsync_daemon,
)
from tests.ops.backup.history import flip_a_bit
from tests.ops.restore.conftest import databases, rows

__all__ = ["make_place", "rsync_daemon"]


@pytest.fixture
def place(
    request: pytest.FixtureRequest,
    make_place: Callable[[str], Place],
    environment: Environment,
    monkeypatch: pytest.MonkeyPatch,
) -> Place:
    """A target to which backups are copied: its address, and where it keeps its files."""
    url, folder = make_place(getattr(request, "param", "file"))
    monkeypatch.setenv("BACKUP_OFFSITE_TARGET", url)
    return url, folder


@pytest.fixture
def key(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The private key that the sets of a test are encrypted for. It is given to no command yet."""
    identity = pyrage.x25519.Identity.generate()
    path = tmp_path / "key.txt"
    path.write_text(f"{identity}\n")
    monkeypatch.setenv("BACKUP_AGE_RECIPIENT", str(identity.to_public()))
    return path


@pytest.fixture
def disaster(settings: Settings, server: Connection) -> Iterator[Callable[[], str]]:
    """Return what takes a set, and then destroys every one on this machine and the database; it gives the set's id."""

    def strike() -> str:
        assert backup.main([]) == DONE
        (backup_set,) = every_set(settings)
        shutil.rmtree(settings.folder)
        settings.folder.mkdir()
        server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(NAME)))
        return backup_set.id

    yield strike
    if marks.oid_of(server, NAME) is None:  # whose it is removes it
        server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(NAME)))


@pytest.mark.parametrize("place", ["file", pytest.param("rsync", marks=pytest.mark.rsync)], indirect=True)
def test_with_nothing_but_the_target_everything_comes_back(
    place: Place, disaster: Callable[[], str], settings: Settings, url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    set_id = disaster()
    assert command.main(["--list", "--from", place[0]]) == DONE
    assert f"\n{set_id}  level " in capsys.readouterr().out
    assert command.main(["latest", "--dry-run", "--from", place[0]]) == DONE
    assert f"Would fetch set {set_id} from" in capsys.readouterr().out
    assert every_set(settings) == []
    assert command.main(["latest", "--from", place[0]]) == DONE
    assert capsys.readouterr().out.startswith(f"Restored {NAME} from {set_id}: loaded, compared, switched to.")
    assert rows(url) == ROWS
    (fetched,) = every_set(settings)
    assert (fetched.id, fetched.counts) == (set_id, True)


def test_a_set_that_is_here_already_is_not_fetched_again(
    place: Place, disaster: Callable[[], str], capsys: pytest.CaptureFixture[str]
) -> None:
    set_id = disaster()
    assert command.main([set_id, "--from", place[0]]) == DONE
    assert command.main([set_id, "--from", place[0], "--overwrite", "--without-safety-backup"]) == DONE
    assert f"Set {set_id} is here already" in capsys.readouterr().err


def test_a_set_that_is_damaged_here_is_fetched_again(
    place: Place, disaster: Callable[[], str], settings: Settings, url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    set_id = disaster()
    assert command.main([set_id, "--from", place[0]]) == DONE
    flip_a_bit(every_set(settings)[0].folder / manifest.DUMP)
    assert command.main([set_id, "--from", place[0], "--overwrite", "--without-safety-backup"]) == DONE
    assert f"is here, but {manifest.DUMP} is not as it was written" in capsys.readouterr().err
    assert rows(url) == ROWS


def test_a_set_that_was_changed_at_the_target_is_refused_and_leaves_nothing(
    place: Place,
    disaster: Callable[[], str],
    settings: Settings,
    server: Connection,
    capsys: pytest.CaptureFixture[str],
) -> None:
    disaster()
    flip_a_bit(next(place[1].rglob(manifest.DUMP)))
    assert command.main(["latest", "--from", place[0]]) == FAILED
    assert f"is not as it was stored: {manifest.DUMP}" in capsys.readouterr().err
    assert list(sets.folder_of(settings.folder, NAME).iterdir()) == []
    assert databases(server) == {}


def test_a_target_that_has_no_such_set_is_told(
    place: Place, disaster: Callable[[], str], capsys: pytest.CaptureFixture[str]
) -> None:
    set_id = disaster()
    assert command.main(["20200101T000000Z", "--from", place[0]]) == WRONG_USAGE
    assert f"has no set 20200101T000000Z of {NAME}: {set_id}." in capsys.readouterr().err


def test_an_encrypted_set_needs_the_key_that_belongs_to_it(
    key: Path,
    place: Place,
    disaster: Callable[[], str],
    server: Connection,
    url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    set_id = disaster()
    other = tmp_path / "other.txt"
    other.write_text(f"{pyrage.x25519.Identity.generate()}\n")
    assert command.main(["latest", "--from", place[0]]) == FAILED
    printed = capsys.readouterr().err
    assert f"Set {set_id} is encrypted, and no private key was given." in printed
    assert os.environ["BACKUP_AGE_RECIPIENT"] in printed
    monkeypatch.setenv("BACKUP_AGE_IDENTITY_FILE", str(other))
    assert command.main(["latest", "--from", place[0]]) == FAILED
    assert "none of the private keys that were given fits" in capsys.readouterr().err
    assert databases(server) == {}
    monkeypatch.setenv("BACKUP_AGE_IDENTITY_FILE", str(key))
    assert command.main(["latest", "--from", place[0]]) == DONE
    assert rows(url) == ROWS
    assert not read_settings(os.environ).plain_folder.exists()
