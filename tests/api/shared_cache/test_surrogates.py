"""What an answer is made of, by its document and variables."""

from typing import Any

import pytest
from strawberry.relay import to_base64

from api.documents import make

ONE = "0198c1de-0000-7000-8000-000000000001"
ALBUM = to_base64("Album", ONE)


def made_of(document: str, **variables: Any) -> list[str]:
    return make(document).operation(None).made_of.keys(variables)


@pytest.mark.parametrize(
    ("document", "keys"),
    [
        ("{ albums { edges { node { title } } } }", ["Album"]),
        ("{ albums { totalCount } }", ["Album"]),  # without any node
        ("{ albums { edges { cursor } pageInfo { hasNextPage } } }", ["Album"]),
        ("{ albums { edges { node { photos { totalCount } } } } }", ["Album", "Photo"]),
        ("{ albums { edges { node { cover { width } owner { name } } } } }", ["Album", "Photo", "User"]),
        ("{ photos { edges { node { caption } } } }", ["Photo"]),
        ("{ photos(filter: {search: \"x\"}) { edges { node { album { title } tags { name } } } } }", ["Album", "Photo", "Tag"]),
        ("{ tags { edges { node { name } } } albums { totalCount } }", ["Album", "Tag"]),
        ("{ ...A } fragment A on Query { albums { edges { node { ...B } } } } fragment B on Album { ... { owner { name } } }",
         ["Album", "User"]),
        ("query($no: Boolean = false) { albums { edges { node { photos @include(if: $no) { totalCount } } } } }",
         ["Album", "Photo"]),
        ("{ __typename tags { totalCount } }", ["*", "Tag"]),
    ],
)  # fmt: skip
def test_a_list_is_made_of_types(document: str, keys: list[str]) -> None:
    assert made_of(document) == keys


@pytest.mark.parametrize(
    "document",
    [
        "query($id: ID!) { album(id: $id) { title photos { edges { node { tags { name } owner { name } } } } } }",
        "query($id: ID!) { photos(filter: {album: $id}) { totalCount } }",
        "query($id: ID) { photos(filter: {album: $id, search: \"x\"}) { totalCount } }",
        "query($id: ID!) { node(id: $id) { ... on Album { title } } }",
        "query($id: ID!) { nodes(ids: [$id, $id]) { id } one: album(id: $id) { id } }",
        "query($id: ID!, $filter: PhotoFilter) { album(id: $id) { id } photos(filter: $filter) { totalCount } }",
    ],
)  # fmt: skip
def test_what_is_asked_of_one_album_is_made_of_it(document: str) -> None:
    assert made_of(document, id=ALBUM, filter={"album": ALBUM}) == [f"Album:{ONE}"]


@pytest.mark.parametrize("variables", [{}, {"filter": None}, {"filter": {}}, {"filter": {"album": None}}])
def test_no_album_is_any(variables: dict[str, Any]) -> None:
    assert made_of("query($filter: PhotoFilter) { photos(filter: $filter) { totalCount } }", **variables) == ["Photo"]


def test_of_an_id_that_is_none_nobody_can_tell() -> None:
    """The field is skipped, so the answer has no error."""
    for wrong in ("nonsense", to_base64("Tag", ONE)):
        document = f'{{ albums {{ totalCount }} album(id: "{wrong}") @skip(if: true) {{ title }} }}'
        assert made_of(document) == []
