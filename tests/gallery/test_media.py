"""Who is handed which stored file."""

from collections.abc import Callable

import pytest
from django.test import Client

from apps.gallery.models import Album, Photo
from tests.gallery.conftest import uploaded_and_ready


@pytest.fixture
def private_photo(make_album: Callable[..., Album]) -> Photo:
    """A photo of Ada's that nobody else is shown."""
    return uploaded_and_ready(make_album(visibility="PRIVATE"))


@pytest.mark.parametrize("way", ["public/../{}", "public/./../{}", "public/..//{}", "public//{}"])
def test_a_private_file_is_not_public_by_a_detour(private_photo: Photo, way: str) -> None:
    response = Client().get("/media/" + way.format(private_photo.file))
    assert response.status_code == 404
