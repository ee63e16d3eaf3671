"""Snapshots of media: exact, additive, compared, kept; whatever the target."""

import datetime
import hashlib
import json
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from ops.backup import media, targets
from ops.backup.media import catalogue, scan, taking, upkeep
from ops.backup.media.objects import key
from ops.backup.media.settings import MediaSettings
from ops.backup.progress import Progress
from ops.backup.retention import Rules
from ops.backup.sets import FORM
from ops.backup.targets import MANIFEST
from ops.backup.targets.rclone import RcloneTarget
from ops.errors import FAILED, REFUSED, OperatorError
from tests.ops.backup.conftest import Place

RSYNC = pytest.param("rsync", marks=pytest.mark.rsync)
NAMES = (
    "a b",
    'it\'s "quoted"',
    "new\nline",
    "back\\#012slash",
    "über/日本.jpg",
    "-dash",
    "*?[x]",
    os.fsdecode(b"\xff\xfe"),
)
MONDAY = datetime.date(2026, 11, 23)


@pytest.fixture(params=["file", RSYNC, "s3"])
def place(request: pytest.FixtureRequest, make_place: Callable[[str], Place]) -> Place:
    """The address of a target, and where it keeps its files."""
    return make_place(request.param)


quick = pytest.mark.parametrize("place", ["file"], indirect=True)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A media folder with names that programs stumble over, an empty file, and two of the same contents."""
    made = tmp_path / "media"
    for name in (*NAMES, "same/1", "same/2", "empty"):
        (made / name).parent.mkdir(parents=True, exist_ok=True)
        (made / name).write_bytes(
            {"empty": b"", "same": b"twice"}.get(name.split("/")[0]) or os.urandom(900) * (name != "empty")
        )
    return made


@pytest.fixture
def settings(place: Place, folder: Path, tmp_path: Path) -> MediaSettings:
    known = tmp_path / "known"
    known.mkdir()
    return MediaSettings(
        folder=folder, target=targets.of(place[0], room=known), rules=Rules(days=14, least=1), known=known
    )


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def run(settings: MediaSettings, **more: bool) -> catalogue.Snapshot:
    return media.take(settings, progress=Progress(), **more)


def kept_file(settings: MediaSettings, place: Place, snapshot: catalogue.Snapshot, name: str) -> Path:
    """Return where the target keeps a file's contents."""
    if settings.target.url.startswith("s3"):
        return place[1] / "media/objects" / key(snapshot.files[name].sha256)
    return place[1] / "media" / snapshot.id / "files" / name


def test_every_snapshot_comes_back_exactly(settings: MediaSettings, folder: Path, tmp_path: Path) -> None:
    first, then = run(settings), contents(folder)
    (folder / "a b").write_text("overwritten")
    (folder / "-dash").unlink()
    (folder / "new").write_text("new")
    second, now = run(settings), contents(folder)
    assert [each.id for each in media.snapshots(settings.target)] == [first.id, second.id]
    for snapshot, expected in ((first, then), (second, now)):
        media.fetch(settings.target, snapshot.id, tmp_path / snapshot.id)
        assert contents(tmp_path / snapshot.id) == expected
    restored = (tmp_path / second.id / "new").stat()
    assert int(restored.st_mtime) == int((folder / "new").stat().st_mtime)


def test_the_manifest_has_every_file_with_size_time_and_hash(
    settings: MediaSettings, place: Place, folder: Path
) -> None:
    snapshot = run(settings)
    written = json.loads((place[1] / "media" / snapshot.id / MANIFEST).read_text())
    assert written["files"] == {
        name: {
            "bytes": len(content),
            "sha256": hashlib.sha256(content).hexdigest(),
            "mtime": int((folder / name).stat().st_mtime),
        }
        for name, content in contents(folder).items()
    }


