import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from pytest_django import Settings

from apps.gallery.models import Album, Photo
from tests.asgi_client import Client
from tests.gallery.conftest import global_id
from tests.graphql_client import GraphQLClient
from tests.pictures import flat_picture, picture

UPLOAD = """
mutation($album: ID!, $files: [Upload!]!, $tags: [String!]) {
  uploadPhotos(input: {albumId: $album, files: $files, captions: ["one", "two"], tags: $tags}) {
    photos { caption state contentType width }
    errors { field message code }
  }
}
"""


@pytest.fixture
def album(ada: Any) -> Album:
    return Album.objects.create(owner=ada, title="Hills", visibility="PUBLIC")


def test_several_files_go_in_one_request(as_ada: GraphQLClient, album: Album) -> None:
    files = [("a.jpg", picture()), ("b.png", picture("PNG")), ("c.webp", picture("WEBP"))]
    found = as_ada.upload(UPLOAD, files, album=global_id(album))["data"]["uploadPhotos"]
    assert found["errors"] == []
    assert [photo["contentType"] for photo in found["photos"]] == ["image/jpeg", "image/png", "image/webp"]
    assert [photo["caption"] for photo in found["photos"]] == ["one", "two", ""]
    assert {photo["state"] for photo in found["photos"]} == {"PENDING"}


def test_one_file_may_have_several_places(as_ada: GraphQLClient, album: Album) -> None:
    places = {"0": ["variables.files.0", "variables.files.2"], "1": ["variables.files.1"]}
    files = [("a.jpg", picture()), ("b.png", picture("PNG")), ("never.jpg", b"")]
    found = as_ada.upload(UPLOAD, files, places=places, album=global_id(album))["data"]["uploadPhotos"]
    assert found["errors"] == []
    assert [photo["contentType"] for photo in found["photos"]] == ["image/jpeg", "image/png", "image/jpeg"]


def test_a_form_s_fields_may_come_in_any_order(as_ada: GraphQLClient, album: Album) -> None:
    data = {
        "0": SimpleUploadedFile("a.jpg", picture()),
        "map": json.dumps({"0": ["variables.files.0"]}),
        "operations": json.dumps({"query": UPLOAD, "variables": {"album": global_id(album), "files": [None]}}),
    }
    answer = as_ada.http.post("/graphql", data=data, headers={"GraphQL-Require-Preflight": "1"}).json()
    assert [photo["contentType"] for photo in answer["data"]["uploadPhotos"]["photos"]] == ["image/jpeg"]


@pytest.mark.parametrize(("name", "allowed"), [("GRAPHQL_MAX_FILES", 2), ("REQUEST_MAX_BYTES", 2500)])
def test_a_file_counts_once_for_each_of_its_places(
    as_ada: GraphQLClient, album: Album, settings: Settings, name: str, allowed: int
) -> None:
    setattr(settings, name, allowed)
    files = [("a.jpg", b"x" * 1000), ("never.jpg", b""), ("never.jpg", b"")]
    places = {"0": ["variables.files.0", "variables.files.1", "variables.files.2"]}
    answer = as_ada.upload(UPLOAD, files[:2], places={"0": places["0"][:2]}, album=global_id(album))
    assert [error["code"] for error in answer["data"]["uploadPhotos"]["errors"]] == ["not_a_picture"] * 2
    answer = as_ada.upload(UPLOAD, files, places=places, album=global_id(album))
    assert answer["errors"][0]["extensions"]["code"] == "REQUEST_TOO_LARGE"


def test_the_operations_of_a_list_have_files_too(as_ada: GraphQLClient, album: Album, settings: Settings) -> None:
    settings.GRAPHQL_MAX_BATCH = 2
    operation = {"query": UPLOAD, "variables": {"album": global_id(album), "files": [None]}}
    data = {
        "operations": json.dumps([operation, operation]),
        "map": json.dumps({"0": ["0.variables.files.0"], "1": ["1.variables.files.0"]}),
        "0": SimpleUploadedFile("a.jpg", picture()),
        "1": SimpleUploadedFile("b.png", picture("PNG")),
    }
    answers = as_ada.http.post("/graphql", data=data, headers={"GraphQL-Require-Preflight": "1"}).json()
    found = [photo["contentType"] for answer in answers for photo in answer["data"]["uploadPhotos"]["photos"]]
    assert found == ["image/jpeg", "image/png"]


