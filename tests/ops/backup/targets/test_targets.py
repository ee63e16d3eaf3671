"""What holds of every target: what comes out is what went in, and only a whole is seen."""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest

from ops.backup import targets
from ops.backup.targets import MANIFEST, Target
from ops.errors import FAILED, REFUSED, WRONG_USAGE, OperatorError
from tests.ops.backup.conftest import Place
from tests.ops.backup.target_servers import PASSWORD, Server

KINDS = [
    "file",
    pytest.param("rsync", marks=pytest.mark.rsync),
    pytest.param("rsync with a password", marks=pytest.mark.rsync),
    pytest.param("ssh", marks=pytest.mark.sshd),
    "s3",
    "webdav",
    "sftp",
    pytest.param("restic", marks=pytest.mark.restic),
]
QUICK = KINDS[:2]
OF_EACH_PROGRAM = [
    "file",
    KINDS[1],
    "s3",
]  # what goes through rsync, and through rclone, goes the same way for all of these
every = pytest.mark.parametrize("kind", KINDS, indirect=True)
quick = pytest.mark.parametrize("kind", QUICK, indirect=True)
LISTED_BY_LINE = ("s3", "webdav", "sftp")
LOOKED_INTO = [kind for kind in KINDS if getattr(kind, "values", [kind])[0] != "restic"]
PLAIN = ("a b", 'it\'s "quoted"', "back\\#012slash", "über/日本.jpg", "-dash", "*?[x]")
ODD = (*PLAIN, "new\nline", os.fsdecode(b"\xff\xfe"))


@pytest.fixture(params=OF_EACH_PROGRAM)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def place(kind: str, make_place: Callable[[str], Place]) -> Place:
    """The address of a target, and where it keeps its files."""
    return make_place(kind)


@pytest.fixture
def target(place: Place) -> Target:
    return targets.of(place[0])


