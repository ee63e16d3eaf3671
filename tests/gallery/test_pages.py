from collections.abc import Callable
from typing import Any

import pytest
from pytest_django import Settings

from api.documents import documents
from apps.gallery.models import Album
from tests.gallery.conftest import add_rows, global_id
from tests.graphql_client import GraphQLClient

PAGE = """
query($first: Int, $after: String, $last: Int, $before: String, $order: PhotoOrder! = OLDEST) {
  photos(first: $first, after: $after, last: $last, before: $before, orderBy: $order) {
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    edges { cursor node { caption } }
  }
}
"""


def page(client: GraphQLClient, **arguments: Any) -> tuple[list[int], dict[str, Any]]:
    found = client.data(PAGE, **arguments)["photos"]
    return [int(edge["node"]["caption"].split()[1]) for edge in found["edges"]], found["pageInfo"]


@pytest.mark.parametrize("order", ["OLDEST", "NEWEST", "TAKEN_OLDEST", "TAKEN_NEWEST"])
def test_all_pages_forward_and_backward_hold_every_row_once(album: Album, as_nobody: GraphQLClient, order: str) -> None:
    add_rows(album, 7)
    expected = list(range(7)) if order.endswith("OLDEST") else list(range(6, -1, -1))
    forward: list[int] = []
    after = None
    while True:
        rows, info = page(as_nobody, first=3, after=after, order=order)
        forward += rows
        after = info["endCursor"]
        if not info["hasNextPage"]:
            break
    backward: list[int] = []
    before = None
    while True:
        rows, info = page(as_nobody, last=3, before=before, order=order)
        backward = rows + backward
        before = info["startCursor"]
        if not info["hasPreviousPage"]:
            break
    assert forward == backward == expected


def test_rows_that_share_a_time_are_told_apart_by_id(album: Album, as_nobody: GraphQLClient) -> None:
    photos = add_rows(album, 5)
    album.photos.update(created_at=photos[0].created_at)
    seen: list[int] = []
    after = None
    for _ in range(5):
        rows, info = page(as_nobody, first=1, after=after)
        seen += rows
        after = info["endCursor"]
    assert sorted(seen) == [0, 1, 2, 3, 4]


def test_a_page_stays_where_it_is_while_rows_are_inserted(album: Album, as_nobody: GraphQLClient) -> None:
    add_rows(album, 6)
    _, info = page(as_nobody, first=2, order="NEWEST")
    expected, _ = page(as_nobody, first=2, after=info["endCursor"], order="NEWEST")
    add_rows(album, 3)  # the same minutes again: they sort in between and in front
    album.photos.order_by("-pk").filter(caption="photo 2").first()
    found, _ = page(as_nobody, first=10, after=info["endCursor"], order="NEWEST")
    assert [row for row in found if row in expected][:2] == expected
    assert found[0] <= 4


def test_a_page_between_two_cursors(album: Album, as_nobody: GraphQLClient) -> None:
    add_rows(album, 6)
    edges = as_nobody.data(PAGE, first=6)["photos"]["edges"]
    rows, info = page(as_nobody, first=10, after=edges[0]["cursor"], before=edges[4]["cursor"])
    assert rows == [1, 2, 3]
    assert (info["hasNextPage"], info["hasPreviousPage"]) == (False, True)


