"""Media in a bucket, on a real server: as in a folder, and what else a bucket needs."""

import logging
import os
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from pytest_django import Settings

from apps.health import dependencies
from apps.operations import metrics, overview
from config import start_up
from config.environment_values import ROOT
from config.media.place import MediaAwayError, media
from embedded.state import free_port
from tests.bucket import BUCKET, move_media, put_media_into
from tests.ops.backup.target_servers import Server

MIB = 1024 * 1024
GROWTH_MAX_MIB = 80  # a part, as it is read and as it is sent
NAME = "private/t0/original é.jpg"


@pytest.fixture
def kept(settings: Settings, server: Server) -> Path:
    """Where the server keeps what is in the bucket for this test."""
    return put_media_into(settings, server)


def save(name: str = NAME, content: bytes = b"content") -> str:
    return default_storage.save(name, ContentFile(content))


def fetched(settings: Settings, name: str = NAME, *, method: str = "GET") -> bytes:
    endpoint = settings.MEDIA_STORAGE_URL.partition("endpoint=")[2]
    request = urllib.request.Request(endpoint + media().signed(name, method=method), method=method)
    with urllib.request.urlopen(request, timeout=10) as response:
        body: bytes = response.read()
    return body


def test_a_file_comes_back_as_it_was(kept: Path) -> None:
    content = bytes(range(256)) * 20_000  # more than what is kept in memory
    name = save(content=content)
    assert (kept / name).read_bytes() == content
    with default_storage.open(name) as file:
        assert file.read() == content
    assert default_storage.size(name) == len(content)
    assert default_storage.exists(name)
    assert default_storage.listdir("private/t0") == ([], ["original é.jpg"])
    assert default_storage.get_modified_time(name).tzinfo is not None


def test_a_name_is_never_used_twice(kept: Path) -> None:
    assert save() == NAME
    other = save(content=b"other")
    assert other != NAME
    assert (kept / NAME).read_bytes() == b"content"


def test_its_address_is_ours(kept: Path, settings: Settings) -> None:
    assert default_storage.url(NAME) == "/media/private/t0/original%20%C3%A9.jpg"


def test_a_file_that_is_not_there_is_told_as_in_a_folder(kept: Path) -> None:
    assert not default_storage.exists(NAME)
    for ask in (default_storage.open, default_storage.size, default_storage.get_modified_time):
        with pytest.raises(FileNotFoundError):
            ask(NAME)
    default_storage.delete(NAME)


def test_files_are_deleted_by_the_thousand(kept: Path) -> None:
    names = [save(f"public/t{number}/small.webp") for number in range(3)]
    absent = [f"public/none-{number}/small.webp" for number in range(1200)]
    assert media().delete_all([*names, *absent]) == []
    assert [path for path in kept.rglob("*") if path.is_file()] == []


def test_a_signed_request_fetches_one_file_by_one_method(kept: Path, settings: Settings) -> None:
    save()
    assert fetched(settings) == b"content"
    assert fetched(settings, method="HEAD") == b""
    signed = media().signed(NAME, method="GET")
    endpoint = settings.MEDIA_STORAGE_URL.partition("endpoint=")[2]
    for wrong in (signed.replace("t0", "t1"), signed.split("?")[0]):
        with pytest.raises(urllib.error.HTTPError):
            urllib.request.urlopen(endpoint + wrong, timeout=10)


def test_it_says_where_media_are(kept: Path, server: Server) -> None:
    assert media().look() == f"in the bucket {BUCKET} at http://127.0.0.1:{server.port}"


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("MEDIA_STORAGE_URL", "s3://nobody-s?endpoint=http://127.0.0.1:{port}", "there is no bucket nobody-s"),
        ("MEDIA_STORAGE_URL", "s3://media?endpoint=http://127.0.0.1:{closed}", "does not answer: Could not connect"),
        ("MEDIA_STORAGE_SECRET_ACCESS_KEY", "wrong", "says: An error occurred .403."),
    ],
)
def test_a_bucket_that_cannot_be_had_is_told_apart_from_a_file_that_is_gone(
    kept: Path, settings: Settings, server: Server, name: str, value: str, words: str
) -> None:
    setattr(settings, name, value.format(port=server.port, closed=free_port()))
    settings.STORAGES = dict(settings.STORAGES)
    with pytest.raises(MediaAwayError, match=words):
        media().look()
    for ask in (default_storage.open, save):
        with pytest.raises(MediaAwayError):
            ask(NAME)