def test_files_that_are_refused_leave_the_others_alone(as_ada: GraphQLClient, album: Album, settings: Settings) -> None:
    settings.MEDIA_MAX_BYTES = 100_000
    files = [
        ("text.jpg", b"this is text"),
        ("good.jpg", picture()),
        ("bomb.png", flat_picture(10_000, 10_000)),
        ("large.jpg", picture() + b"\x00" * 100_000),
    ]
    found = as_ada.upload(UPLOAD, files, album=global_id(album))["data"]["uploadPhotos"]
    assert [(error["field"], error["code"]) for error in found["errors"]] == [
        ("files.0", "not_a_picture"),
        ("files.2", "too_many_pixels"),
        ("files.3", "file_too_large"),
    ]
    assert len(found["photos"]) == Photo.objects.count() == 1


def test_another_s_album_is_not_found(as_grace: GraphQLClient, album: Album) -> None:
    answer = as_grace.upload(UPLOAD, [("a.jpg", picture())], album=global_id(album))
    assert answer["errors"][0]["extensions"]["code"] == "NOT_FOUND"
    assert Photo.objects.count() == 0


def test_a_caption_that_is_too_long_is_told_by_its_place(as_ada: GraphQLClient, album: Album) -> None:
    query = UPLOAD.replace('["one", "two"]', json.dumps(["x" * 1001]))
    found = as_ada.upload(query, [("a.jpg", picture())], album=global_id(album))["data"]["uploadPhotos"]
    assert [(error["field"], error["code"]) for error in found["errors"]] == [("captions.0", "max_length")]


def test_a_file_named_in_json_is_refused(as_ada: GraphQLClient, album: Album) -> None:
    answer = as_ada.execute(UPLOAD, album=global_id(album), files=["/etc/passwd"])
    assert "data" not in answer
    assert "has to be sent as a file" in answer["errors"][0]["message"]


class TestBrokenMultipart:
    OPERATIONS = json.dumps({"query": UPLOAD, "variables": {"album": "x", "files": [None]}})

    def refusal(self, **fields: Any) -> dict[str, Any]:
        response = Client().post("/graphql", data=fields, headers={"GraphQL-Require-Preflight": "1"})
        assert response.status_code in (400, 422)
        error: dict[str, Any] = response.json()["errors"][0]
        assert error["extensions"]["code"] == "BAD_USER_INPUT"
        return error

    @pytest.mark.parametrize(
        "places",
        [
            "", "{", "[]", "null", '{"0": "variables.files.0"}', '{"0": [1]}', '{"0": ["variables.files.7"]}',
            '{"0": ["variables.files"]}', '{"0": ["variables.other"]}', '{"0": ["query"]}', '{"0": [""]}',
            '{"0": ["variables.files.0", "variables.files.0"]}', '{"missing": ["variables.files.0"]}',
            '{"0": ["variables.files.-1"]}', '{"0": ["__class__.x"]}',
            json.dumps({"0": ["variables.files.0"] * 5000}),
        ],
    )  # fmt: skip
    def test_a_map_that_cannot_be_followed_is_told(self, places: str) -> None:
        error = self.refusal(operations=self.OPERATIONS, map=places, **{"0": SimpleUploadedFile("a", b"x")})
        assert "map" in error["message"]

    def test_missing_operations_are_told(self) -> None:
        assert "operations" in self.refusal(map="{}")["message"]

    def test_a_body_that_ends_too_early_is_told(self) -> None:
        response = Client().post(
            "/graphql",
            data=b"--x\r\nContent-Disposition: form-data; name=operations\r\n\r\n{",
            content_type="multipart/form-data; boundary=x",
            headers={"GraphQL-Require-Preflight": "1"},
        )
        assert response.status_code == 400

    def test_a_body_without_a_boundary_is_told(self) -> None:
        response = Client().generic(
            "POST",
            "/graphql",
            b"x",
            content_type="multipart/form-data",
            headers={"GraphQL-Require-Preflight": "1"},
        )
        assert response.status_code == 400
