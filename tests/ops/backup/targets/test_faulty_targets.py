"""Targets on a bad day, real servers behind real faults: the run fails and says why, what was there stays, the next run is well."""

import hashlib
import os
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import pytest

from ops.backup import command, media, offsite, programs, targets
from ops.backup import settings as backup_settings
from ops.backup.back_up import every_set
from ops.backup.progress import Progress
from ops.backup.settings import Settings
from ops.backup.targets import rclone, rsync, transfer
from ops.errors import DONE, FAILED, OperatorError
from tests.ops.backup import target_servers
from tests.ops.backup.conftest import Place
from tests.ops.backup.faulty_line import SAID, Line, line_to
from tests.ops.backup.target_servers import Server

MB = 1_000_000
RSYNC = pytest.param("rsync", marks=pytest.mark.rsync)
RESTIC = pytest.mark.parametrize("kind", [pytest.param("restic by http", marks=pytest.mark.restic)])


@dataclass(kw_only=True)
class Bad:
    """A target that was well for one snapshot of media, and will be bad; `url` is its address where it never is."""

    url: str
    folder: Path
    first: str
    line: Line | None = None

    def is_as_it_was(self, tmp_path: Path) -> bool:
        """Tell whether the snapshot is there as it was, and no other."""
        target = targets.of(self.url)
        if [each.id for each in media.snapshots(target)] != [self.first]:
            return False
        media.fetch(target, self.first, tmp_path / "fetched")  # by their hashes
        return True


@contextmanager
def impatience() -> Iterator[None]:
    """Wait for what hangs as long as a test can: not while all is well, which on a busy machine may take longer."""
    with pytest.MonkeyPatch.context() as patched:
        for each in (rclone, rsync):
            patched.setattr(each, "STALL_SECONDS", 3)
        patched.setattr(transfer, "STALL_SECONDS", 5)
        patched.setattr(programs, "END_SECONDS", 0.5)
        yield


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of media."""
    made = tmp_path / "media"
    made.mkdir()
    (made / "old").write_bytes(os.urandom(20_000))
    monkeypatch.setenv("MEDIA_ROOT", str(made))
    return made


def add(folder: Path) -> None:
    """Have something to copy: what can't be compressed, and what a line that lies knows."""
    (folder / "new").write_bytes(os.urandom(MB))
    (folder / "new text").write_bytes(SAID * 1000)


