"""Who is handed which stored file, by Django itself and by nginx on its word."""

from collections.abc import Callable

import pytest
from django.test import Client
from pytest_django import Settings

from apps.accounts.models import User
from apps.gallery import files
from apps.gallery.models import Album, Photo
from tests.gallery.conftest import uploaded_and_ready

HEADERS = {
    "Cache-Control": "private, no-cache",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "X-Content-Type-Options": "nosniff",
}


@pytest.fixture
def private_photo(make_album: Callable[..., Album]) -> Photo:
    """A photo of Ada's that nobody else is shown."""
    return uploaded_and_ready(make_album(visibility="PRIVATE"))


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


class TestBehindNginx:
    @pytest.fixture(autouse=True)
    def _has_nginx(self, settings: Settings) -> None:
        settings.MEDIA_ACCEL_LOCATION = "/protected-media/"

    def test_a_private_file_is_nginx_s_to_send(self, private_photo: Photo, ada: User) -> None:
        response = client_of(ada).get(f"/media/{private_photo.file}")
        assert (response.status_code, response.content) == (200, b"")
        assert response["X-Accel-Redirect"] == f"/protected-media/{private_photo.file}"
        assert {name: response[name] for name in HEADERS} == HEADERS
        assert response["Content-Type"] == "image/jpeg"
        assert response["Content-Disposition"].endswith('filename="original.jpg"')

    @pytest.mark.parametrize("location", ["protected-media/", "/deep/er/"])
    def test_the_location_is_a_path_from_the_root(
        self, private_photo: Photo, ada: User, settings: Settings, location: str
    ) -> None:
        settings.MEDIA_ACCEL_LOCATION = location
        response = client_of(ada).get(f"/media/{private_photo.file}")
        assert response["X-Accel-Redirect"] == f"/{location.strip('/')}/{private_photo.file}"

    def test_somebody_else_is_told_nothing(self, private_photo: Photo, grace: User) -> None:
        response = client_of(grace).get(f"/media/{private_photo.file}")
        assert response.status_code == 404
        assert "X-Accel-Redirect" not in response

    def test_a_file_that_is_gone_looks_like_one_of_somebody_else(self, private_photo: Photo, ada: User) -> None:
        files.delete(private_photo.file_name)
        response = client_of(ada).get(f"/media/{private_photo.file}")
        assert response.status_code == 404
        assert "X-Accel-Redirect" not in response


def test_without_nginx_django_sends_the_bytes(private_photo: Photo, ada: User) -> None:
    response = client_of(ada).get(f"/media/{private_photo.file}")
    assert b"".join(response.streaming_content) == files.read(private_photo.file_name)  # type: ignore[attr-defined]
    assert "X-Accel-Redirect" not in response
    assert {name: response[name] for name in HEADERS} == HEADERS
    response.close()


@pytest.mark.parametrize("location", ["", "/protected-media/"])
@pytest.mark.parametrize("way", ["public/../{}", "public/./../{}", "public/..//{}", "public//{}"])
def test_a_private_file_is_not_public_by_a_detour(
    private_photo: Photo, settings: Settings, way: str, location: str
) -> None:
    settings.MEDIA_ACCEL_LOCATION = location
    response = Client().get("/media/" + way.format(private_photo.file))
    assert response.status_code == 404
    assert "X-Accel-Redirect" not in response
