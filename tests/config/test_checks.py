import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.checks import CheckMessage
from pytest_django import Settings

from config import checks

NOBODY = 65_534


def ids(messages: list[CheckMessage]) -> list[str | None]:
    assert all(message.hint for message in messages)
    return [message.id for message in messages]


def test_e001_a_media_folder_that_cannot_be_written(settings: Settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "made" / "later"
    assert ids(checks.media_root_is_writable(None)) == []
    (tmp_path / "file").write_text("")
    settings.MEDIA_ROOT = tmp_path / "file" / "below"
    assert ids(checks.media_root_is_writable(None)) == ["slipway.E001"]


@pytest.fixture
def closed_folder() -> Iterator[Path]:
    """A folder that only root may look into; not below tmp_path, which is closed to others itself."""
    with tempfile.TemporaryDirectory() as open_folder:
        Path(open_folder).chmod(0o755)
        folder = Path(open_folder, "closed")
        folder.mkdir(mode=0o700 if os.geteuid() == 0 else 0o000)
        yield folder
        folder.chmod(0o700)


@pytest.fixture
def as_somebody_without_rights() -> Iterator[None]:
    """Be nobody for a test, where we are root: root may look everywhere."""
    is_root = os.geteuid() == 0
    if is_root:
        os.seteuid(NOBODY)
    yield
    if is_root:
        os.seteuid(0)


def test_e001_a_media_folder_that_cannot_be_looked_into(
    settings: Settings, closed_folder: Path, as_somebody_without_rights: None
) -> None:
    settings.MEDIA_ROOT = closed_folder / "made" / "later"
    assert ids(checks.media_root_is_writable(None)) == ["slipway.E001"]


def test_e001_asks_for_no_folder_where_media_are_in_a_bucket(settings: Settings) -> None:
    settings.MEDIA_ROOT = Path("/dev/null/below")
    settings.MEDIA_STORAGE_URL = "s3://media?region=eu-1"
    assert ids(checks.media_root_is_writable(None)) == []
    settings.MEDIA_STORAGE_MOVE = "to-bucket"
    assert ids(checks.media_root_is_writable(None)) == ["slipway.E001"]


def test_e003_media_that_a_bucket_leaves_behind(settings: Settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path
    (tmp_path / ".restore" / "kept-1").mkdir(parents=True)
    (tmp_path / ".restore" / "kept-1" / "file").write_text("what a restore kept")
    (tmp_path / "public" / "empty").mkdir(parents=True)
    settings.MEDIA_STORAGE_URL = "s3://media?region=eu-1"
    assert ids(checks.no_media_are_left_behind(None)) == []
    (tmp_path / "public" / "small.webp").write_text("")
    assert ids(checks.no_media_are_left_behind(None)) == ["slipway.E003"]
    for move, url in (("to-folder", settings.MEDIA_STORAGE_URL), ("none", "")):
        settings.MEDIA_STORAGE_MOVE, settings.MEDIA_STORAGE_URL = move, url
        assert ids(checks.no_media_are_left_behind(None)) == []


def test_e002_a_file_that_fits_into_no_request(settings: Settings) -> None:
    assert ids(checks.upload_fits_into_a_request(None)) == []
    settings.MEDIA_MAX_BYTES = settings.REQUEST_MAX_BYTES
    assert ids(checks.upload_fits_into_a_request(None)) == ["slipway.E002"]


def test_w001_links_without_tls(settings: Settings) -> None:
    settings.SITE_URL = "https://api.example.com"
    assert ids(checks.links_in_mail_are_https(None)) == []
    settings.SITE_URL = "http://api.example.com"
    assert ids(checks.links_in_mail_are_https(None)) == ["slipway.W001"]


def test_w002_mail_that_reaches_nobody(settings: Settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    assert ids(checks.mail_reaches_somebody(None)) == []
    settings.EMAIL_BACKEND = checks.CONSOLE_MAIL
    assert ids(checks.mail_reaches_somebody(None)) == ["slipway.W002"]


def test_w003_logs_for_people(settings: Settings) -> None:
    settings.LOG_FORMAT = "json"
    assert ids(checks.logs_are_for_machines(None)) == []
    settings.LOG_FORMAT = "console"
    assert ids(checks.logs_are_for_machines(None)) == ["slipway.W003"]
