"""Who may see and do what: every field and mutation of the schema, as nobody, somebody else, the owner and staff.

A field that is not in the table fails the test: somebody has to decide about it. The policies themselves are the apps' selectors
and services; staff is nobody special in the API, and has the admin.
"""

from collections.abc import Callable
from typing import Any

import pytest
from graphql import GraphQLObjectType

from api.schema import graphql_schema
from apps.accounts.models import User
from apps.accounts.services import create_access_token
from apps.gallery.models import Album
from tests.asgi_client import Client
from tests.conftest import signed_in
from tests.gallery.conftest import add_rows, global_id
from tests.graphql_client import GraphQLClient
from tests.pictures import picture

# shown: to whoever sees the object. own: to its owner, null for others. counted: over what the viewer sees.
DECIDED = {
    "Query": {"filtered": "node nodes album photo albums photos tags", "own": "viewer"},
    "User": {"shown": "id name", "own": "email accessTokens"},
    "AccessToken": {"shown": "id name prefix expiresAt lastUsedAt createdAt"},
    "Album": {"shown": "id title description visibility createdAt updatedAt owner isMine", "filtered": "cover photos"},
    "Photo": {
        "shown": "id caption takenAt width height bytes sha256 contentType dominantColor state failureReason createdAt album "
        "owner tags isMine renditions rendition",
        "own": "originalUrl",
    },
    "Rendition": {"shown": "size width height bytes url"},
    "Tag": {"shown": "id name", "counted": "photoCount"},
    "Subscription": {"filtered": "photoChanged"},
    "PhotoChange": {"shown": "kind photoId", "filtered": "photo"},
    "Mutation": {
        "anybody": "register login logout requestPasswordReset resetPassword",
        "signed in": "changePassword createAccessToken createAlbum",
        "owner": "revokeAccessToken updateAlbum deleteAlbum uploadPhotos updatePhoto deletePhoto",
    },
}
# Of what they hold, the types that stand around it decide.
AROUND = ("Connection", "Edge", "Payload", "PageInfo", "UserError")


def test_somebody_has_decided_about_every_field() -> None:
    declared = {
        f"{name}.{field}"
        for name, kind in graphql_schema.type_map.items()
        if isinstance(kind, GraphQLObjectType) and not name.startswith("__") and not name.endswith(AROUND)
        for field in kind.fields
    }
    decided = {
        f"{name}.{field}" for name, groups in DECIDED.items() for part in groups.values() for field in part.split()
    }
    assert declared == decided


@pytest.fixture
def people(ada: User, grace: User, make_user: Callable[..., User]) -> dict[str, GraphQLClient]:
    """Return a client of each; Ada owns everything."""
    staff = make_user("staff", is_staff=True, is_superuser=True)
    clients = {name: signed_in(user) for name, user in {"owner": ada, "other": grace, "staff": staff}.items()}
    return {"nobody": GraphQLClient(Client()), **clients}


@pytest.fixture
def private(ada: User) -> Album:
    """An album of Ada's, with a photo and a cover, that is hers alone."""
    album = Album.objects.create(owner=ada, title="Secret", visibility="PRIVATE")
    album.cover = add_rows(album, 1, tags=("secret",))[0]
    album.save()
    return album


EVERY_WAY = """query($album: ID!, $photo: ID!, $owner: ID!) {
  node(id: $photo) { id } nodes(ids: [$album, $photo]) { id } album(id: $album) { id } photo(id: $photo) { id }
  albums(filter: {owner: $owner}) { totalCount edges { node { id } } }
  photos(filter: {owner: $owner}) { totalCount edges { node { id } } }
  inAlbum: photos(filter: {album: $album}) { totalCount }
  tags { edges { node { name photoCount } } }
}"""


@pytest.mark.parametrize("who", ["nobody", "other", "staff"])
def test_what_is_private_is_not_there_in_any_way(people: dict[str, GraphQLClient], private: Album, who: str) -> None:
    photo = private.photos.get()
    ids = {"album": global_id(private), "photo": global_id(photo), "owner": global_id(private.owner)}
    nothing = {"totalCount": 0, "edges": []}
    assert people[who].data(EVERY_WAY, **ids) == {
        "node": None, "nodes": [None, None], "album": None, "photo": None, "albums": nothing, "photos": nothing,
        "inAlbum": {"totalCount": 0}, "tags": {"edges": [{"node": {"name": "secret", "photoCount": 0}}]},
    }  # fmt: skip
    assert (
        people[who].http.get(f"/media/{photo.file_name}").status_code == 404 or who == "staff"
    )  # the admin shows files
    found = people["owner"].data(EVERY_WAY, **ids)
    assert (found["albums"]["totalCount"], found["photos"]["totalCount"], found["photo"]) == (
        1,
        1,
        {"id": ids["photo"]},
    )
    assert found["tags"]["edges"][0]["node"]["photoCount"] == 1


