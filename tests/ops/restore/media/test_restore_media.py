"""Restores of media: what comes back is what was backed up, what was live is kept, and what is killed is gone on with."""

import json
import os
import shutil
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ops.backup import command as backup
from ops.backup import lock
from ops.errors import DONE, FAILED, LOCKED, REFUSED, WRONG_USAGE
from ops.restore.media import command, exchange, restore_media
from tests.ops.backup.conftest import Place, make_place, postgresql_s_programs, rsync_daemon, s3_server
from tests.ops.backup.history import flip_a_bit

__all__ = ["make_place", "postgresql_s_programs", "rsync_daemon", "s3_server"]

FILES = {
    "photos/2026/a b.jpg": b"first",
    'photos/2026/it\'s "quoted"\n.jpg': b"second",
    "photos/über.jpg": b"third",
    "top": b"fourth",
    os.fsdecode(b"\xff\xfe"): b"fifth",
}
Contents = dict[str, bytes]


def write(folder: Path, files: Contents) -> None:
    """Write files, as the application does."""
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


def contents(folder: Path) -> Contents:
    """Return what is live."""
    paths = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths if ".restore" not in path.parts}


@pytest.fixture
def media(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A media folder with files."""
    (tmp_path / "backups").mkdir()
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setenv("DB_BACKUPS_DIR", str(tmp_path / "backups"))
    monkeypatch.setenv("MEDIA_ROOT", str(tmp_path / "media"))
    write(tmp_path / "media", FILES)
    return tmp_path / "media"


@pytest.fixture
def place(
    request: pytest.FixtureRequest, media: Path, make_place: Callable[[str], Place], monkeypatch: pytest.MonkeyPatch
) -> Path:
    """Where a target that has a snapshot of them keeps its files."""
    url, folder = make_place(getattr(request, "param", "file"))
    monkeypatch.setenv("MEDIA_BACKUP_TARGET", url)
    with monkeypatch.context() as patched:
        patched.setenv("DATABASE_URL", command.NO_DATABASE)
        assert backup.main(["media"]) == DONE
    return folder


def spoil(media: Path) -> Contents:
    """Lose a folder, change a file, add one; return what is live then."""
    shutil.rmtree(media / "photos" / "2026")
    write(media, {"top": b"changed", "new/upload": b"since then"})
    return contents(media)


@pytest.mark.parametrize("place", ["file", pytest.param("rsync", marks=pytest.mark.rsync), "s3"], indirect=True)
def test_the_snapshot_comes_back_and_undo_goes_back_and_forth(
    place: Path, media: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    live, held = spoil(media), os.open(media, os.O_RDONLY)
    assert command.main(["latest", "--overwrite", "--json"]) == DONE
    kept = json.loads(capsys.readouterr().out.splitlines()[-1])["kept_as"]
    assert contents(media) == FILES
    seen = os.listdir(held)  # noqa: PTH208 - by whoever has the folder open
    assert sorted(seen) == sorted([".restore", "photos", "top", os.fsdecode(b"\xff\xfe")])
    os.close(held)
    assert command.main(["--list"]) == DONE
    assert kept in capsys.readouterr().out
    for expected in (live, FILES):
        assert command.main(["--undo"]) == DONE
        assert contents(media) == expected
    (kept,) = [path.name for path in (media / ".restore").iterdir()]
    assert command.main(["--drop-kept", kept]) == DONE
    assert list((media / ".restore").iterdir()) == []


def test_what_comes_back_can_be_read_by_nginx_and_written_by_the_application(place: Path, media: Path) -> None:
    shutil.rmtree(media / "photos")
    assert command.main(["latest", "--overwrite"]) == DONE
    owner = media.stat().st_uid
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in (media / "photos").rglob("*")}
    assert all(mode == (0o755 if path.is_dir() else 0o644) for path, mode in modes.items())
    assert all(path.stat().st_uid == owner for path in modes)
    assert stat.S_IMODE((media / ".restore").stat().st_mode) == 0o700


def test_only_what_is_missing_is_added_and_nothing_else_changes(
    place: Path, media: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    live = spoil(media)
    before = {name: (media / name).stat().st_ino for name in live}
    assert command.main(["--only-missing"]) == DONE
    assert contents(media) == FILES | live
    assert {name: (media / name).stat().st_ino for name in live} == before
    assert "Added 2 files" in capsys.readouterr().out
    assert list((media / ".restore").iterdir()) == []


def test_a_file_that_comes_while_missing_ones_are_fetched_stays(
    place: Path, media: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoil(media)
    fetched = restore_media.fetched

    def upload(*arguments: object) -> Path:
        write(media, {"photos/2026/a b.jpg": b"uploaded meanwhile"})
        return fetched(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(restore_media, "fetched", upload)
    assert command.main(["--only-missing"]) == DONE
    assert (media / "photos/2026/a b.jpg").read_bytes() == b"uploaded meanwhile"


def test_an_empty_folder_is_filled_without_being_asked(place: Path, media: Path) -> None:
    for path in media.iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    assert command.main(["latest"]) == DONE
    assert contents(media) == FILES


def test_what_would_be_taken_away_has_to_be_agreed_to(
    place: Path, media: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    live = spoil(media)
    assert command.main(["latest"]) == REFUSED
    printed = capsys.readouterr().err
    assert "1 files have other contents" in printed
    assert "1 are not in it. Nothing was changed." in printed
    assert "--only-missing" in printed
    assert (contents(media), (media / ".restore").exists()) == (live, False)


def test_a_dry_run_says_what_would_be_done_and_changes_nothing(
    place: Path, media: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    live = spoil(media)
    assert command.main(["--dry-run"]) == DONE
    assert "Would fetch 3 files of " in capsys.readouterr().out
    assert command.main(["--dry-run", "--json"]) == DONE
    found = json.loads(capsys.readouterr().out)
    assert [found[name] for name in ("same", "different", "missing", "others")] == [2, 1, 2, 1]
    assert (contents(media), (media / ".restore").exists()) == (live, False)


def test_where_nothing_is_wrong_nothing_is_done(place: Path, media: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["latest"]) == DONE
    assert "Nothing was changed." in capsys.readouterr().out
    assert list((media / ".restore").iterdir()) == []


def test_a_file_that_is_damaged_at_the_target_stops_it_and_what_is_live_stays(
    place: Path, media: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    live = spoil(media)
    flip_a_bit(next(path for path in place.rglob("top") if path.is_file()))
    assert command.main(["latest", "--overwrite"]) == FAILED
    assert "does not have what was stored there" in capsys.readouterr().err
    assert contents(media) == live
    assert command.main(["--undo"]) == REFUSED


class Killed(BaseException):
    """What ends a run in a place that a test names: nothing cleans up after SIGKILL either."""


# Two entries, one that goes, the folder's new name; the third entry is the same file, by a link, and need not move.
@pytest.mark.parametrize(
    ("is_exchanging", "steps"), [(True, each) for each in range(4)] + [(False, each) for each in (0, 1, 2, 5, 6, 7)]
)
def test_an_exchange_that_is_killed_is_gone_on_with(
    is_exchanging: bool,
    steps: int,
    place: Path,
    media: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    live = spoil(media)
    if not is_exchanging:  # a file system that can't swap two names in one step
        monkeypatch.setattr(exchange, "exchanged", lambda *_: False)
    left = [steps + 1]  # the first is that of the folder that comes in

    def dying(step: Callable[[Path, Path], Any]) -> Callable[[Path, Path], Any]:
        def die(one: Path, other: Path) -> Any:
            if left[0] == 0:
                raise Killed
            left[0] -= 1
            return step(one, other)

        return die

    with monkeypatch.context() as patched:
        patched.setattr(Path, "rename", dying(Path.rename))
        if is_exchanging:
            patched.setattr(exchange, "exchanged", dying(exchange.exchanged))
        with pytest.raises(Killed):
            command.main(["latest", "--overwrite"])
    for arguments in (["latest", "--overwrite"], ["--undo"], ["--only-missing"]):
        assert command.main(arguments) == REFUSED
        assert "scripts/restore_media.sh --finish" in capsys.readouterr().err
    assert command.main(["--finish"]) == DONE
    assert contents(media) == FILES
    assert command.main(["--undo"]) == DONE
    assert contents(media) == live
    assert command.main(["--finish"]) == REFUSED


def test_a_fetch_that_is_killed_is_gone_on_with_and_another_snapshot_s_is_removed(
    place: Path, media: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoil(media)

    def die(*_: object, **__: object) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(exchange, "begin", die)
        with pytest.raises(Killed):
            command.main(["latest", "--overwrite"])
    (partial,) = (media / ".restore").iterdir()
    partial.with_name("incoming-20200101T000000Z.partial").mkdir()
    assert command.main(["latest", "--overwrite"]) == DONE
    assert contents(media) == FILES
    assert [path.name.partition("-")[0] for path in (media / ".restore").iterdir()] == ["kept"]


def test_a_backup_has_nothing_of_what_restores_keep(
    place: Path, media: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    spoil(media)
    assert command.main(["latest", "--overwrite"]) == DONE
    monkeypatch.setenv("DATABASE_URL", command.NO_DATABASE)
    capsys.readouterr()
    assert backup.main(["media", "--json"]) == DONE
    assert json.loads(capsys.readouterr().out)["files"] == len(FILES)


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (("20200101T000000Z",), WRONG_USAGE, "Snapshot 20200101T000000Z of media"),
        (("--undo",), REFUSED, "nothing is kept"),
        (("--drop-kept", "photos"), REFUSED, "no restore of media has kept it"),
        (("latest", "--from", "nowhere://x"), WRONG_USAGE, "--from"),
    ],
)
def test_what_is_not_there(
    arguments: tuple[str, ...],
    status: int,
    message: str,
    place: Path,
    media: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert command.main([*arguments]) == status
    assert message in capsys.readouterr().err
    assert contents(media) == FILES


def test_one_at_a_time(place: Path, media: Path) -> None:
    with lock.held(media.with_name("backups"), what="backup"):
        assert command.main(["latest"]) == LOCKED


def test_without_a_folder_it_is_refused(place: Path, media: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.rmtree(media)
    assert command.main(["latest"]) == REFUSED
    assert "there is no folder" in capsys.readouterr().err


def test_too_little_room_is_refused(
    place: Path, media: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    spoil(media)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(9, 9, 0))
    assert command.main(["--only-missing"]) == REFUSED
    assert "are to be fetched, and" in capsys.readouterr().err


def test_which_snapshot_has_to_be_said() -> None:
    with pytest.raises(SystemExit) as ended:
        command.main(["--overwrite"])
    assert ended.value.code == WRONG_USAGE
