"""Level 6: what is off this machine, restored from there alone; its time is written down."""

import datetime
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pyrage
import pytest

from ops.backup import command, drill, manifest, offsite, reached, targets
from ops.backup.application import Said
from ops.backup.back_up import every_set
from ops.backup.drill import Drill
from ops.backup.media import drilling
from ops.backup.progress import Progress
from ops.backup.sets import BackupSet
from ops.backup.settings import Settings
from ops.errors import DONE, FAILED, WRONG_USAGE
from ops.service import metrics
from ops.service.report import Report
from tests.ops.backup.history import flip_a_bit, folder, left_over


@pytest.fixture
def place(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A target off this machine."""
    found = tmp_path / "elsewhere"
    found.mkdir()
    monkeypatch.setenv("BACKUP_OFFSITE_TARGET", found.as_uri())
    return found


def stored(settings: Settings, place: Path) -> Path:
    """Take a set and store it there; return where it is."""
    assert command.main([]) == DONE
    backup_set = every_set(settings)[-1]
    offsite.store(targets.of(place.as_uri()), backup_set, Progress())
    return place / offsite.folder_of(settings.database.name) / backup_set.id


def test_a_set_is_restored_from_elsewhere_alone(
    settings: Settings, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stored(settings, place)
    shutil.rmtree(folder(settings))
    capsys.readouterr()
    assert command.main(["--drill"]) == DONE
    printed = capsys.readouterr()
    assert "was restored and compared: level 4" in printed.out
    assert "Level 4: comparing" in printed.err
    found = drill.last(settings)
    assert found is not None
    assert (found.level, found.is_proof, found.problem) == (4, True, "")
    assert found.seconds > 0
    assert {"fetch", "restore", "compare"} <= set(found.steps)
    now = datetime.datetime.now(tz=datetime.UTC)
    told = metrics.as_text(Report(now=now, began=now, up_since=now, drill=found), [])
    assert "slipway_backup_drill_level 4.0" in told
    assert f"slipway_backup_drill_recovery_seconds {found.seconds}" in told
    assert left_over(settings) == []
    assert not drill.place_of(settings).exists()


def test_the_level_is_written_beside_the_set_that_is_here_too_and_stays(settings: Settings, place: Path) -> None:
    stored(settings, place)
    found = Drill(id=every_set(settings)[0].id, at="2026-11-25T03:00:00Z", target="", level=6, seconds=7)
    drill.note_beside(settings, found)
    here = every_set(settings)[0].verification
    assert here is not None
    assert (here.level, here.recovery_seconds) == (6, 7)
    sound = Sound(backup_set=every_set(settings)[0])
    assert (reached.note(sound).level, reached.note(sound).recovery_seconds) == (6, 7)
    assert reached.note(sound, problem="a table is damaged").level == sound.level


@dataclass
class Sound:
    """A verification that reached level 5."""

    backup_set: BackupSet
    progress: Progress = field(default_factory=Progress)
    level: int = 5
    is_amchecked: bool = True
    said: Said = field(default_factory=Said)
    steps: Sequence[str] = ()


def test_a_copy_that_was_changed_there_is_no_proof(settings: Settings, place: Path) -> None:
    flip_a_bit(stored(settings, place) / manifest.DUMP)
    assert command.main(["--drill"]) == FAILED
    assert every_set(settings)[0].counts


def test_a_copy_that_restores_to_something_else_is_told_and_written_down(
    settings: Settings, place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stored(settings, place)
    monkeypatch.setattr("ops.backup.comparison.differences", lambda *_: ["table public.note has other contents"])
    assert command.main(["--drill"]) == FAILED
    assert "restored is not what was in the database" in capsys.readouterr().err
    found = drill.last(settings)
    assert found is not None
    assert (found.level, found.is_proof) == (3, False)
    assert "other contents" in found.problem
    assert every_set(settings)[0].counts  # of the one here nothing was seen


@pytest.mark.parametrize("has_key", [True, False])
def test_an_encrypted_copy_is_restored_with_the_key_and_hashed_without(
    has_key: bool, settings: Settings, place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    key = pyrage.x25519.Identity.generate()
    monkeypatch.setenv("BACKUP_AGE_RECIPIENT", str(key.to_public()))
    stored(settings, place)
    capsys.readouterr()
    if has_key:
        monkeypatch.setenv("BACKUP_AGE_IDENTITY", str(key))
    assert command.main(["--drill"]) == DONE
    found = drill.last(settings)
    assert found is not None
    assert (found.level, found.is_proof) == ((4, True) if has_key else (1, False))
    assert ("private key" in capsys.readouterr().out) is not has_key
    assert not settings.plain_folder.exists()


def test_media_are_fetched_too_and_one_that_was_changed_there_is_no_proof(
    settings: Settings,
    place: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name in ("media", "media target"):
        (tmp_path / name).mkdir()
    for number in range(3):
        (tmp_path / "media" / f"{number}").write_bytes(bytes(1000))
    monkeypatch.setenv("MEDIA_ROOT", str(tmp_path / "media"))
    monkeypatch.setenv("MEDIA_BACKUP_TARGET", (tmp_path / "media target").as_uri())
    assert command.main(["all"]) == DONE
    monkeypatch.setattr(drilling, "MOST_BYTES", 2500)
    assert command.main(["--drill"]) == DONE
    assert "Of its 3 media files 2 were fetched, 0.0 MB of 0.0 MB: each is as it was stored." in capsys.readouterr().out
    found = drill.last(settings)
    assert found is not None
    assert found.media == {"files": 2, "of_files": 3, "bytes": 2000, "of_bytes": 3000}
    assert "media" in found.steps
    for each in (tmp_path / "media target").rglob("files/*"):
        flip_a_bit(each)
    assert command.main(["--drill"]) == FAILED
    found = drill.last(settings)
    assert found is not None
    assert (found.level, found.is_proof) == (4, False)
    assert "does not have what was stored there" in found.problem


def test_without_a_target_there_is_nothing_to_drill(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["--drill"]) == WRONG_USAGE
    assert "BACKUP_OFFSITE_TARGET is not set" in capsys.readouterr().err
    assert drill.last(settings) is None