@pytest.fixture
def folder(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """A folder with a manifest and files whose names programs stumble over."""
    made = tmp_path / "folder"
    is_by_line = "kind" in request.fixturenames and request.getfixturevalue("kind") in LISTED_BY_LINE
    for name in (*(PLAIN if is_by_line else ODD), "empty", MANIFEST):
        (made / name).parent.mkdir(parents=True, exist_ok=True)
        (made / name).write_bytes(b"" if name == "empty" else os.urandom(3000))
    return made


def hashes(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


@every
def test_what_is_fetched_is_what_was_stored(target: Target, folder: Path, tmp_path: Path) -> None:
    target.store(folder, "db/app/1", last=MANIFEST)
    target.fetch("db/app/1", tmp_path / "fetched")
    assert hashes(tmp_path / "fetched") == hashes(folder)
    assert target.compare("db/app/1", hashes(folder)) == target.compare("db/app/1", hashes(folder), beside=folder) == []


@quick
def test_some_of_the_files_can_be_fetched_of_several_folders(target: Target, folder: Path, tmp_path: Path) -> None:
    for name in "12":
        target.store(folder, f"db/app/{name}", last=MANIFEST)
    wanted = ["1/über/日本.jpg", f"2/{MANIFEST}"]
    target.fetch("db/app", tmp_path / "fetched", only=wanted)
    assert sorted(hashes(tmp_path / "fetched")) == sorted(wanted)


@quick
def test_a_fetch_goes_on_where_it_was_cut_off(target: Target, folder: Path, tmp_path: Path) -> None:
    target.store(folder, "db/app/1")
    fetched = tmp_path / "fetched"
    fetched.mkdir()
    (fetched / "a b").write_bytes((folder / "a b").read_bytes()[:100])
    target.fetch("db/app/1", fetched)
    assert hashes(fetched) == hashes(folder)


def test_a_folder_without_its_last_file_is_not_there(kind: str, target: Target, folder: Path, place: Place) -> None:
    assert target.names("db/app") == []
    target.store(folder, "db/app/1")
    target.copy(folder, "db/app/2", ["empty", "a b"])
    assert (target.names("db/app"), target.names("db"), target.names()) == (["1"], [], [])
    if kind not in LISTED_BY_LINE:  # these servers remember what they have, and would not see it gone
        (place[1] / "db/app/1" / MANIFEST).unlink()
        assert target.names("db/app") == []


def test_it_is_removed_and_the_others_stay(kind: str, target: Target, folder: Path, place: Place) -> None:
    for name in ("1", "10", "2"):
        target.store(folder, f"db/app/{name}")
    target.remove("db/app/1")
    assert target.names("db/app") == ["10", "2"]
    if kind != "restic":
        assert sorted(path.name for path in (place[1] / "db/app").iterdir()) == ["10", "2"]
    assert target.compare("db/app/10", hashes(folder)) == []


@pytest.mark.parametrize("kind", LOOKED_INTO, indirect=True)
def test_a_changed_byte_a_cut_and_a_missing_file_are_found(target: Target, folder: Path, place: Place) -> None:
    target.store(folder, "db/app/1")
    kept = place[1] / "db/app/1"
    before = (kept / "a b").stat()
    content = (folder / "a b").read_bytes()
    (kept / "a b").write_bytes(bytes([content[0] ^ 1]) + content[1:])
    os.utime(kept / "a b", ns=(before.st_atime_ns, before.st_mtime_ns))
    (kept / "-dash").write_bytes((folder / "-dash").read_bytes()[:-1])
    (kept / "*?[x]").unlink()
    wrong = sorted(["a b", "-dash", "*?[x]"])
    assert sorted(target.compare("db/app/1", hashes(folder))) == wrong
    assert sorted(target.compare("db/app/1", hashes(folder), beside=folder)) == wrong
    target.store(folder, "db/app/1")
    assert target.compare("db/app/1", hashes(folder)) == []


@pytest.mark.parametrize("kind", [kind for kind in LOOKED_INTO if kind not in LISTED_BY_LINE], indirect=True)
def test_the_same_files_of_another_folder_are_linked(target: Target, folder: Path, place: Place) -> None:
    target.copy(folder, "media/1/files", sorted(hashes(folder)))
    (folder / "a b").write_text("changed")
    target.copy(folder, "media/2/files", sorted(hashes(folder)), like="media/1/files")
    one, two = place[1] / "media/1/files", place[1] / "media/2/files"
    assert [name for name in hashes(folder) if not (one / name).samefile(two / name)] == ["a b"]
    assert hashes(two) == hashes(folder)


@quick
def test_what_vanishes_is_told_and_the_rest_is_copied(target: Target, folder: Path) -> None:
    assert target.copy(folder, "db/app/1", ["a b", "gone", "empty"]) == ["gone"]
    assert target.compare("db/app/1", {name: hashes(folder)[name] for name in ("a b", "empty")}) == []


@quick
@pytest.mark.parametrize("name", ["db/app/9", "nothing"])
def test_what_is_not_there_cannot_be_fetched(name: str, target: Target, folder: Path, tmp_path: Path) -> None:
    target.store(folder, "db/app/1")
    with pytest.raises(OperatorError) as caught:
        target.fetch(name, tmp_path / "fetched")
    assert caught.value.status == FAILED
    with pytest.raises(OperatorError):
        target.fetch("db/app/1", tmp_path / "fetched", only=["empty", "not there"])


@pytest.mark.rsync
@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("rsync://ada:wrong@127.0.0.1:{port}/closed", "auth failed"),
        ("rsync://127.0.0.1:{port}/closed", "auth failed"),
        ("rsync://127.0.0.1:{port}/nothing", "Unknown module"),
        ("rsync://127.0.0.1:{port}/frozen", "read only"),
        ("rsync://127.0.0.1:1/open", "Connection refused"),
    ],
)
def test_a_target_that_does_not_let_us_in(address: str, expected: str, rsync_daemon: Server, folder: Path) -> None:
    target = targets.of(address.format(port=rsync_daemon.port), variable="MEDIA_BACKUP_TARGET")
    with pytest.raises(OperatorError, match=expected) as caught:
        target.store(folder, "db/app/1")
    assert caught.value.status == FAILED
    assert "MEDIA_BACKUP_TARGET" in str(caught.value)
    assert "wrong" not in str(caught.value)


def test_a_disk_that_is_not_mounted_gets_nothing(folder: Path, tmp_path: Path) -> None:
    for address in (f"file://{tmp_path}/absent", f"{folder.as_uri()}?mounted=true"):
        with pytest.raises(OperatorError) as caught:
            targets.of(address).store(folder, "db/app/1")
        assert caught.value.status == REFUSED
    assert not (tmp_path / "absent").exists()


@pytest.mark.parametrize(
    "address", ["", "/mnt/nas", "ftp://host/path", "file://mnt/nas", "rsync://host", "rsync:///module", "http://[x"]
)
def test_an_address_that_is_none_is_told_with_its_variable(address: str) -> None:
    with pytest.raises(OperatorError, match="MEDIA_BACKUP_TARGET") as caught:
        targets.of(address, variable="MEDIA_BACKUP_TARGET")
    assert caught.value.status == WRONG_USAGE


def test_a_target_shows_itself_without_its_password() -> None:
    assert targets.of(f"rsync://ada:{quote(PASSWORD)}@host/module").url == "rsync://ada:***@host/module"
