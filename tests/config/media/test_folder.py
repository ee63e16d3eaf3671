"""Addresses of media files are Django's, made once."""

import pytest
from django.core.files.storage import FileSystemStorage
from pytest_django import Settings

from config.media.folder import FolderStorage
from config.media.place import address


@pytest.mark.parametrize(
    "name", ["public/a.webp", "private/1/original é.jpg", "100%/#?.jpg", "a//b/../c", "/a", "x:y", "", None]
)
@pytest.mark.parametrize("media_url", ["/media/", "https://files.example.com/"])
def test_an_address_is_djangos_and_is_kept(name: str | None, media_url: str, settings: Settings) -> None:
    settings.MEDIA_URL = media_url
    expected = FileSystemStorage().url(name)
    assert FolderStorage().url(name) == expected
    before = address.cache_info().hits
    assert FolderStorage().url(name) == expected
    assert address.cache_info().hits == before + 1
