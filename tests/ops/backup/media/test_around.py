"""`scripts/backup.sh media` and `all`: media around the database, whatever goes wrong with one of them."""

import json
from pathlib import Path

import pytest

from ops.backup import command, media, targets
from ops.backup.back_up import every_set
from ops.backup.settings import Settings
from ops.errors import DONE, REFUSED, WRONG_USAGE


@pytest.fixture
def target(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of media with a file, and a target for them."""
    (tmp_path / "media").mkdir()
    (tmp_path / "media" / "a b").write_text("a file")
    (tmp_path / "target").mkdir()
    monkeypatch.setenv("MEDIA_ROOT", str(tmp_path / "media"))
    monkeypatch.setenv("MEDIA_BACKUP_TARGET", (tmp_path / "target").as_uri())
    return tmp_path / "target"


def ids(target: Path) -> list[str]:
    return [each.id for each in media.snapshots(targets.of(target.as_uri()))]


def test_a_set_names_the_snapshot_that_belongs_to_it(
    settings: Settings, target: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.main(["all", "--json"]) == DONE
    (backup_set,) = every_set(settings)
    assert backup_set.manifest.media == {"target": target.as_uri(), "snapshot": ids(target)[0]}
    assert backup_set.counts
    assert json.loads(capsys.readouterr().out)["media"] == backup_set.manifest.media


def test_where_the_target_of_media_is_away_the_database_is_backed_up_all_the_same(
    settings: Settings, target: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target.rmdir()
    assert command.main(["all"]) == REFUSED
    assert "MEDIA_BACKUP_TARGET" in capsys.readouterr().err
    (backup_set,) = every_set(settings)
    assert (backup_set.manifest.media, backup_set.counts) == (None, True)


def test_an_empty_media_folder_is_refused_and_nothing_is_removed(
    settings: Settings, target: Path, tmp_path: Path
) -> None:
    assert command.main(["media"]) == DONE
    (tmp_path / "media" / "a b").unlink()
    assert command.main(["media"]) == REFUSED
    assert len(ids(target)) == 1
    assert command.main(["media", "--despite-lost-files"]) == DONE


def test_media_alone_are_listed_looked_at_and_verified(
    settings: Settings, target: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.main(["media", "--dry-run", "--json"]) == DONE
    assert json.loads(capsys.readouterr().out)["files"] == 1
    assert list(target.iterdir()) == []
    assert command.main(["media", "--json"]) == DONE
    assert json.loads(capsys.readouterr().out)["id"] == ids(target)[0]
    assert command.main(["media", "--list"]) == DONE
    assert ids(target)[0] in capsys.readouterr().out
    assert command.main(["media", "--verify", "latest"]) == DONE
    assert "1 files compared" in capsys.readouterr().out
    assert command.main(["media", "--verify", "20200101T000000Z"]) == WRONG_USAGE
    assert not (tmp_path / "backups" / ".media" / "work").exists()


def test_without_a_target_there_is_nothing_to_do_for_media(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MEDIA_BACKUP_TARGET", "")
    assert command.main(["media"]) == WRONG_USAGE
    assert "MEDIA_BACKUP_TARGET is not set" in capsys.readouterr().err
