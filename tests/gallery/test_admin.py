from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from apps.accounts.models import User
from apps.gallery.models import Album, Photo, Visibility
from tests.gallery.conftest import add_rows, uploaded_and_ready


@pytest.fixture
def staff(make_user: Callable[..., User]) -> Client:
    client = Client()
    client.force_login(make_user("staff", is_staff=True, is_superuser=True))
    return client


def test_the_list_of_photos_shows_thumbnails(staff: Client, album: Album) -> None:
    photo = uploaded_and_ready(album, caption="A ridge")
    page = staff.get("/admin/gallery/photo/?q=ridge&state=READY").content.decode()
    assert photo.renditions.get(size="SMALL").file_name in page


def test_the_files_of_private_photos_are_shown_to_who_looks_after_photos(
    staff: Client, make_album: Callable[..., Album], make_user: Callable[..., User]
) -> None:
    photo = uploaded_and_ready(make_album(visibility="PRIVATE"))

    def statuses(client: Client) -> list[int]:
        names = (photo.file_name, photo.renditions.get(size="SMALL").file_name)
        found = [client.get(f"/media/{name}") for name in names]
        assert all(b"".join(response) for response in found)  # read to its end, a file is closed
        return [response.status_code for response in found]

    assert statuses(staff) == [200, 200]
    for stranger in (make_user("clerk", is_staff=True), make_user("boss", is_superuser=True)):
        client = Client()
        client.force_login(stranger)  # who may not open the photo in the admin, or not the admin
        assert statuses(client) == [404, 404]


def test_the_lists_cost_as_much_for_many_rows_as_for_few(staff: Client, make_album: Callable[..., Album]) -> None:
    def cost(path: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            assert staff.get(path).status_code == 200
        return len(captured)

    add_rows(make_album(), 2)
    few = [cost("/admin/gallery/photo/"), cost("/admin/gallery/album/")]
    for number in range(4):
        add_rows(make_album(f"album {number}"), 3)
    assert [cost("/admin/gallery/photo/"), cost("/admin/gallery/album/")] == few


@pytest.mark.parametrize("model", ["album", "photo", "tag"])
def test_each_page_opens(staff: Client, album: Album, model: str) -> None:
    photo = add_rows(album, 1, tags=("sky",))[0]
    row = {"album": album, "photo": photo, "tag": photo.tags.get()}[model]
    assert staff.get(f"/admin/gallery/{model}/?q=x").status_code == 200
    assert staff.get(f"/admin/gallery/{model}/{row.pk}/change/").status_code == 200


def test_photos_are_not_added_here(staff: Client) -> None:
    assert staff.get("/admin/gallery/photo/add/").status_code == 403


def test_photos_follow_their_album_s_visibility(staff: Client, album: Album) -> None:
    photo = uploaded_and_ready(album)
    form = {"title": "Hills", "description": "", "owner": str(album.owner.pk), "visibility": "PRIVATE", "cover": ""}
    assert staff.post(f"/admin/gallery/album/{album.pk}/change/", form).status_code == 302
    photo.refresh_from_db()
    album.refresh_from_db()
    assert (photo.visibility, album.is_being_placed) == (Visibility.PRIVATE, True)


@pytest.mark.parametrize("way", ["one", "several"])
def test_deleting_takes_the_files_along(
    staff: Client,
    album: Album,
    settings: Settings,
    way: str,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    photo = uploaded_and_ready(album)
    with django_capture_on_commit_callbacks(execute=True):
        if way == "one":
            staff.post(f"/admin/gallery/photo/{photo.pk}/delete/", {"post": "yes"})
        else:
            form = {"action": "delete_selected", "_selected_action": str(photo.pk), "post": "yes"}
            staff.post("/admin/gallery/photo/", form)
    assert not Photo.objects.exists()
    assert [path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()] == []