def test_what_cannot_be_deleted_is_told(kept: Path, settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    settings.MEDIA_STORAGE_URL = f"s3://media?endpoint=http://127.0.0.1:{free_port()}"
    settings.STORAGES = dict(settings.STORAGES)
    with caplog.at_level(logging.WARNING, logger="slipway.media"):
        assert media().delete_all([NAME, "public/x"]) == [NAME, "public/x"]
    assert "cannot delete files" in caplog.text


def test_a_bucket_that_does_not_answer_is_left_alone_for_a_moment(kept: Path, settings: Settings) -> None:
    settings.MEDIA_STORAGE_URL = f"s3://media?endpoint=http://127.0.0.1:{free_port()}"
    settings.STORAGES = dict(settings.STORAGES)
    with pytest.raises(MediaAwayError, match="does not answer"):
        default_storage.open(NAME)
    with pytest.raises(MediaAwayError, match="did not answer a moment ago"):
        default_storage.open(NAME)


def test_a_start_says_where_media_are_and_goes_on_without_the_bucket(kept: Path, settings: Settings) -> None:
    said: list[str] = []
    start_up.look_at_media(said.append)
    settings.MEDIA_STORAGE_URL = "s3://nobody-s" + settings.MEDIA_STORAGE_URL[settings.MEDIA_STORAGE_URL.index("?") :]
    settings.STORAGES = dict(settings.STORAGES)
    start_up.look_at_media(said.append)
    assert said[0].startswith("Media are in the bucket media at ")
    assert said[1].startswith("error: Cannot look at media: there is no bucket nobody-s at ")
    assert "hint: See MEDIA_STORAGE_URL" in said[1]


def test_readiness_asks_the_bucket_where_there_is_one(kept: Path, settings: Settings) -> None:
    assert dependencies.wanted()["media"]() == "answers"
    settings.MEDIA_STORAGE_URL = ""
    assert "media" not in dependencies.wanted()


def printed_by(program: str, **environment: str) -> str:
    """Return what a program of its own prints, once Django is set up in it."""
    found = subprocess.run(
        [sys.executable, "-c", f"import django; django.setup()\n{program}"],
        env={**os.environ, **environment, "DJANGO_SETTINGS_MODULE": "config.settings"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return found.stdout.strip()


def test_boto3_is_not_loaded_where_there_is_no_bucket() -> None:
    program = (
        "import sys\n"
        "import config.urls, api.schema, config.celery, apps.health.dependencies\n"
        "from django.core.files.storage import default_storage\n"
        "default_storage.url('a'); print('boto3' in sys.modules)"
    )
    assert printed_by(program) == "False"


def test_memory_does_not_grow_with_a_file(kept: Path, settings: Settings, tmp_path: Path) -> None:
    with (tmp_path / "large").open("wb") as file:
        file.truncate(120 * MIB)
    program = (
        "import pathlib, re, sys\n"
        "from django.core.files.base import ContentFile, File\n"
        "from django.core.files.storage import default_storage\n"
        "def most(): return int(re.search(r'VmHWM:\\s+(\\d+)', pathlib.Path('/proc/self/status').read_text())[1]) // 1024\n"
        "default_storage.save('small', ContentFile(b'x')); before = most()\n"
        f"name = default_storage.save('large', File(open({str(tmp_path / 'large')!r}, 'rb')))\n"
        "file = default_storage.open(name)\n"
        "print(most() - before, sum(len(piece) for piece in file.chunks()))"
    )
    keys = ("MEDIA_STORAGE_URL", "MEDIA_STORAGE_ACCESS_KEY_ID", "MEDIA_STORAGE_SECRET_ACCESS_KEY")
    growth, size = printed_by(program, **{name: getattr(settings, name) for name in keys}).split()
    print(f"120 MiB were stored and read, memory grew by {growth} MiB")  # noqa: T201 - a figure for who asks, with -s
    assert int(size) == 120 * MIB
    assert int(growth) < GROWTH_MAX_MIB


def test_the_page_operations_shows_the_bucket_in_place_of_a_disk(kept: Path, settings: Settings) -> None:
    assert (overview.of_media().title, overview.of_media().state) == ("Bucket of media", "good")
    assert [family.samples for family in metrics.of_disk()] == [[], []]
    settings.MEDIA_STORAGE_URL = f"s3://media?endpoint=http://127.0.0.1:{free_port()}"
    settings.STORAGES = dict(settings.STORAGES)
    assert overview.of_media().state == "bad"
    move_media(settings, "to-bucket")
    assert overview.of_media().title == "Disk of media"
