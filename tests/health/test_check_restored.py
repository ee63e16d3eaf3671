"""`manage.py check_restored` on a database with a gallery in it: migrations, answers, files."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection

from api.schema import graphql_schema
from apps.accounts.models import User
from apps.gallery.models import Album, Photo, Rendition, RenditionSize
from apps.health.restored import answers, media, migrations

pytestmark = pytest.mark.django_db
ORIGINAL, SMALL = "private/abc/original.jpg", "public/abc/small.webp"


@pytest.fixture
def photo(ada: User) -> Photo:
    """A photo with a rendition, in a public album."""
    album = Album.objects.create(owner=ada, title="Hills", visibility="PUBLIC")
    made = Photo.objects.create(
        album=album, owner=ada, visibility="PUBLIC", state="READY", file=ORIGINAL, content_type="image/jpeg", bytes=7,
        sha256="a" * 64, width=3, height=2,
    )  # fmt: skip
    Rendition.objects.create(
        photo=made, size=RenditionSize.SMALL, file=SMALL, width=3, height=2, bytes=5, sha256="b" * 64
    )
    return made


@pytest.fixture
def manifest(tmp_path: Path) -> Callable[..., Path]:
    """Return what writes a media snapshot's manifest, in which the photo's files are as they should be."""

    def write(**changed: dict[str, Any] | None) -> Path:
        files: dict[str, Any] = {
            ORIGINAL: {"bytes": 7, "sha256": "a" * 64, "mtime": 1},
            SMALL: {"bytes": 5, "sha256": "b" * 64, "mtime": 1},
            "more.txt": {"bytes": 1, "sha256": "c" * 64, "mtime": 1},
        }
        for name, facts in changed.items():
            files[{"original": ORIGINAL, "small": SMALL}[name]] = facts
        path = tmp_path / "manifest.json"
        path.write_text(json.dumps({"files": {name: facts for name, facts in files.items() if facts}}))
        return path

    return write


def check(capsys: pytest.CaptureFixture[str], *options: str) -> tuple[int, dict[str, Any]]:
    """Run the command; return its status and what it says."""
    capsys.readouterr()
    status = 0
    try:
        call_command("check_restored", "--json", *options)
    except SystemExit as ended:
        status = int(str(ended.code))
    return status, json.loads(capsys.readouterr().out)


def test_nothing_is_wrong(photo: Photo, manifest: Callable[..., Path], capsys: pytest.CaptureFixture[str]) -> None:
    status, said = check(capsys, "--media-manifest", str(manifest()))
    assert (status, said["problems"], said["notes"]) == (0, [], [])
    assert said["media"] == {"named": 2, "missing": 0, "different": 0, "names": []}


def test_a_file_that_is_missing_and_one_that_differs_are_named(
    photo: Photo, manifest: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    path = manifest(original=None, small={"bytes": 5, "sha256": "f" * 64, "mtime": 1})
    status, said = check(capsys, "--media-manifest", str(path))
    assert status == 1
    assert said["media"] == {"named": 2, "missing": 1, "different": 1, "names": [ORIGINAL, SMALL]}
    with pytest.raises(SystemExit):
        call_command("check_restored", "--media-manifest", str(path))
    assert f"of 2 files 1 are missing, 1 are different: {ORIGINAL}, {SMALL}" in capsys.readouterr().out


def test_another_size_is_a_difference(photo: Photo, manifest: Callable[..., Path]) -> None:
    path = manifest(small={"bytes": 6, "sha256": "b" * 64, "mtime": 1})
    assert media.closure(media.files_of(path)).different == 1


def test_without_a_snapshot_it_says_that_files_were_not_looked_for(
    photo: Photo, capsys: pytest.CaptureFixture[str]
) -> None:
    status, said = check(capsys)
    assert (status, said["notes"]) == (0, ["no media snapshot to look for 2 files in"])
    assert said["media"]["named"] == 2


def test_a_row_without_a_file_names_none(photo: Photo) -> None:
    Photo.objects.update(file="")
    assert [name for name, _ in media.named_files()] == [SMALL]


def test_a_migration_that_this_code_does_not_have_is_told_and_no_more_is_judged(
    photo: Photo, capsys: pytest.CaptureFixture[str]
) -> None:
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO django_migrations (app, name, applied) VALUES ('gallery', '9999_newer', now())")
    status, said = check(capsys)
    assert (status, said["media"]) == (0, {})
    assert said["notes"] == ["1 migrations are not known to this code: gallery.9999_newer"]
    status, said = check(capsys, "--to-serve")
    assert (status, said["problems"]) == (1, ["1 migrations are not known to this code: gallery.9999_newer"])


def test_a_migration_that_is_not_applied_yet_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT max(name) FROM django_migrations WHERE app = 'gallery'")
        (last,) = cursor.fetchone()
        cursor.execute("DELETE FROM django_migrations WHERE app = 'gallery' AND name = %s", [last])
    status, said = check(capsys)
    assert (status, said["notes"]) == (0, [f"1 migrations of this code are not applied: gallery.{last}"])
    status, said = check(capsys, "--to-serve")
    assert (status, said["problems"], said["pending"]) == (0, [], [f"gallery.{last}"])


def test_migrations_in_an_order_that_no_code_applies_are_wrong() -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'accounts' AND name LIKE '0001%'")
    assert "is applied before its dependency" in migrations.compared().problem


def test_every_list_of_the_api_is_asked_with_its_rows(photo: Photo) -> None:
    asked = list(answers.queries(graphql_schema))
    assert asked[0] == "{ __typename }"
    lists = {each.split("(")[0].removeprefix("{ ") for each in asked if "edges" in each}
    assert lists == {"albums", "photos", "tags"}
    assert answers.problems() == []


def test_a_resolver_that_fails_is_told(photo: Photo) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE gallery_photo RENAME COLUMN caption TO legend")
    (problem,) = [each for each in answers.problems() if "photos" in each]
    assert problem.startswith("{ photos(first: 5)")
