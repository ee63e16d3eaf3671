"""Moving media between the folder and a bucket on a real S3 server: whole, proven, resumed, while others upload and delete."""

import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.core.management import call_command
from pytest_django import Settings

from apps.accounts.models import User
from apps.gallery import files, services
from apps.gallery.models import Album
from apps.operations.moving import guards, one
from apps.operations.moving.bar import Bar
from config.environment_values import ROOT
from config.media.bucket import BucketStorage
from config.media.moving import MovingStorage
from config.media.place import MediaAwayError
from embedded.state import free_port
from tests.bucket import move_media, put_media_into, s3_server
from tests.docs.documents import commands
from tests.gallery.conftest import uploaded_and_ready
from tests.ops.backup.faulty_line import Line, line_to
from tests.ops.backup.target_servers import Server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """An S3 server with an empty bucket."""
    with s3_server(tmp_path_factory.mktemp("s3")) as started:
        yield started


@pytest.fixture
def kept(db: None, settings: Settings, server: Server) -> Path:
    """Where the server keeps this test's files; media are to be moved to the bucket."""
    return put_media_into(settings, server, move="to-bucket")


@pytest.fixture
def folder(kept: Path, settings: Settings) -> Path:
    """The folder of media, with some files."""
    path = Path(settings.MEDIA_ROOT)
    write(path, {f"private/t{number}/original é.jpg": os.urandom(1000 + number) for number in range(12)})
    return path


def write(folder: Path, contents: dict[str, bytes]) -> None:
    for name, content in contents.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


def contents_of(folder: Path) -> dict[str, bytes]:
    """Return every file that is no work of the move's."""
    found = [path for path in folder.rglob("*") if path.is_file() and ".move" not in path.parts]
    return {str(path.relative_to(folder)): path.read_bytes() for path in found}


def move(capsys: pytest.CaptureFixture[str], *words: str, status: int = 0) -> str:
    """Run the command; return what it printed."""
    capsys.readouterr()
    try:
        call_command("move_media", *words)
        ended = 0
    except SystemExit as error:
        ended = int(str(error.code))
    told = capsys.readouterr()
    assert ended == status, told.out + told.err
    return told.out or told.err