@pytest.mark.parametrize("who", ["nobody", "other", "staff"])
def test_what_is_one_s_own_is_null_for_others(people: dict[str, GraphQLClient], private: Album, who: str) -> None:
    Album.objects.update(visibility="PUBLIC")
    private.photos.update(visibility="PUBLIC")
    query = "query($id: ID!) { photo(id: $id) { originalUrl isMine owner { name email accessTokens { name } } } }"
    found = people[who].data(query, id=global_id(private.photos.get()))["photo"]
    assert found == {
        "originalUrl": None,
        "isMine": False,
        "owner": {"name": "Ada", "email": None, "accessTokens": None},
    }
    own = people["owner"].data(query, id=global_id(private.photos.get()))["photo"]
    assert own["originalUrl"]
    assert own["owner"] == {"name": "Ada", "email": "ada@example.com", "accessTokens": []}


@pytest.mark.parametrize("who", ["nobody", "other", "staff"])
def test_a_token_is_its_owner_s_alone(people: dict[str, GraphQLClient], ada: User, who: str) -> None:
    token, _ = create_access_token(user=ada, name="mine", expires_at=None)
    query = "query($id: ID!) { node(id: $id) { id } }"
    assert people[who].data(query, id=global_id(token)) == {"node": None}
    assert people["owner"].data(query, id=global_id(token)) == {"node": {"id": global_id(token)}}


def mutations(album: Album, token_id: str) -> dict[str, str]:
    """Return each mutation that somebody has to be signed in for, with Ada's objects in it."""
    album_id, photo_id = global_id(album), global_id(album.photos.get())
    return {
        "changePassword": '{currentPassword: "x", newPassword: "y"}',
        "createAccessToken": '{name: ""}',
        "createAlbum": '{title: ""}',
        "revokeAccessToken": f'{{id: "{token_id}"}}',
        "updateAlbum": f'{{id: "{album_id}"}}',
        "updatePhoto": f'{{id: "{photo_id}"}}',
        "deletePhoto": f'{{id: "{photo_id}"}}',
        "deleteAlbum": f'{{id: "{album_id}"}}',
    }


@pytest.mark.parametrize("visibility", ["PRIVATE", "PUBLIC"])
@pytest.mark.parametrize("who", ["nobody", "other", "staff", "owner"])
def test_every_mutation(people: dict[str, GraphQLClient], private: Album, ada: User, who: str, visibility: str) -> None:
    Album.objects.update(visibility=visibility)
    token, _ = create_access_token(user=ada, name="mine", expires_at=None)
    inputs = mutations(private, global_id(token))
    policies = {name: policy for policy, names in DECIDED["Mutation"].items() for name in names.split()}
    assert {name for name, policy in policies.items() if policy != "anybody"} == {*inputs, "uploadPhotos"}
    for name, given in inputs.items():
        answer = people[who].execute(f"mutation {{ {name}(input: {given}) {{ errors {{ code }} }} }}")
        assert code_of(answer) == expected(who, policies[name]), name


@pytest.mark.parametrize("who", ["nobody", "other", "staff", "owner"])
def test_uploading(people: dict[str, GraphQLClient], private: Album, who: str) -> None:
    query = "mutation($a: ID!, $files: [Upload!]!) { uploadPhotos(input: {albumId: $a, files: $files}) { errors { code } } }"
    answer = people[who].upload(query, [("a.jpg", picture())], a=global_id(private))
    assert code_of(answer) == expected(who, "owner")


def expected(who: str, policy: str) -> str | None:
    """Return the code that a mutation of Ada's object is answered with."""
    if who == "nobody":
        return "UNAUTHENTICATED"
    return None if who == "owner" or policy == "signed in" else "NOT_FOUND"


def code_of(answer: dict[str, Any]) -> str | None:
    """Return the first error's code; what a person could mend is none."""
    return answer["errors"][0]["extensions"]["code"] if "errors" in answer else None
