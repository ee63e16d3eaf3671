"""Media in a bucket, on a real S3 server: backed up by the same targets, restored into the bucket, and what was live is kept."""

import io
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from config.media.address import bucket_of
from config.media.asking import client_config
from embedded.state import free_port
from ops.backup import command as backup
from ops.backup import settings as backup_settings
from ops.backup.media import settings as media_settings
from ops.backup.media.around import Around
from ops.backup.progress import Progress
from ops.backup.targets.rclone import RcloneTarget
from ops.errors import DONE, FAILED, REFUSED
from ops.restore.media import command, exchange, filling
from tests.bucket import BUCKET, s3_server
from tests.ops.backup.conftest import postgresql_s_programs
from tests.ops.backup.target_servers import S3_KEY, S3_SECRET, Server

__all__ = ["postgresql_s_programs"]

FILES = {
    "public/t0/small.webp": b"first",
    "private/t1/original é.jpg": b"second",
    'private/t2/it\'s "quoted".jpg': b"third",
    "top": b"fourth",
}
Contents = dict[str, bytes]


@pytest.fixture(scope="module")
def storage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """An S3 server with an empty bucket."""
    with s3_server(tmp_path_factory.mktemp("s3")) as started:
        yield started


class Bucket:
    """The bucket as the application has it."""

    def __init__(self, url: str) -> None:
        self.place = bucket_of(url)
        session = boto3.Session(aws_access_key_id=S3_KEY, aws_secret_access_key=S3_SECRET)
        self.client: Any = session.client(
            "s3", endpoint_url=self.place.endpoint, region_name=self.place.region, config=client_config(self.place)
        )

    def write(self, files: Contents) -> None:
        for name, content in files.items():
            self.client.put_object(Bucket=BUCKET, Key=f"{self.place.prefix}/{name}", Body=io.BytesIO(content))

    def remove(self, *names: str) -> None:
        for name in names:
            self.client.delete_object(Bucket=BUCKET, Key=f"{self.place.prefix}/{name}")

    @property
    def contents(self) -> Contents:
        found = self.client.list_objects_v2(Bucket=BUCKET, Prefix=f"{self.place.prefix}/").get("Contents", [])
        keys = [each["Key"] for each in found]
        return {
            key.removeprefix(f"{self.place.prefix}/"): self.client.get_object(Bucket=BUCKET, Key=key)["Body"].read()
            for key in keys
        }