class TestToTheBucket:
    def test_everything_is_moved_and_nothing_is_left(
        self, folder: Path, kept: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        before = contents_of(folder)
        words = move(capsys)
        assert contents_of(kept) == before
        assert contents_of(folder) == {}
        assert words.startswith("Moved 12 files, 0.0 MB, to-bucket in ")
        assert words.endswith(
            "All 0 files that the database names are there. Set MEDIA_STORAGE_MOVE=none, and deploy.\n"
        )
        assert move(capsys).startswith("Moved 0 files")

    def test_what_the_database_names_is_looked_for(
        self, kept: Path, settings: Settings, album: Album, capsys: pytest.CaptureFixture[str]
    ) -> None:
        move_media(settings, "to-folder")
        photo = uploaded_and_ready(album)
        move_media(settings, "to-bucket")
        assert "All 4 files that the database names are there." in move(capsys)
        path = kept / photo.file_name
        path.write_bytes(path.read_bytes() + b"more")
        small = photo.renditions.get(size="SMALL").file_name
        MovingStorage().bucket.delete(small)
        words = move(capsys, status=1)
        assert f"1 that the database names are not there:\n  {small!r}\n" in words
        assert f"1 are not as the database says:\n  {photo.file_name!r}\n" in words

    def test_a_damaged_file_is_moved_as_it_is_and_told(
        self, kept: Path, settings: Settings, album: Album, capsys: pytest.CaptureFixture[str]
    ) -> None:
        move_media(settings, "to-folder")
        photo = uploaded_and_ready(album)
        path = Path(settings.MEDIA_ROOT) / photo.file_name
        content = bytearray(path.read_bytes())
        content[100] ^= 1
        path.write_bytes(content)
        move_media(settings, "to-bucket")
        found = json.loads(move(capsys, "--json", status=1))
        assert (found["files"], found["different"]) == (4, [photo.file_name])
        assert (kept / photo.file_name).read_bytes() == bytes(content)

    def test_a_dry_run_changes_nothing(self, folder: Path, kept: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert move(capsys, "--dry-run") == "Would move 12 files, 0.0 MB, to-bucket. Nothing was changed.\n"
        assert (len(contents_of(folder)), contents_of(kept)) == (12, {})


def test_back_to_the_folder(folder: Path, kept: Path, settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    before = contents_of(folder)
    move(capsys)
    move_media(settings, "to-folder")
    assert "take MEDIA_STORAGE_URL out" in move(capsys)
    assert (contents_of(folder), contents_of(kept)) == (before, {})
    assert {path.stat().st_mode & 0o777 for path in folder.rglob("*.jpg")} == {0o644}
    assert list((folder / ".move").glob("*.partial")) == []


class TestMeanwhile:
    def test_uploads_are_left_alone_and_others_are_found(
        self, folder: Path, kept: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A process of the version before, which still writes to the folder, is followed as well."""
        put = BucketStorage.put

        def put_while_others_write(self: BucketStorage, name: str, content: io.BufferedIOBase) -> None:
            put(self, name, content)  # type: ignore[arg-type]
            if name.startswith("private/t0/"):
                files.store("public/new/small.webp", b"to the bucket")
                write(folder, {"public/late/small.webp": b"to the folder"})

        monkeypatch.setattr(BucketStorage, "put", put_while_others_write)
        assert move(capsys).startswith("Moved 13 files")
        there = contents_of(kept)
        assert (there["public/new/small.webp"], there["public/late/small.webp"]) == (b"to the bucket", b"to the folder")
        assert (len(there), contents_of(folder)) == (14, {})

    @pytest.mark.parametrize("when", ["before it is stored", "once it is stored", "once it is proven"])
    def test_a_file_that_is_deleted_does_not_come_back(
        self, folder: Path, kept: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, when: str
    ) -> None:
        name, put, sha256 = "private/t3/original é.jpg", BucketStorage.put, BucketStorage.sha256

        def delete_at(moment: str, each: str) -> None:
            if when == moment and each == name:
                files.delete(name)

        def put_and_delete(self: BucketStorage, each: str, content: io.BufferedIOBase) -> None:
            delete_at("before it is stored", each)
            put(self, each, content)  # type: ignore[arg-type]
            delete_at("once it is stored", each)

        def prove_and_delete(self: BucketStorage, each: str) -> str:
            found = sha256(self, each)
            delete_at("once it is proven", each)
            return found

        monkeypatch.setattr(BucketStorage, "put", put_and_delete)
        monkeypatch.setattr(BucketStorage, "sha256", prove_and_delete)
        assert move(capsys).startswith("Moved 11 files")
        assert not files.exists(name)
        assert (len(contents_of(kept)), contents_of(folder)) == (11, {})

    def test_what_nginx_may_just_have_been_told_of_stays_for_a_while(
        self, folder: Path, kept: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:  # fmt: skip
        settings.MEDIA_ACCEL_LOCATION = "/protected-media/"
        slept: list[float] = []

        def sleep(seconds: float) -> None:
            slept.append(seconds)
            assert (len(contents_of(folder)), len(contents_of(kept))) == (12, 12)
            monkeypatch.setattr("apps.operations.moving.run.time.monotonic", lambda: 1e9)

        monkeypatch.setattr("apps.operations.moving.run.time.sleep", sleep)
        move(capsys)
        assert 9 < slept[0] <= 10
        assert contents_of(folder) == {}


class TestWhatGoesWrong:
    def test_a_file_of_the_same_name_with_other_contents_stays_in_both_places(
        self, folder: Path, kept: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        name = "private/t3/original é.jpg"
        here = (folder / name).read_bytes()
        bucket = MovingStorage().bucket
        bucket.put(name, io.BytesIO(b"other"))
        bucket.put(name.replace("t3", "t4"), io.BytesIO((folder / name.replace("t3", "t4")).read_bytes()))
        words = move(capsys, status=1)
        assert f"1 could not be moved, and are where they were:\n  {name!r}: the new place has another file" in words
        assert ((folder / name).read_bytes(), (kept / name).read_bytes()) == (here, b"other")
        assert len(contents_of(folder)) == 1

    def test_a_copy_that_is_not_what_was_sent_is_removed_and_told(
        self, folder: Path, kept: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(BucketStorage, "sha256", lambda *_: "0" * 64)
        assert "12 could not be moved" in move(capsys, status=1)
        assert (len(contents_of(folder)), contents_of(kept)) == (12, {})

    def test_a_name_that_a_bucket_cannot_have_is_told_and_left(
        self, folder: Path, kept: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        odd = [b"private/b\\c.jpg", b"private/\xff.jpg"]
        for name in odd:
            Path(os.fsdecode(bytes(folder) + b"/" + name)).write_bytes(b"odd")
        assert "2 could not be moved" in move(capsys, status=1)
        assert (len(contents_of(folder)), len(contents_of(kept))) == (2, 12)

    def test_a_bucket_that_goes_away_is_waited_for(
        self, folder: Path, kept: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        put, failed = BucketStorage.put, set[str]()

        def put_at_the_second_try(self: BucketStorage, name: str, content: io.BufferedIOBase) -> None:
            if name not in failed:
                failed.add(name)
                raise MediaAwayError("away")
            put(self, name, content)  # type: ignore[arg-type]

        monkeypatch.setattr(BucketStorage, "put", put_at_the_second_try)
        monkeypatch.setattr(one, "PAUSES_SECONDS", (0, 0))
        assert move(capsys).startswith("Moved 12 files")

    def test_a_bucket_that_stays_away_ends_it_and_loses_nothing(
        self, folder: Path, kept: Path, settings: Settings, capsys: pytest.CaptureFixture[str]
    ) -> None:
        settings.MEDIA_STORAGE_URL = f"s3://media/site?endpoint=http://127.0.0.1:{free_port()}"
        settings.STORAGES = dict(settings.STORAGES)
        words = move(capsys, status=1)
        assert words.startswith("error: Cannot list media: ")
        assert " hint: What is not moved is where it was. Run it again to go on.\n" in words
        assert len(contents_of(folder)) == 12

    def test_without_a_place_to_move_to_it_refuses(
        self, folder: Path, settings: Settings, capsys: pytest.CaptureFixture[str]
    ) -> None:
        move_media(settings, "none")
        assert "Refusing to move media: MEDIA_STORAGE_MOVE does not say where to." in move(capsys, status=3)
        assert len(contents_of(folder)) == 12

    def test_two_at_once_are_refused(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        with guards.alone(MovingStorage()):
            assert "Refusing to move media: another one does." in move(capsys, status=4)

    def test_a_disk_without_room_is_refused(
        self, folder: Path, settings: Settings, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        move(capsys)
        move_media(settings, "to-folder")
        monkeypatch.setattr(
            "apps.operations.moving.guards.shutil.disk_usage", lambda _: type("Usage", (), {"free": 100})()
        )
        assert "MB free. Nothing was changed." in move(capsys, status=3)
        assert contents_of(folder) == {}


def started(settings: Settings, line: Line) -> "subprocess.Popen[str]":
    """Start the command as a process of its own, over a line to the server."""
    names = ("MEDIA_STORAGE_ACCESS_KEY_ID", "MEDIA_STORAGE_SECRET_ACCESS_KEY", "MEDIA_STORAGE_MOVE")
    url = re.sub(r":[0-9]+$", f":{line.port}", settings.MEDIA_STORAGE_URL)
    own = {"MEDIA_STORAGE_URL": url, "MEDIA_ROOT": str(settings.MEDIA_ROOT)}
    return subprocess.Popen(
        [sys.executable, "manage.py", "move_media", "--threads", "2"],
        env={**os.environ, **{name: getattr(settings, name) for name in names}, **own},
        cwd=ROOT,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


@pytest.mark.parametrize(("to", "first", "second"), [("bucket", 200_000, 1_600_000), ("folder", 20_000, 128_000)])
def test_killed_and_stopped_it_goes_on_and_loses_nothing(
    kept: Path, settings: Settings, server: Server, capsys: pytest.CaptureFixture[str], to: str, first: int, second: int
) -> None:
    """The line is cut after so many bytes: what runs then waits for the bucket, and cannot come to its end."""
    folder = Path(settings.MEDIA_ROOT)
    before = {f"private/t{number}/original.jpg": os.urandom(20_000) for number in range(100)}
    write(folder, before)
    old, new = (folder, kept) if to == "bucket" else (kept, folder)
    if to == "folder":
        move(capsys)
        move_media(settings, "to-folder")
    for way, after_bytes in ((signal.SIGKILL, first), (signal.SIGTERM, second)):
        with line_to(server.port) as line:
            line.fail("cut", after_bytes=after_bytes)
            process = started(settings, line)
            while line.left >= 0:
                assert process.poll() is None, process.communicate()
                time.sleep(0.01)
            process.send_signal(way)
            told = process.communicate(timeout=60)[1]
        assert process.returncode == (1 if way == signal.SIGTERM else -way), told
        assert way == signal.SIGKILL or re.search(
            r"^error: Stopped; \d+ files were copied\.\n hint: ", told, re.MULTILINE
        )
        assert {**contents_of(old), **contents_of(new)} == before
        assert [name for name, content in before.items() if files.read(name) != content] == []
    left = len(contents_of(old))
    assert 0 < left < len(before)
    assert move(capsys).startswith(f"Moved {left} files")
    assert (contents_of(new), contents_of(old)) == (before, {})


class Terminal(io.StringIO):
    """What says that it is a terminal."""

    def isatty(self) -> bool:
        return True


class TestTheBar:
    def test_a_terminal_has_one_line_that_grows(self, monkeypatch: pytest.MonkeyPatch) -> None:
        out = Terminal()
        bar = Bar(out)
        bar.expect(4, 4_000_000)
        monkeypatch.setattr("apps.operations.moving.bar.REDRAWN_SECONDS", -1)
        bar.add(1, 1_000_000)
        bar.add(3, 3_000_000)
        bar.end()
        first, last = out.getvalue().split("\r\033[K")[1:]
        assert first.startswith("  [######------------------]  25 %  1 of 4 files, 1.0 of 4.0 MB, ")
        assert first.endswith(" s left")
        assert last.startswith("  [########################] 100 %  4 of 4 files, 4.0 of 4.0 MB, ")
        assert last.endswith(" MB/s\n")

    def test_elsewhere_there_is_a_line_for_each_tenth(self) -> None:
        out = io.StringIO()
        bar = Bar(out)
        bar.expect(100, 1000)
        for _ in range(100):
            bar.add(1, 10)
        lines = out.getvalue().splitlines()
        assert [line.split("%")[0].strip() for line in lines] == [str(each) for each in range(10, 101, 10)]
        assert not [line for line in lines if "#" in line or "\r" in line]

    def test_files_with_nothing_in_them_count_as_well(self) -> None:
        bar = Bar(io.StringIO())
        bar.expect(2, 0)
        bar.add(1, 0)
        assert bar.share == 0.5


@pytest.mark.parametrize("number", ["0", "65"])
def test_threads_are_bounded(kept: Path, number: str) -> None:
    with pytest.raises(Exception, match="files at once are none"):
        call_command("move_media", "--threads", number)


@pytest.fixture
def make_album(make_user: Callable[..., User]) -> Callable[[], Album]:
    return lambda: services.create_album(make_user("ada"), title="Hills", description="", visibility="PUBLIC")


@pytest.fixture
def album(make_album: Callable[[], Album]) -> Album:
    return make_album()


def test_the_document_s_commands_do_what_it_says(folder: Path, kept: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = [line for each in commands(ROOT / "docs" / "media-on-s3.md") for line in each.text.splitlines()]
    assert lines
    for line in lines:
        words = line.removeprefix("docker compose exec -T worker python manage.py move_media").split()
        assert words in ([], ["--dry-run"])
        move(capsys, *words)
    assert (len(contents_of(kept)), contents_of(folder)) == (12, {})
