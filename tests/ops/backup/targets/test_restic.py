"""restic as a target: snapshots of media in it, its locks, and what a dump that is like the last one takes."""

import datetime
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from ops.backup import media, programs, targets, tools
from ops.backup.database import Connection
from ops.backup.media import upkeep
from ops.backup.media.settings import MediaSettings
from ops.backup.progress import Progress
from ops.backup.retention import Rules
from ops.backup.settings import Settings
from ops.backup.snapshot import exported
from ops.errors import FAILED, OperatorError
from tests.ops.backup.conftest import Place
from tests.ops.backup.history import flip_a_bit

pytestmark = pytest.mark.restic
MB = 1_000_000
MONDAY = datetime.date(2026, 11, 23)


@pytest.fixture
def place(make_place: Callable[[str], Place]) -> Place:
    return make_place("restic")


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def size_of(repository: Path) -> int:
    return sum(path.stat().st_size for path in repository.rglob("*") if path.is_file())


def test_every_snapshot_of_media_comes_back_and_damage_is_told(place: Place, tmp_path: Path) -> None:
    folder, known = tmp_path / "media", tmp_path / "known"
    for each in (folder, known):
        each.mkdir()
    for name in ("a b", "*?[x]", "new\nline", os.fsdecode(b"\xff\xfe")):
        (folder / name).write_bytes(os.urandom(90_000))
    target = targets.of(place[0], room=known)
    settings = MediaSettings(folder=folder, target=target, rules=Rules(days=1, least=1), known=known)
    first, then = media.take(settings, progress=Progress()), contents(folder)
    before = size_of(place[1])
    (folder / "a b").write_text("overwritten")
    second, now = media.take(settings, progress=Progress()), contents(folder)
    assert size_of(place[1]) < before + 50_000  # what did not change is stored once
    for snapshot, expected in ((first, then), (second, now)):
        media.fetch(target, snapshot.id, tmp_path / snapshot.id)
        assert contents(tmp_path / snapshot.id) == expected
    late = datetime.datetime.now(tz=datetime.UTC) + datetime.timedelta(days=9)
    assert upkeep.prune(settings, Progress(), needed=[], now=late) == [first.id]
    assert [each.id for each in media.snapshots(target)] == [second.id]
    assert size_of(place[1]) < before
    flip_a_bit(max((place[1] / "data").rglob("*"), key=lambda path: path.stat().st_size * path.is_file()))
    with pytest.raises(OperatorError) as caught:
        upkeep.check(settings, Progress(), day=MONDAY, only=second.id)
    assert caught.value.status == FAILED


@contextmanager
def at_work(repository: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """Have a restic that stores what it is never given, and holds its lock."""
    words = ["restic", "--repo", str(repository), "--no-cache", "backup", "--stdin"]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as process:
        deadline = time.monotonic() + 30
        while not list((repository / "locks").iterdir()):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        try:
            yield process
        finally:
            process.kill()


def test_the_lock_of_a_killed_run_is_removed_and_that_of_one_at_work_is_not(place: Place, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / targets.MANIFEST).write_text("all there")
    target = targets.of(place[0])
    target.store(folder, "db/app/1")
    with at_work(place[1]) as process:
        with pytest.raises(OperatorError, match="already locked") as caught:
            target.remove("db/app/1")  # the one thing for which restic wants the repository to itself
        assert caught.value.status == FAILED
        assert process.poll() is None
        process.kill()
        process.wait()
        assert list((place[1] / "locks").iterdir())
        target.remove("db/app/1")
    assert target.names("db/app") == []
    assert list((place[1] / "locks").iterdir()) == []


def test_a_dump_without_compression_takes_little_more_than_what_changed(
    settings: Settings, database: Connection, place: Place, tmp_path: Path
) -> None:
    database.execute("INSERT INTO note (text) SELECT repeat(md5(i::text), 30) FROM generate_series(1, 20000) i")
    target = targets.of(place[0])
    grown = {}
    for compression in ("none", "gzip"):
        sizes = []
        for number in (1, 2):
            folder = tmp_path / f"{compression} {number}"
            folder.mkdir()
            dump(replace(settings, compression=compression), folder / "database.dump")
            target.copy(folder, f"db/{folder.name}", ["database.dump"])
            sizes.append(size_of(place[1]))
            database.execute("UPDATE note SET text = 'other' WHERE id = 10000")
        grown[compression] = (sizes[1] - sizes[0]) / (folder / "database.dump").stat().st_size
    assert grown["none"] < 1 / 4
    assert grown["none"] < grown["gzip"]


def dump(settings: Settings, path: Path) -> None:
    """Dump the database."""
    with exported(settings.database) as snapshot:
        command = tools.pg_dump(settings.database, path, compression=settings.compression, snapshot=snapshot.name)
        programs.run(command, what="dump", hint="", environment=settings.database.environment)