@pytest.fixture
def bucket(storage: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bucket:
    """A bucket with files, whose backups go to a folder."""
    (tmp_path / "backups").mkdir()
    url = storage.url.replace("/site?", f"/{tmp_path.name}?")
    values = {
        "DATABASE_URL": command.NO_DATABASE,
        "DB_BACKUPS_DIR": str(tmp_path / "backups"),
        "MEDIA_ROOT": str(tmp_path / "media"),
        "MEDIA_BACKUP_TARGET": f"file://{tmp_path / 'target'}",
        "MEDIA_STORAGE_URL": url,
        "MEDIA_STORAGE_ACCESS_KEY_ID": S3_KEY,
        "MEDIA_STORAGE_SECRET_ACCESS_KEY": S3_SECRET,
    }
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    (tmp_path / "target").mkdir()
    made = Bucket(url)
    made.write(FILES)
    return made


def spoil(bucket: Bucket) -> Contents:
    """Lose files, change one, add one; return what is live then."""
    bucket.remove("private/t1/original é.jpg", 'private/t2/it\'s "quoted".jpg')
    bucket.write({"top": b"changed", "new/upload": b"since then"})
    return bucket.contents


def backed_up(*words: str, status: int = DONE) -> None:
    assert backup.main(["media", *words]) == status


def test_the_bucket_is_backed_up_and_comes_back(bucket: Bucket, capsys: pytest.CaptureFixture[str]) -> None:
    backed_up()
    bucket.write({"public/t9/small.webp": b"a second snapshot has this"})
    bucket.remove("top")
    backed_up("--json")
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["files"] == 4
    live = spoil(bucket)
    assert command.main(["latest"]) == REFUSED
    assert bucket.contents == live
    assert command.main(["latest", "--overwrite"]) == DONE
    assert bucket.contents == {
        **{name: content for name, content in FILES.items() if name != "top"},
        "public/t9/small.webp": b"a second snapshot has this",
    }
    restored = bucket.contents
    for expected in (live, restored):
        assert command.main(["--undo"]) == DONE
        assert bucket.contents == expected
    backed_up()


def test_only_what_is_missing(bucket: Bucket) -> None:
    backed_up()
    live = spoil(bucket)
    assert command.main(["latest", "--only-missing"]) == DONE
    assert bucket.contents == {**FILES, **live}


def test_a_dry_run_changes_nothing(bucket: Bucket, capsys: pytest.CaptureFixture[str]) -> None:
    backed_up()
    live = spoil(bucket)
    assert command.main(["latest", "--dry-run", "--json"]) == DONE
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert {name: told[name] for name in ("same", "different", "missing", "others")} == {
        "same": 1, "different": 1, "missing": 2, "others": 1,
    }  # fmt: skip
    assert bucket.contents == live


def test_from_nothing(bucket: Bucket, tmp_path: Path) -> None:
    """A new machine, a new bucket: what a disaster leaves."""
    backed_up()
    bucket.remove(*FILES)
    shutil.rmtree(tmp_path / "backups")
    (tmp_path / "backups").mkdir()
    assert command.main(["latest", "--overwrite"]) == DONE
    assert bucket.contents == FILES


class TestKilled:
    @pytest.fixture(params=["before the exchange", "within the exchange", "while the bucket is filled"])
    def killed(self, request: pytest.FixtureRequest, bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> Contents:
        """A restore that was killed; what was live before it."""
        backed_up()
        live = spoil(bucket)

        def kill(*_: object, **__: object) -> None:
            raise ZeroDivisionError

        place: dict[str, tuple[object, str]] = {
            "before the exchange": (exchange, "begin"),
            "within the exchange": (exchange, "bring_in"),
            "while the bucket is filled": (RcloneTarget, "prove"),
        }
        with monkeypatch.context() as patched:
            patched.setattr(*place[request.param], kill)
            with pytest.raises(ZeroDivisionError):
                command.main(["latest", "--overwrite"])
        return live

    def test_a_backup_waits_and_finish_goes_on(
        self, killed: Contents, bucket: Bucket, capsys: pytest.CaptureFixture[str]
    ) -> None:
        backed_up(status=REFUSED)
        assert "Refusing to go on: a restore of media was killed" in capsys.readouterr().err
        assert command.main(["latest", "--overwrite"]) == REFUSED
        assert command.main(["--finish"]) == DONE
        assert bucket.contents in (FILES, killed)  # the latter where nothing was exchanged yet
        assert command.main(["latest", "--overwrite"]) == DONE
        assert bucket.contents == FILES
        backed_up()


def test_what_is_uploaded_during_a_restore_stays(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    backed_up()
    spoil(bucket)
    fill = filling.fill

    def fill_after_an_upload(*words: Any) -> None:
        bucket.write({"public/meanwhile/small.webp": b"meanwhile"})
        fill(*words)

    monkeypatch.setattr(filling, "fill", fill_after_an_upload)
    assert command.main(["latest", "--overwrite"]) == DONE
    assert bucket.contents == {**FILES, "public/meanwhile/small.webp": b"meanwhile"}


def test_around_a_dump_what_comes_and_goes_meanwhile_is_there(bucket: Bucket) -> None:
    read = backup_settings.read(os.environ)
    around = Around(media_settings.of(read), Progress())
    around.before()
    bucket.remove("top")
    bucket.write({"public/late/small.webp": b"while the dump was made"})
    found = around.after()
    around.raise_problem()
    assert found is not None
    assert around.manifest is not None
    assert set(json.loads(around.manifest.read_bytes())["files"]) == {*FILES, "public/late/small.webp"}


def test_while_media_are_moved_both_places_are_backed_up_and_no_restore_begins(
    bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, content in {"public/t5/small.webp": b"in the folder", ".move/x.partial": b"half"}.items():
        (tmp_path / "media" / name).parent.mkdir(parents=True)
        (tmp_path / "media" / name).write_bytes(content)
    monkeypatch.setenv("MEDIA_STORAGE_MOVE", "to-bucket")
    backed_up("--json")
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["files"] == len(FILES) + 1
    assert command.main(["latest", "--overwrite"]) == REFUSED
    assert "MEDIA_STORAGE_MOVE says that they are being moved" in capsys.readouterr().err


class TestRefusals:
    def test_a_bucket_that_lost_its_files_is_not_taken_for_right(
        self, bucket: Bucket, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        backed_up()
        bucket.remove(*FILES)
        backed_up(status=REFUSED)
        assert "has" in capsys.readouterr().err
        bucket.write(FILES)
        backed_up()

    def test_a_bucket_that_is_away_fails_the_run_and_tells_no_secret(
        self, bucket: Bucket, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setenv("MEDIA_STORAGE_URL", f"s3://{BUCKET}/site?endpoint=http://127.0.0.1:{free_port()}")
        backed_up(status=FAILED)
        told = capsys.readouterr().err
        assert f"Cannot fetch from s3://{BUCKET}/site (MEDIA_STORAGE_URL)" in told
        assert "MEDIA_STORAGE_SECRET_ACCESS_KEY" in told
        assert S3_SECRET not in told

    def test_an_address_that_is_none(self, bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("MEDIA_STORAGE_URL", "s3://media")
        backed_up(status=2)