def test_what_did_not_change_takes_no_room_again(settings: MediaSettings, place: Place, folder: Path) -> None:
    first = run(settings)
    inodes = {path.stat().st_ino for path in place[1].rglob("*") if path.is_file()}
    second = run(settings)
    new = [path for path in place[1].rglob("*") if path.is_file() and path.stat().st_ino not in inodes]
    assert [path.name for path in new] == [MANIFEST]
    assert first.files == second.files


def test_a_change_that_keeps_size_and_time_is_seen(settings: MediaSettings, folder: Path, tmp_path: Path) -> None:
    run(settings)
    before = (folder / "a b").stat()
    (folder / "a b").write_bytes(b"x" * before.st_size)
    os.utime(folder / "a b", ns=(before.st_atime_ns, before.st_mtime_ns))
    media.fetch(settings.target, run(settings).id, tmp_path / "fetched", only=["a b"])
    assert contents(tmp_path / "fetched") == {"a b": b"x" * before.st_size}


def test_a_fetch_goes_on_and_mends_what_is_there(settings: MediaSettings, folder: Path, tmp_path: Path) -> None:
    snapshot = run(settings)
    media.fetch(settings.target, snapshot.id, tmp_path / "fetched", only=["a b", "empty"])
    (tmp_path / "fetched" / "a b").write_text("damaged")
    media.fetch(settings.target, "latest", tmp_path / "fetched")
    assert contents(tmp_path / "fetched") == contents(folder)


@quick
def test_a_snapshot_without_its_manifest_is_not_there(settings: MediaSettings, place: Place, folder: Path) -> None:
    snapshot = run(settings)
    (place[1] / "media" / snapshot.id / MANIFEST).unlink()
    assert media.snapshots(settings.target) == []


def test_damage_at_the_target_is_told_by_name_and_mended(
    settings: MediaSettings, place: Place, folder: Path, tmp_path: Path
) -> None:
    snapshots = [run(settings), run(settings)]
    kept_file(settings, place, snapshots[1], "a b").write_bytes(b"x" * 900)
    kept_file(settings, place, snapshots[1], "new\nline").write_bytes(b"y" * 900)
    if isinstance(settings.target, RcloneTarget):  # the server remembers what it has, and would not see it gone
        settings.target.delete("media/objects", [key(snapshots[1].files["*?[x]"].sha256)])
    else:
        kept_file(settings, place, snapshots[1], "*?[x]").unlink()
    with pytest.raises(OperatorError, match="3 files missing or with other contents") as caught:
        upkeep.check(settings, Progress(), day=MONDAY, only=snapshots[1].id)
    assert caught.value.status == FAILED
    assert all(f"{name!r} (mended)" in str(caught.value) for name in ("a b", "new\nline", "*?[x]"))
    for snapshot in snapshots:
        assert upkeep.check(settings, Progress(), day=MONDAY, only=snapshot.id) == len(contents(folder))
        media.fetch(settings.target, snapshot.id, tmp_path / snapshot.id)
        assert contents(tmp_path / snapshot.id) == contents(folder)


@quick
def test_damage_to_what_this_machine_no_longer_has_is_told(settings: MediaSettings, place: Place, folder: Path) -> None:
    first = run(settings)
    (folder / "a b").unlink()
    run(settings)
    kept_file(settings, place, first, "a b").write_bytes(b"x" * 900)
    with pytest.raises(OperatorError, match=r"'a b' \(not mended\)"):
        upkeep.check(settings, Progress(), day=MONDAY, only=first.id)


