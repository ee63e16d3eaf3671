"""Sets off this machine: there once they are whole, and the same when they come back."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ops.backup import back_up, command, manifest, offsite, targets
from ops.backup.back_up import every_set, expired
from ops.backup.database import Connection
from ops.backup.progress import Progress
from ops.backup.sets import BackupSet
from ops.backup.settings import Settings
from ops.backup.soundness import UnsoundError
from ops.backup.targets import Target
from ops.backup.verify import verify
from ops.errors import DONE, FAILED, REFUSED, WRONG_USAGE, OperatorError
from tests.ops.backup.conftest import Place
from tests.ops.backup.history import aged, flip_a_bit


@pytest.fixture(params=["file", pytest.param("rsync", marks=pytest.mark.rsync), "s3"])
def place(request: pytest.FixtureRequest, make_place: Callable[[str], Place]) -> tuple[Target, Path]:
    """A target, and where it keeps its files."""
    url, folder = make_place(request.param)
    return targets.of(url), folder


file_alone = pytest.mark.parametrize("place", ["file"], indirect=True)


def test_a_set_comes_back_as_it_was(
    place: tuple[Target, Path], backup_set: BackupSet, settings: Settings, tmp_path: Path
) -> None:
    (backup_set.folder / manifest.PIN).touch()
    offsite.store(place[0], backup_set, Progress())
    (found,) = offsite.sets(place[0], database=settings.database.name)
    assert (found.id, found.counts, found.manifest) == (backup_set.id, True, backup_set.manifest)
    fetched = offsite.fetch(place[0], "latest", database=settings.database.name, into=tmp_path / "fetched")
    assert (fetched.manifest, fetched.verification) == (backup_set.manifest, backup_set.verification)
    assert fetched.folder == tmp_path / "fetched" / backup_set.id
    assert not fetched.is_pinned


@file_alone
def test_it_is_written_down_where_a_set_is(
    place: tuple[Target, Path], backup_set: BackupSet, settings: Settings
) -> None:
    assert backup_set.offsite is None
    offsite.store(place[0], backup_set, Progress())
    noted = every_set(settings)[0].offsite
    assert noted is not None
    assert noted.target == place[0].url


def test_a_set_that_was_changed_at_the_target_is_not_handed_out(
    place: tuple[Target, Path], backup_set: BackupSet, settings: Settings, tmp_path: Path
) -> None:
    offsite.store(place[0], backup_set, Progress())
    flip_a_bit(next(place[1].rglob(manifest.DUMP)))
    with pytest.raises(OperatorError, match=manifest.DUMP) as caught:
        offsite.fetch(place[0], backup_set.id, database=settings.database.name, into=tmp_path / "fetched")
    assert caught.value.status == FAILED
    assert list((tmp_path / "fetched").iterdir()) == []


@file_alone
def test_on_a_new_machine_a_set_is_measured_by_the_newest_elsewhere(
    place: tuple[Target, Path],
    backup_set: BackupSet,
    settings: Settings,
    database: Connection,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The database of a machine that is still to be restored is empty: its set would be the latest elsewhere."""
    offsite.store(place[0], backup_set, Progress())
    shutil.rmtree(backup_set.folder)
    database.execute("DROP TABLE note")
    monkeypatch.setenv("BACKUP_OFFSITE_TARGET", place[1].as_uri())
    assert command.main([]) == REFUSED
    printed = capsys.readouterr().err
    assert f"rows fell by more than half since set {backup_set.id}, which is off this machine" in printed
    assert "scripts/restore_db.sh latest --from" in printed
    assert every_set(settings) == []
    assert [each.id for each in offsite.sets(place[0], database=settings.database.name)] == [backup_set.id]
    assert command.main(["--despite-lost-rows"]) == DONE


