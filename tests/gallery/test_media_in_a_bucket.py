"""The gallery with its files in a bucket, on a real S3 server: uploads, renditions, who is handed what, deletion, a server away."""

import io
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.test import Client
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from apps.accounts.models import User
from apps.gallery import files, renditions, services, tasks
from apps.gallery.models import Album, Photo, PhotoState, Rendition
from config.media.place import MediaAwayError
from embedded.state import free_port
from tests.bucket import move_media, put_media_into, s3_server
from tests.gallery.conftest import global_id, upload, uploaded_and_ready
from tests.graphql_client import GraphQLClient
from tests.ops.backup.target_servers import Server
from tests.pictures import picture

UPLOAD = """mutation($album: ID!, $files: [Upload!]!) {
  uploadPhotos(input: {albumId: $album, files: $files}) { photos { id } errors { code } }
}"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """An S3 server with an empty bucket."""
    with s3_server(tmp_path_factory.mktemp("s3")) as started:
        yield started


@pytest.fixture(autouse=True)
def kept(db: None, settings: Settings, server: Server) -> Path:
    """Where the server keeps this test's files."""
    return put_media_into(settings, server)


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[object, ...]]:
    """The tasks that were sent."""
    found: list[tuple[object, ...]] = []
    monkeypatch.setattr(services, "enqueue", lambda *arguments: found.append(arguments))
    return found


def take_away(settings: Settings) -> str:
    """Have nobody answer for the bucket; return the address that it had."""
    before = settings.MEDIA_STORAGE_URL
    settings.MEDIA_STORAGE_URL = f"{before.partition('?')[0]}?endpoint=http://127.0.0.1:{free_port()}"
    settings.STORAGES = dict(settings.STORAGES)
    return str(before)


def bring_back(settings: Settings, url: str) -> None:
    settings.MEDIA_STORAGE_URL = url
    settings.STORAGES = dict(settings.STORAGES)


