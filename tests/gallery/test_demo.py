import functools
import io
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from pytest_django import DjangoAssertNumQueries, Settings

from apps.accounts.models import User
from apps.gallery import images, renditions, services
from apps.gallery.demo import content, loading, multiplying
from apps.gallery.images import render
from apps.gallery.models import Album, Photo, PhotoState, Rendition, Tag, Visibility
from tests.graphql_client import GraphQLClient

ALL_FILES = [photo.file for person in content.PEOPLE for album in person.albums for photo in album.photos]


@pytest.fixture(autouse=True)
def development(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.DEBUG = True
    settings.MEDIA_ROOT = tmp_path / "media"
    monkeypatch.setattr("apps.gallery.services.enqueue", lambda *_arguments: None)  # no worker runs in these tests
    monkeypatch.setattr("apps.gallery.images.render", lambda file: rendered(file.read()))


@functools.cache
def rendered(content: bytes) -> list[images.Rendered]:
    """Return a picture's renditions, made once for all of these tests: they are what takes long in them."""
    return list(render(io.BytesIO(content)))


def demo(*arguments: str) -> str:
    output = io.StringIO()
    call_command("demo", *arguments, stdout=output, stderr=io.StringIO())
    return output.getvalue()


def rows() -> dict[str, int]:
    return {model.__name__: model.objects.count() for model in (User, Album, Photo, Rendition, Tag)}


@pytest.mark.django_db
def test_it_loads_public_unlisted_and_private_albums_of_two_people() -> None:
    demo()
    loaded = Album.objects.values_list("owner__email", "title", "visibility")
    assert set(loaded) == {
        ("ada@example.com", "Near and far", "PUBLIC"),
        ("ada@example.com", "Out of focus", "PRIVATE"),
        ("grace@example.com", "Portraits", "PUBLIC"),
        ("grace@example.com", "One window, three exposures", "UNLISTED"),
    }
    assert Photo.objects.count() == len(ALL_FILES) == 12
    assert not Album.objects.filter(cover=None).exists()
    assert Photo.objects.exclude(taken_at=None).count() == 4
    assert default_storage.exists(str(Photo.objects.latest("pk").file))


@pytest.mark.django_db
def test_its_people_can_sign_in() -> None:
    demo()
    assert all(User.objects.get(email=person.email).check_password("slipway-demo") for person in content.PEOPLE)


@pytest.mark.django_db
def test_a_second_run_doubles_nothing_and_asks_only_who_is_there(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    demo()
    before = rows()
    with django_assert_num_queries(len(content.PEOPLE)):
        assert "there already" in demo()
    assert rows() == before


@pytest.mark.django_db
def test_a_run_that_broke_off_leaves_nothing_and_the_next_completes_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    original, calls = services.add_photo, []

    def break_at_the_ninth(*arguments: Any, **options: Any) -> Photo:
        calls.append(1)
        if len(calls) == 9:
            raise KeyboardInterrupt
        return original(*arguments, **options)

    monkeypatch.setattr(services, "add_photo", break_at_the_ninth)
    with pytest.raises(KeyboardInterrupt):
        demo()
    assert set(User.objects.values_list("email", flat=True)) == {"ada@example.com"}
    assert Photo.objects.count() == len(default_storage.listdir("private")[0]) == 6
    monkeypatch.setattr(services, "add_photo", original)
    assert "grace@example.com with 6 photos" in demo()
    assert Photo.objects.count() == 12


@pytest.mark.django_db
def test_what_its_people_deleted_or_renamed_stays_so() -> None:
    demo()
    ada = User.objects.get(email="ada@example.com")
    kept, gone = Album.objects.filter(owner=ada).order_by("title")
    services.update_album(ada, kept.pk, title="My best")
    services.delete_album(ada, gone.pk)
    demo()
    assert list(Album.objects.filter(owner=ada).values_list("title", flat=True)) == ["My best"]


@pytest.mark.django_db
def test_somebody_else_with_such_an_address_is_left_alone(ada: User) -> None:
    demo()
    assert not ada.albums.exists()
    assert not User.objects.get(pk=ada.pk).check_password("slipway-demo")


@pytest.mark.django_db
def test_a_run_beside_another_one_adds_nothing_of_its_own(ada: User) -> None:
    assert loading.load_person(content.PEOPLE[0]) == 0
    assert Photo.objects.count() == 0


@pytest.mark.django_db
def test_it_makes_the_renditions_itself_when_told_to() -> None:
    assert "renditions of 12 photos" in demo("--render")
    assert set(Photo.objects.values_list("state", flat=True)) == {PhotoState.READY}
    assert "renditions of 0 photos" in demo("--render")


@pytest.mark.django_db
@pytest.mark.parametrize("arguments", [(), ("--render",), ("--photos", "10"), ("--yes",)])
def test_it_refuses_in_production(
    arguments: tuple[str, ...], settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.DEBUG = False
    with pytest.raises(SystemExit) as refusal:
        demo(*arguments)
    assert refusal.value.code == 3
    told = capsys.readouterr().err
    assert told.startswith("error: Refusing to ")
    assert "\n hint: " in told
    assert not User.objects.exists()


@pytest.mark.django_db
def test_rows_added_in_production_on_purpose_bring_no_known_password(settings: Settings) -> None:
    settings.DEBUG = False
    demo("--photos", "10", "--yes")
    assert Photo.objects.count() == 10
    assert not User.objects.filter(email__in=["ada@example.com", "grace@example.com"]).exists()
    assert not any(user.has_usable_password() for user in User.objects.all())


@pytest.mark.parametrize("number", ["0", "-1", "many"])
def test_it_tells_a_wrong_number_of_rows(number: str) -> None:
    with pytest.raises(CommandError, match="--photos"):
        demo(f"--photos={number}")


@pytest.mark.django_db
def test_multiplied_rows_are_the_same_in_every_run_and_never_double() -> None:
    def made() -> set[tuple[object, ...]]:
        columns = (
            "pk",
            "album__title",
            "caption",
            "visibility",
            "state",
            "file",
            "created_at",
            "taken_at",
            "tags__name",
        )
        return set(Photo.objects.values_list(*columns))

    assert multiplying.multiply(500) == 500
    first = made()
    assert multiplying.multiply(500) == 0
    Photo.objects.filter(owner__email="load-02@example.com").delete()
    multiplying.multiply(500)
    assert made() == first
    assert multiplying.multiply(700) == 200
    assert Photo.objects.count() == 700


@pytest.mark.django_db
def test_multiplied_rows_keep_what_services_keep() -> None:
    multiplying.multiply(3000)
    photos = Photo.objects.select_related("album").prefetch_related("renditions")
    assert {photo.visibility for photo in photos} == set(Visibility.values)
    for photo in photos:
        assert (photo.owner_id, photo.visibility) == (photo.album.owner_id, photo.album.visibility)
        assert len(photo.renditions.all()) == (3 if photo.state == PhotoState.READY else 0)
        place = "private/" if photo.visibility == Visibility.PRIVATE else "public/"
        assert all(rendition.file_name.startswith(place) for rendition in photo.renditions.all())
    assert photos.filter(state=PhotoState.READY).count() > 2800
    assert photos.filter(state=PhotoState.FAILED).exists()
    assert not photos.filter(state=PhotoState.PENDING).exists()
    named = set(Photo.objects.values_list("file", flat=True)) | set(Rendition.objects.values_list("file", flat=True))
    assert all(default_storage.exists(name) for name in named)


@pytest.mark.django_db(transaction=True)
def test_deleting_or_moving_multiplied_photos_leaves_the_files_that_others_share() -> None:
    multiplying.multiply(500)
    album = Album.objects.filter(visibility=Visibility.PUBLIC).earliest("created_at")
    services.delete_photo(album.owner, album.photos.filter(state=PhotoState.READY).earliest("pk").pk)
    services.update_album(album.owner, album.pk, visibility=Visibility.PRIVATE)
    renditions.place(album.pk)
    services.delete_album(album.owner, album.pk)
    left = Photo.objects.exclude(album=album)
    names = {*left.values_list("file", flat=True), *left.values_list("renditions__file", flat=True)} - {None}
    assert all(default_storage.exists(name) for name in names)


@pytest.mark.django_db
def test_the_api_lists_what_it_loaded(as_nobody: GraphQLClient) -> None:
    demo("--render")
    answer = as_nobody.data(
        "{ albums(first: 9) { edges { node { title photos(first: 9) { edges { node { id } } } } } } }"
    )
    shown = {edge["node"]["title"]: len(edge["node"]["photos"]["edges"]) for edge in answer["albums"]["edges"]}
    assert shown == {"Near and far": 5, "Portraits": 3}


def test_every_picture_is_used_small_and_has_its_source() -> None:
    shipped = {path.name: path for path in content.PICTURES.glob("*.jpg")}
    sources = (content.PICTURES / "SOURCES.md").read_text(encoding="utf-8")
    assert sorted(shipped) == sorted(ALL_FILES)
    assert all(f"`{name}`" in sources for name in shipped)
    assert sum(path.stat().st_size for path in shipped.values()) < 4_000_000