@file_alone
def test_a_target_that_is_away_costs_a_first_set_nothing_but_the_measure(
    place: tuple[Target, Path], settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BACKUP_OFFSITE_TARGET", "rsync://127.0.0.1:1/away")
    assert command.main([]) == FAILED
    assert len(every_set(settings)) == 1


@file_alone
def test_a_set_whose_manifest_was_changed_is_none(
    place: tuple[Target, Path], backup_set: BackupSet, settings: Settings
) -> None:
    offsite.store(place[0], backup_set, Progress())
    flip_a_bit(next(place[1].rglob(manifest.MANIFEST)))
    assert offsite.sets(place[0], database=settings.database.name) == []


@file_alone
def test_another_database_s_sets_are_not_seen(
    place: tuple[Target, Path], backup_set: BackupSet, tmp_path: Path
) -> None:
    offsite.store(place[0], backup_set, Progress())
    assert offsite.sets(place[0], database="another") == []
    with pytest.raises(OperatorError, match="has no set latest of another") as caught:
        offsite.fetch(place[0], "latest", database="another", into=tmp_path)
    assert caught.value.status == WRONG_USAGE


@pytest.fixture
def offsite_target(tmp_path: Path) -> Path:
    """The folder of a target."""
    (tmp_path / "target").mkdir()
    return tmp_path / "target"


def keep(settings: Settings, folder: Path) -> None:
    """Do what a run does at the target."""
    offsite.keep(replace(settings, offsite_target=folder.as_uri()), every_set(settings), Progress())


def there(settings: Settings, folder: Path) -> list[str]:
    return [each.id for each in offsite.sets(targets.of(folder.as_uri()), database=settings.database.name)]


def test_every_set_that_counts_is_stored_and_the_target_is_pruned(
    settings: Settings, backup_set: BackupSet, offsite_target: Path
) -> None:
    recent, old = aged(backup_set, days=1), aged(backup_set, days=40)
    offsite.store(targets.of(offsite_target.as_uri()), every_set(settings)[0], Progress())
    assert there(settings, offsite_target) == [old]
    keep(settings, offsite_target)
    assert there(settings, offsite_target) == [recent, backup_set.id]


def test_a_target_that_lost_every_set_is_refused(
    settings: Settings, backup_set: BackupSet, offsite_target: Path
) -> None:
    keep(settings, offsite_target)
    offsite_target.rename(offsite_target.with_name("elsewhere"))
    for expected in ("there is no folder", "none of the 1 sets that were stored there"):
        with pytest.raises(OperatorError, match=expected) as caught:
            keep(settings, offsite_target)
        assert caught.value.status == REFUSED
        offsite_target.mkdir(exist_ok=True)
    assert list(offsite_target.iterdir()) == []


def test_where_the_target_is_away_the_set_counts_and_nothing_is_removed(
    settings: Settings,
    backup_set: BackupSet,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    old = aged(backup_set, days=40)
    monkeypatch.setenv("BACKUP_OFFSITE_TARGET", (tmp_path / "absent").as_uri())
    assert command.main([]) == REFUSED
    assert "BACKUP_OFFSITE_TARGET" in capsys.readouterr().err
    found = every_set(settings)
    assert [each.id for each in found[:2]] == [old, backup_set.id]
    assert found[-1].counts


def test_damage_at_the_target_is_told_and_mended(
    settings: Settings, backup_set: BackupSet, offsite_target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(settings, offsite_target)
    monkeypatch.setattr(offsite, "is_due", lambda *_, **__: True)
    kept = next(offsite_target.rglob(manifest.DUMP))
    before = kept.read_bytes()
    flip_a_bit(kept)
    with pytest.raises(OperatorError, match=rf"{manifest.DUMP} \(mended\)"):
        keep(settings, offsite_target)
    assert kept.read_bytes() == before
    keep(settings, offsite_target)


def test_what_a_killed_run_left_at_the_target_is_removed(
    settings: Settings, backup_set: BackupSet, offsite_target: Path
) -> None:
    left = offsite_target / offsite.folder_of(settings.database.name) / "20200101T000000Z"
    left.mkdir(parents=True)
    (left / manifest.DUMP).write_text("half")
    keep(settings, offsite_target)
    assert not left.exists()


def test_the_last_set_that_is_off_this_machine_is_kept(settings: Settings, backup_set: BackupSet) -> None:
    old = backup_set.folder.parent / aged(backup_set, days=40)
    manifest.write_offsite(old, "file:///mnt/nas")
    assert expired(settings) == []
    (old / manifest.OFFSITE).unlink()
    assert [each.id for each in expired(settings)] == [old.name]


@pytest.mark.parametrize("place", ["file", pytest.param("rsync", marks=pytest.mark.rsync)], indirect=True)
def test_damage_on_this_machine_is_not_copied_over_what_is_whole_elsewhere(
    place: tuple[Target, Path], settings: Settings, backup_set: BackupSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    offsite.store(place[0], backup_set, Progress())
    kept = next(place[1].rglob(manifest.DUMP))
    before = kept.read_bytes()
    flip_a_bit(backup_set.folder / manifest.DUMP)
    monkeypatch.setattr(offsite, "is_due", lambda *_, **__: True)
    kept_here = every_set(settings)
    offsite.check(place[0], kept_here, database=settings.database.name, progress=Progress(), day=backup_set.at.date())
    assert kept.read_bytes() == before


def test_what_was_taken_before_a_restore_stays_on_this_machine(
    settings: Settings, backup_set: BackupSet, offsite_target: Path
) -> None:
    (backup_set.folder / manifest.BEFORE_RESTORE).touch()
    keep(settings, offsite_target)
    assert there(settings, offsite_target) == []


def test_a_set_of_a_database_that_is_not_sound_leaves_this_machine_and_nothing_is_removed(
    settings: Settings, backup_set: BackupSet, offsite_target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = aged(backup_set, days=40)
    offsite.store(targets.of(offsite_target.as_uri()), every_set(settings)[0], Progress())

    def verify_and_find(*arguments: Any, **options: Any) -> None:
        verify(*arguments, **options)
        raise UnsoundError("An index is damaged.", hint="Look.")

    monkeypatch.setattr(back_up, "verify", verify_and_find)
    monkeypatch.setenv("BACKUP_OFFSITE_TARGET", offsite_target.as_uri())
    assert command.main([]) == FAILED
    assert there(settings, offsite_target) == [old, *(each.id for each in every_set(settings)[1:])]
    assert len(every_set(settings)) == 3


def test_the_list_says_of_each_set_whether_it_is_off_the_machine(
    settings: Settings,
    backup_set: BackupSet,
    offsite_target: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    old = aged(backup_set, days=2)
    keep(settings, offsite_target)
    new, there = aged(backup_set, days=1), offsite_target / offsite.folder_of(settings.database.name)
    (there / old).rename(there / "20200101T000000Z")
    monkeypatch.setenv("BACKUP_OFFSITE_TARGET", offsite_target.as_uri())
    assert words(capsys) == {old: "gone", new: "no", backup_set.id: "yes"}
    assert command.main(["--list"]) == DONE
    assert capsys.readouterr().out.endswith(f"off-site alone, at {offsite_target.as_uri()}: 20200101T000000Z\n")
    offsite_target.rename(offsite_target.with_name("away"))
    assert words(capsys) == {old: "noted", new: "no", backup_set.id: "noted"}
    assert command.main(["--list"]) == DONE
    assert "off-site: Refusing to use BACKUP_OFFSITE_TARGET: there is no folder" in capsys.readouterr().out
    assert command.main(["--list", "--json"]) == DONE
    told = json.loads(capsys.readouterr().out)
    assert [each["offsite"]["is_there"] for each in told["sets"]] == [None, False, None]
    assert (told["offsite"]["is_reached"], told["offsite"]["target"]) == (False, offsite_target.as_uri())


def words(capsys: pytest.CaptureFixture[str]) -> dict[str, str]:
    """Return what the list says of each set in the column for it."""
    capsys.readouterr()
    assert command.main(["--list"]) == DONE
    head, *rows = capsys.readouterr().out.partition("\n\n")[0].splitlines()
    place = head.index("off-site")
    return {row.split()[0]: row[place:].split()[0] for row in rows}