@pytest.mark.parametrize("place", ["file", RSYNC], indirect=True)
def test_damage_on_this_machine_is_not_copied_over_what_is_whole_at_the_target(
    settings: MediaSettings, place: Place, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    snapshot = run(settings)
    before = kept_file(settings, place, snapshot, "a b").read_bytes()
    as_remembered = scan.scan(settings.folder, cache=settings.hashes)
    (folder / "a b").write_bytes(b"x" * 900)
    monkeypatch.setattr(scan, "scan", lambda *_, **__: as_remembered)
    assert upkeep.check(settings, Progress(), day=MONDAY, only=snapshot.id) == len(snapshot.files)
    assert kept_file(settings, place, snapshot, "a b").read_bytes() == before


@quick
def test_a_week_sees_everything(settings: MediaSettings, folder: Path) -> None:
    run(settings)
    (folder / "a b").write_text("overwritten")
    run(settings)
    seen = [upkeep.check(settings, Progress(), day=MONDAY + datetime.timedelta(days=day)) for day in range(7)]
    assert sum(seen) == len(contents(folder)) + 1
    assert max(seen) < sum(seen)


@quick
def test_a_damaged_manifest_is_told_and_mended(settings: MediaSettings, place: Place) -> None:
    snapshot = run(settings)
    kept = place[1] / "media" / snapshot.id / MANIFEST
    written = kept.read_bytes()
    kept.write_bytes(written.replace(b'"bytes"', b'"bites"', 1))
    with pytest.raises(OperatorError, match=MANIFEST):
        upkeep.check(settings, Progress(), day=MONDAY)
    assert kept.read_bytes() == written


@pytest.mark.parametrize("place", ["file", RSYNC], indirect=True)
def test_a_target_that_lies_about_what_it_stored_makes_no_snapshot(
    settings: MediaSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = settings.target.copy

    def cut(folder: Path, name: str, wanted: list[str], **more: object) -> list[str]:
        return copy(folder, name, [each for each in wanted if each != "a b"], **more)  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        patched.setattr(settings.target, "copy", cut)
        with pytest.raises(OperatorError, match=r"does not have what was stored there.*'media/.*/a b'"):
            run(settings)
    assert media.snapshots(settings.target) == []
    assert len(run(settings).files) == len(contents(settings.folder))


def test_a_killed_run_is_taken_over_by_the_next(
    settings: MediaSettings, place: Place, folder: Path, tmp_path: Path
) -> None:
    begun = taking.begin(settings, Progress())
    begun.copy(step="copy")
    (folder / "a b").write_text("changed since")
    snapshot = run(settings)
    assert [path.name for path in sorted((place[1] / "media").iterdir()) if path.name != "objects"] == [snapshot.id]
    media.fetch(settings.target, snapshot.id, tmp_path / "fetched")
    assert contents(tmp_path / "fetched") == contents(folder)


@quick
def test_what_an_older_run_left_is_removed(settings: MediaSettings, place: Place) -> None:
    (place[1] / "media/20200101T000000Z/files").mkdir(parents=True)
    snapshot = run(settings)
    (place[1] / "media/20200101T000001Z/files").mkdir(parents=True)
    again = run(settings)
    assert sorted(path.name for path in (place[1] / "media").iterdir()) == sorted({snapshot.id, again.id})


def test_two_passes_have_what_was_there_before_and_what_came_meanwhile(
    settings: MediaSettings, folder: Path, tmp_path: Path
) -> None:
    begun = taking.begin(settings, Progress())
    begun.copy(step="before")
    before = contents(folder)
    (folder / "a b").unlink()
    (folder / "new").write_text("new")
    (folder / "-dash").write_text("overwritten")
    begun.copy(step="after")
    snapshot = begun.publish()
    media.fetch(settings.target, snapshot.id, tmp_path / "fetched")
    assert contents(tmp_path / "fetched") == before | contents(folder)


@quick
def test_what_is_neither_file_nor_folder_is_left_out_and_told(settings: MediaSettings, folder: Path) -> None:
    (folder / "link").symlink_to("/etc/passwd")
    (folder / "linked").symlink_to(folder / "same")
    snapshot = run(settings)
    assert snapshot.left_out == ["link", "linked"]
    assert "link" not in snapshot.files


@quick
def test_a_file_that_changes_while_it_is_copied_is_copied_again(
    settings: MediaSettings, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy, times = settings.target.copy, [0]

    def change_first(source: Path, name: str, wanted: list[str], **more: object) -> list[str]:
        if "a b" in wanted and times[0] == 0:
            times[0] += 1
            (folder / "a b").write_text("changed meanwhile")
        return copy(source, name, wanted, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(settings.target, "copy", change_first)
    snapshot = run(settings)
    assert snapshot.files["a b"].sha256 == hashlib.sha256(b"changed meanwhile").hexdigest()
    media.fetch(settings.target, snapshot.id, tmp_path / "fetched")
    assert contents(tmp_path / "fetched") == contents(folder)


@quick
def test_an_unchanged_file_is_not_read_again(settings: MediaSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    run(settings)
    before = settings.hashes.stat().st_mtime_ns
    run(settings)
    assert settings.hashes.stat().st_mtime_ns == before


@quick
@pytest.mark.parametrize("is_missing", [False, True])
def test_an_empty_folder_is_refused_where_the_last_snapshot_had_files(
    settings: MediaSettings, folder: Path, is_missing: bool
) -> None:
    first = run(settings)
    shutil.rmtree(folder)
    if not is_missing:
        folder.mkdir()
    with pytest.raises(OperatorError, match="Refusing to back up media") as caught:
        run(settings)
    assert caught.value.status == REFUSED
    assert [each.id for each in media.snapshots(settings.target)] == [first.id]
    if not is_missing:
        assert run(settings, despite_lost_files=True).files == {}


@quick
def test_a_folder_that_lost_more_than_half_its_files_is_refused(settings: MediaSettings, folder: Path) -> None:
    for number in range(30):
        (folder / f"{number}").write_text(f"{number}")
    run(settings)
    for number in range(25):
        (folder / f"{number}").unlink()
    with pytest.raises(OperatorError, match=r"has 16 of the 41 files") as caught:
        run(settings)
    assert caught.value.status == REFUSED


@quick
def test_a_target_that_is_not_mounted_is_refused(settings: MediaSettings, place: Place) -> None:
    run(settings)
    for path in place[1].iterdir():
        shutil.rmtree(path)
    with pytest.raises(OperatorError, match="has none of the 1 snapshots") as caught:
        run(settings)
    assert caught.value.status == REFUSED
    assert list(place[1].iterdir()) == []


def aged(settings: MediaSettings, place: Place, snapshot: catalogue.Snapshot, days: int) -> str:
    """Make an older snapshot out of another; return its id."""
    older = replace(snapshot, id=(snapshot.at - datetime.timedelta(days=days)).strftime(FORM))
    (settings.manifests / older.id).mkdir()
    (settings.manifests / older.id / MANIFEST).write_text(catalogue.text(older))
    if not isinstance(settings.target, RcloneTarget):
        settings.target.copy(settings.folder, f"media/{older.id}/files", list(older.files))
    settings.target.store(settings.manifests / older.id, f"media/{older.id}")
    return older.id


def test_what_no_rule_keeps_is_removed_and_the_rest_stays(
    settings: MediaSettings, place: Place, folder: Path, tmp_path: Path
) -> None:
    first, then = run(settings), contents(folder)
    old, needed = aged(settings, place, first, 40), aged(settings, place, first, 30)
    (folder / "a b").write_text("overwritten")
    second = run(settings)
    now = datetime.datetime.now(tz=datetime.UTC)
    assert upkeep.prune(settings, Progress(), needed=[needed], now=now) == [old]
    assert [each.id for each in media.snapshots(settings.target)] == [needed, first.id, second.id]
    media.fetch(settings.target, needed, tmp_path / "fetched")
    assert contents(tmp_path / "fetched") == then
    late = now + datetime.timedelta(days=100)
    assert upkeep.prune(settings, Progress(), needed=[], now=late) == [needed, first.id]
    media.fetch(settings.target, second.id, tmp_path / "second")
    assert contents(tmp_path / "second") == contents(folder)
    objects = [path for path in (place[1] / "media/objects").rglob("*") if path.is_file()]
    assert len(objects) == (len({each.sha256 for each in second.files.values()}) if objects else 0)