def well_once(url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Take a snapshot; return its id."""
    monkeypatch.setenv("MEDIA_BACKUP_TARGET", url)
    assert command.main(["media"]) == DONE
    return media.snapshots(targets.of(url))[0].id


def port_of(url: str) -> int:
    """Return the port in an address."""
    found = re.search(r"127\.0\.0\.1:(\d+)", url)
    assert found
    return int(found[1])


@pytest.fixture
def bad(
    kind: str,
    make_place: Callable[[str], Place],
    settings: Settings,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Bad]:
    """A target at the end of a line."""
    url, place = make_place(kind)
    port = port_of(url)
    with line_to(port) as line:
        first = well_once(url.replace(f":{port}", f":{line.port}"), monkeypatch)
        add(folder)
        yield Bad(url=url, folder=place, first=first, line=line)


def fails(bad: Bad, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> str:
    """Run; it fails, and says of what; the target has what it had. Return what was said."""
    capsys.readouterr()
    with impatience() if bad.line and bad.line.how == "silent" else nullcontext():
        assert command.main(["media"]) == FAILED
    said = capsys.readouterr().err
    assert "\nerror: " in said
    assert os.environ["MEDIA_BACKUP_TARGET"].partition("?")[0].rpartition("@")[2] in said
    if bad.line:
        bad.line.mend()
    assert bad.is_as_it_was(tmp_path)
    return said


def is_well_again(bad: Bad) -> bool:
    """Run once more; tell whether that made a snapshot."""
    return command.main(["media"]) == DONE and len(media.snapshots(targets.of(bad.url))) == 2


@pytest.mark.parametrize("kind", [RSYNC, "s3"])
def test_a_connection_that_is_cut_in_the_middle(bad: Bad, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert bad.line
    bad.line.fail("cut", after_bytes=MB // 2)
    assert "Cannot copy to " in fails(bad, capsys, tmp_path)
    assert is_well_again(bad)


@pytest.mark.parametrize("kind", [RSYNC, "s3"])
def test_a_target_that_hangs_in_the_middle(bad: Bad, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert bad.line
    bad.line.fail("silent", after_bytes=MB // 2)
    fails(bad, capsys, tmp_path)
    assert is_well_again(bad)


@RESTIC
def test_a_repository_of_restic_whose_server_hangs(make_place: Callable[[str], Place], kind: str, folder: Path) -> None:
    url, _ = make_place(kind)
    add(folder)
    with line_to(port_of(url)) as line:
        target = targets.of(url.replace(f":{port_of(url)}", f":{line.port}"))
        target.copy(folder, "db/app/1", ["old"])
        line.fail("silent", after_bytes=MB // 2)
        with impatience(), pytest.raises(OperatorError, match="nothing has moved for 5 s; restic was ended"):
            target.copy(folder, "db/app/2", ["new"])
    target = targets.of(url)
    assert target.names("db/app", last="") == ["1"]
    target.copy(folder, "db/app/2", ["new"])
    assert target.names("db/app", last="") == ["1", "2"]


@pytest.mark.parametrize("kind", [RSYNC])
def test_a_target_that_says_nothing(bad: Bad, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert bad.line
    bad.line.fail("silent")
    fails(bad, capsys, tmp_path)


@pytest.mark.parametrize("kind", ["webdav"])
def test_a_target_that_stored_something_else(bad: Bad, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert bad.line
    bad.line.fail("lying")
    assert "does not have what was stored there" in fails(bad, capsys, tmp_path)
    assert is_well_again(bad)


@pytest.mark.rsync
def test_a_target_whose_files_rot_as_soon_as_they_are_stored(
    rsync_daemon: Server,
    settings: Settings,
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    url = f"{rsync_daemon.url.replace('/open', '/damaged')}/rotten"
    first = well_once(url, monkeypatch)
    add(folder)
    bad = Bad(url=url, folder=rsync_daemon.folder / "rotten", first=first)
    assert "does not have what was stored there" in fails(bad, capsys, tmp_path)
    monkeypatch.setenv("MEDIA_BACKUP_TARGET", url.replace("/damaged", "/open"))
    assert is_well_again(bad)


SERVERS = {"rsync": target_servers.rsync_daemon, "s3": target_servers.s3}


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk with little room."""
    place = tmp_path / "disk"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={MB}", "none", str(place)], check=True)
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


@pytest.fixture
def on_small_disk(
    kind: str, small_disk: Path, settings: Settings, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Bad]:
    """A target that keeps its files on a small disk."""
    monkeypatch.setenv("RESTIC_PASSWORD", target_servers.PASSWORD)
    with ExitStack() as stack:
        kept = small_disk / "kept"
        if kind in SERVERS:
            server = stack.enter_context(SERVERS[kind](small_disk))
            url = f"{server.url}/own" if kind == "rsync" else server.url.replace("?", "/own?")
        else:
            kept.mkdir()
            url = f"restic:{kept}" if kind == "restic" else kept.as_uri()
        first = well_once(url, monkeypatch)
        add(folder)
        yield Bad(url=url, folder=kept, first=first)


def remount(disk: Path, options: str) -> None:
    """Change a disk's options, once a server that has been left has closed its files."""
    deadline = time.monotonic() + 30
    while subprocess.run(["mount", "-o", f"remount,{options}", str(disk)], check=False).returncode:
        assert time.monotonic() < deadline, f"{disk} stays busy"
        time.sleep(0.1)


@pytest.mark.mount
@pytest.mark.parametrize("kind", ["file", RSYNC, "s3", pytest.param("restic", marks=pytest.mark.restic)])
def test_a_target_whose_disk_is_full(
    on_small_disk: Bad, small_disk: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    fails(on_small_disk, capsys, tmp_path)
    remount(small_disk, f"size={10 * MB}")
    assert is_well_again(on_small_disk)


@pytest.mark.mount
@pytest.mark.parametrize("kind", ["file"])  # rsync's daemon keeps a file there open, and the kernel then refuses
def test_a_target_whose_disk_has_become_read_only(
    on_small_disk: Bad, small_disk: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    remount(small_disk, f"size={10 * MB}")
    remount(small_disk, "ro")
    assert "Read-only file system" in fails(on_small_disk, capsys, tmp_path)
    remount(small_disk, "rw")
    assert is_well_again(on_small_disk)


def hashes(folder: Path) -> dict[str, str]:
    """Return every file's hash."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def ids(url: str, settings: Settings) -> list[str]:
    """Return which sets a target has."""
    return [each.id for each in offsite.sets(targets.of(url), database=settings.database.name)]


@pytest.mark.parametrize("kind", [RSYNC, "s3"])
def test_a_set_whose_copy_is_cut_off_is_not_there_and_goes_with_the_next_run(
    kind: str,
    make_place: Callable[[str], Place],
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    url, _ = make_place(kind)
    port = port_of(url)
    with line_to(port) as line:
        monkeypatch.setenv("BACKUP_OFFSITE_TARGET", url.replace(f":{port}", f":{line.port}"))
        assert command.main([]) == DONE
        (first,) = every_set(settings)
        before = hashes(first.folder)
        line.fail("cut", after_bytes=9000)
        assert command.main([]) == FAILED
        assert "BACKUP_OFFSITE_TARGET" in capsys.readouterr().err
        line.mend()
        assert ids(url, settings) == [first.id]
        assert hashes(first.folder) == before
        second = every_set(settings)[1]
        assert (second.counts, second.offsite) == (True, None)
        offsite.keep(backup_settings.read(os.environ), every_set(settings), Progress())
        assert ids(url, settings) == [first.id, second.id]