def test_a_nested_list_has_pages_of_its_own(make_album: Callable[..., Album], as_nobody: GraphQLClient) -> None:
    albums = [make_album(f"album {number}") for number in range(3)]
    for album in albums:
        add_rows(album, 4)
    query = """
    query($after: String) { albums(orderBy: TITLE) { edges { node {
      photos(first: 2, orderBy: OLDEST, after: $after) { totalCount pageInfo { hasNextPage endCursor } edges { node { caption } } }
    } } } }"""
    found = [edge["node"]["photos"] for edge in as_nobody.data(query)["albums"]["edges"]]
    assert [each["totalCount"] for each in found] == [4, 4, 4]
    assert all([edge["node"]["caption"] for edge in each["edges"]] == ["photo 0", "photo 1"] for each in found)
    assert all(each["pageInfo"]["hasNextPage"] for each in found)
    one = """
    query($id: ID!, $after: String) { album(id: $id) { photos(first: 2, orderBy: OLDEST, after: $after) {
      pageInfo { hasNextPage } edges { node { caption } } } } }"""
    rest = as_nobody.data(one, id=global_id(albums[0]), after=found[0]["pageInfo"]["endCursor"])["album"]["photos"]
    assert [edge["node"]["caption"] for edge in rest["edges"]] == ["photo 2", "photo 3"]
    assert not rest["pageInfo"]["hasNextPage"]


class TestRefusals:
    def code(self, client: GraphQLClient, **arguments: Any) -> str:
        return client.code(PAGE, **arguments)

    def test_a_cursor_from_another_list(self, album: Album, as_nobody: GraphQLClient) -> None:
        cursor = as_nobody.data("{ albums { edges { cursor } } }")["albums"]["edges"][0]["cursor"]
        answer = as_nobody.execute(PAGE, after=cursor)
        assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
        assert "another list or ordering" in answer["errors"][0]["message"]

    def test_a_cursor_from_another_ordering(self, album: Album, as_nobody: GraphQLClient) -> None:
        add_rows(album, 1)
        _, info = page(as_nobody, first=1, order="OLDEST")
        assert self.code(as_nobody, after=info["endCursor"], order="NEWEST") == "BAD_USER_INPUT"

    @pytest.mark.parametrize(
        "cursor",
        ["garbage", "", "é", "A" * 5000, "bnVsbA", "WyJwaG90b3Mub2xkZXN0IiwgIngiLCAieSJd", "WyJwaG90b3Mub2xkZXN0Il0",
         "WyJwaG90b3Mub2xkZXN0IiwgbnVsbCwgbnVsbF0"],
        ids=["text", "empty", "not-ascii", "long", "null", "wrong-values", "too-few", "nulls"],
    )  # fmt: skip
    def test_what_is_no_cursor(self, album: Album, as_nobody: GraphQLClient, cursor: str) -> None:
        if cursor == "":
            page(as_nobody, first=1, after="")  # as GraphiQL sends an empty variable: from the start
        else:
            assert self.code(as_nobody, after=cursor) == "BAD_USER_INPUT"

    @pytest.mark.parametrize("arguments", [{"first": -1}, {"last": -1}, {"first": 101}, {"first": 1, "last": 1}])
    def test_page_sizes_that_are_none(self, as_nobody: GraphQLClient, arguments: dict[str, int]) -> None:
        assert self.code(as_nobody, **arguments) == "BAD_USER_INPUT"

    def test_the_largest_page_is_a_setting(self, as_nobody: GraphQLClient, settings: Settings) -> None:
        documents.cache_clear()  # a setting stays while a process runs, and so may what was made by it
        settings.GRAPHQL_MAX_PAGE_SIZE = 3
        assert self.code(as_nobody, first=4) == "BAD_USER_INPUT"
        page(as_nobody, first=3)

    def test_more_nodes_than_a_page_has(self, album: Album, as_nobody: GraphQLClient, settings: Settings) -> None:
        query = "query($ids: [ID!]!) { nodes(ids: $ids) { id } }"
        assert as_nobody.code(query, ids=[global_id(album)] * 101) == "LIMIT_EXCEEDED"
        ids = ", ".join([f'"{global_id(album)}"'] * 101)
        assert as_nobody.code("{ nodes(ids: [" + ids + "]) { id } }") == "LIMIT_EXCEEDED"
        settings.GRAPHQL_MAX_LIST_LENGTH = 1000
        assert as_nobody.code("{ nodes(ids: [" + ids + "]) { id, __typename } }") == "BAD_USER_INPUT"