def names_in(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_an_upload_and_its_renditions_are_in_the_bucket_and_nowhere_else(
    album: Album, kept: Path, settings: Settings
) -> None:
    photo = uploaded_and_ready(album)
    named = {photo.file_name, *(each.file_name for each in photo.renditions.all())}
    assert (photo.state, names_in(kept)) == (PhotoState.READY, named)
    assert len((kept / photo.file_name).read_bytes()) == photo.bytes
    assert not Path(settings.MEDIA_ROOT).exists()


def test_deleted_rows_take_their_files_along(
    album: Album, kept: Path, ada: User, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    uploaded_and_ready(album)
    with django_capture_on_commit_callbacks(execute=True):
        services.delete_album(ada, album.pk)
    assert names_in(kept) == set()


def test_a_private_album_s_renditions_change_their_names(
    album: Album, kept: Path, ada: User, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    photo = uploaded_and_ready(album)
    services.update_album(ada, album.pk, visibility="PRIVATE")
    with django_capture_on_commit_callbacks(execute=True):
        renditions.place(album.pk)
    assert {name.split("/")[0] for name in names_in(kept)} == {"private"}
    assert names_in(kept) == {photo.file_name, *Rendition.objects.values_list("file", flat=True)}


class TestBehindNginx:
    @pytest.fixture(autouse=True)
    def _has_nginx(self, settings: Settings) -> None:
        settings.MEDIA_ACCEL_LOCATION = "/protected-media/"

    @pytest.mark.parametrize("method", ["GET", "HEAD"])
    def test_nginx_is_told_a_request_that_fetches_a_private_file(
        self, make_album: Callable[..., Album], ada: User, settings: Settings, method: str
    ) -> None:
        photo = uploaded_and_ready(make_album(visibility="PRIVATE"))
        response = client_of(ada).generic(method, f"/media/{photo.file}")
        assert (response.status_code, response.content) == (200, b"")
        assert response["X-Accel-Redirect"] == "/-/bucket"
        assert response["Content-Type"] == "image/jpeg"
        assert response["Cache-Control"] == "private, no-cache"
        endpoint = settings.MEDIA_STORAGE_URL.partition("endpoint=")[2]
        request = urllib.request.Request(endpoint + response["X-Bucket-Request"], method=method)
        with urllib.request.urlopen(request, timeout=10) as answer:
            assert answer.read() == (files.read(photo.file_name) if method == "GET" else b"")

    def test_somebody_else_is_told_nothing(self, make_album: Callable[..., Album], grace: User) -> None:
        photo = uploaded_and_ready(make_album(visibility="PRIVATE"))
        response = client_of(grace).get(f"/media/{photo.file}")
        assert response.status_code == 404
        assert not {"X-Accel-Redirect", "X-Bucket-Request"} & set(response.headers)

    def test_a_public_file_is_asked_for_without_a_look_at_the_bucket(self, settings: Settings) -> None:
        take_away(settings)
        response = Client().get("/media/public/t0/small.webp")
        assert response["X-Accel-Redirect"] == "/-/bucket"
        assert response["Cache-Control"] == "public, max-age=31536000, immutable"

    @pytest.mark.parametrize("way", ["public/../{}", "public/./../{}", "public//{}"])
    def test_a_private_file_is_not_public_by_a_detour(self, album: Album, way: str) -> None:
        response = Client().get("/media/" + way.format(upload(album).file))
        assert response.status_code == 404
        assert "X-Bucket-Request" not in response


def test_without_nginx_django_sends_the_bytes(album: Album, ada: User) -> None:
    photo = upload(album)
    response = client_of(ada).get(f"/media/{photo.file}")
    assert b"".join(response.streaming_content) == files.read(photo.file_name)  # type: ignore[attr-defined]
    assert response["Content-Length"] == str(photo.bytes)
    assert response["Content-Type"] == "image/jpeg"
    files.remove([photo.file_name])
    assert client_of(ada).get(f"/media/{photo.file}").status_code == 404
    response.close()


class TestAway:
    def test_an_upload_is_refused_with_a_code_and_nothing_is_kept(
        self, album: Album, as_ada: GraphQLClient, settings: Settings, sent: list[Any]
    ) -> None:
        take_away(settings)
        answer = as_ada.upload(UPLOAD, [("a.jpg", picture())], album=global_id(album))
        assert answer["errors"][0]["extensions"] == {"code": "SERVICE_UNAVAILABLE"}
        assert "127.0.0.1" not in str(answer)
        assert (Photo.objects.count(), sent) == (0, [])

    def test_a_photo_waits_for_its_renditions_and_has_not_failed(
        self, album: Album, settings: Settings, sent: list[Any]
    ) -> None:
        photo = upload(album)
        url = take_away(settings)
        with pytest.raises(MediaAwayError):
            renditions.make(photo.pk)
        photo.refresh_from_db()
        assert photo.state == PhotoState.PENDING
        bring_back(settings, url)
        renditions.make(photo.pk)
        photo.refresh_from_db()
        assert photo.state == PhotoState.READY

    def test_a_rendition_that_cannot_be_stored_leaves_none_of_the_others(
        self, album: Album, kept: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        photo, store, stored = upload(album), files.store, list[str]()

        def store_two(name: str, content: bytes) -> str:
            if len(stored) == 2:
                raise MediaAwayError("away")
            stored.append(store(name, content))
            return stored[-1]

        monkeypatch.setattr(files, "store", store_two)
        with pytest.raises(MediaAwayError):
            renditions.make(photo.pk)
        assert (len(stored), names_in(kept)) == (2, {photo.file_name})

    def test_what_cannot_be_deleted_now_the_worker_deletes_later(
        self,
        album: Album,
        kept: Path,
        ada: User,
        settings: Settings,
        sent: list[tuple[object, ...]],
        django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    ) -> None:
        photo = upload(album)
        url = take_away(settings)
        with django_capture_on_commit_callbacks(execute=True):
            services.delete_photo(ada, photo.pk)
        assert sent == [("gallery.delete_files", photo.file_name)]
        with pytest.raises(OSError, match="cannot delete"):
            tasks.delete_files.run(photo.file_name)
        bring_back(settings, url)
        tasks.delete_files.run(photo.file_name)
        assert names_in(kept) == set()

    @pytest.mark.parametrize("location", ["", "/protected-media/"])
    def test_a_file_that_cannot_be_had_is_not_called_gone(
        self, album: Album, ada: User, settings: Settings, location: str
    ) -> None:
        photo = upload(album)
        settings.MEDIA_ACCEL_LOCATION = location
        take_away(settings)
        move_media(settings, "to-bucket" if location else "none")  # else nginx finds out
        response = client_of(ada).get(f"/media/{photo.file}")
        assert (response.status_code, response["Retry-After"]) == (503, "5")
        assert "127.0.0.1" not in response.content.decode()


def test_while_media_are_moved_both_places_are_read_and_deleted_from(
    album: Album, ada: User, kept: Path, settings: Settings,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:  # fmt: skip
    in_bucket = uploaded_and_ready(album)
    move_media(settings, "to-folder")
    in_folder = uploaded_and_ready(album, picture(size=(640, 480)))
    folder = Path(settings.MEDIA_ROOT)
    assert (folder / in_folder.file_name).exists()
    for move in ("to-folder", "to-bucket"):
        move_media(settings, move)
        for photo in (in_bucket, in_folder):
            assert len(files.read(photo.file_name)) == photo.bytes
            assert default_storage.size(photo.file_name) == photo.bytes
    with django_capture_on_commit_callbacks(execute=True):
        services.delete_album(ada, album.pk)
    assert (names_in(kept), names_in(folder)) == (set(), set())


def test_while_media_are_moved_nginx_is_told_where_a_file_is(album: Album, ada: User, settings: Settings) -> None:
    settings.MEDIA_ACCEL_LOCATION = "/protected-media/"
    in_bucket = upload(album)
    move_media(settings, "to-folder")
    in_folder = upload(album)
    for move in ("to-folder", "to-bucket"):
        move_media(settings, move)
        asked = [client_of(ada).get(f"/media/{photo.file}") for photo in (in_bucket, in_folder)]
        assert [each["X-Accel-Redirect"] for each in asked] == ["/-/bucket", f"/protected-media/{in_folder.file}"]


def test_while_media_are_moved_no_name_is_used_twice(settings: Settings) -> None:
    name = default_storage.save("private/t/a.jpg", io.BytesIO(b"in the bucket"))
    move_media(settings, "to-folder")
    assert files.store(name, b"in the folder") != name
