"""Relay's connections and global object identification, clause by clause, for every type of the schema.

https://relay.dev/graphql/connections.htm and https://relay.dev/graphql/objectidentification.htm
"""

import itertools
from typing import Any

import pytest
from graphql import (
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLScalarType,
    get_nullable_type,
)

from api.nodes import LOADERS
from api.schema import graphql_schema
from apps.accounts.models import User
from apps.accounts.services import create_access_token
from apps.gallery.models import Album, Tag
from tests.gallery.conftest import add_rows, global_id
from tests.gallery.test_pages import PAGE, page
from tests.graphql_client import GraphQLClient

TYPES = graphql_schema.type_map
OBJECTS = [each for each in TYPES.values() if isinstance(each, GraphQLObjectType)]
CONNECTIONS = sorted(name for name in TYPES if name.endswith("Connection"))
FIELDS = {f"{parent.name}.{name}": field for parent in OBJECTS for name, field in parent.fields.items()}
PAGED = sorted(name for name, field in FIELDS.items() if str(field.type).rstrip("!") in CONNECTIONS)
NODES = sorted(each.name for each in OBJECTS if TYPES["Node"] in each.interfaces)


@pytest.fixture
def album(ada: User) -> Album:
    """A public album of Ada's."""
    return Album.objects.create(owner=ada, title="Hills", visibility="PUBLIC")


def fields_of(name: str) -> dict[str, GraphQLField]:
    """Return an object's or interface's fields."""
    found = TYPES[name]
    assert isinstance(found, (GraphQLObjectType, GraphQLInterfaceType))
    fields: dict[str, GraphQLField] = found.fields
    return fields


class TestConnections:
    @pytest.mark.parametrize("name", CONNECTIONS)
    def test_a_connection_is_an_object_of_edges_and_a_page_info(self, name: str) -> None:
        assert isinstance(TYPES[name], GraphQLObjectType)
        assert str(fields_of(name)["pageInfo"].type) == "PageInfo!"
        edges = get_nullable_type(fields_of(name)["edges"].type)
        assert isinstance(edges, GraphQLList)
        assert isinstance(get_nullable_type(edges.of_type), GraphQLObjectType)

    @pytest.mark.parametrize("name", CONNECTIONS)
    def test_an_edge_has_a_node_that_is_no_list_and_a_cursor_that_is_a_text(self, name: str) -> None:
        edge = fields_of(f"{name.removesuffix('Connection')}Edge")
        assert not isinstance(get_nullable_type(edge["node"].type), GraphQLList)
        assert isinstance(get_nullable_type(edge["cursor"].type), GraphQLScalarType)
        assert str(edge["cursor"].type) == "String!"

    @pytest.mark.parametrize("name", PAGED)
    def test_a_field_with_pages_takes_the_four_arguments(self, name: str) -> None:
        taken = {argument: str(each.type) for argument, each in FIELDS[name].args.items()}
        assert {"first": "Int", "last": "Int", "after": "String", "before": "String"}.items() <= taken.items()

    def test_a_page_info_says_for_both_sides_whether_there_is_more(self) -> None:
        found = {name: str(field.type) for name, field in fields_of("PageInfo").items()}
        assert (found["hasNextPage"], found["hasPreviousPage"]) == ("Boolean!", "Boolean!")
        assert {found["startCursor"], found["endCursor"]} == {"String"}  # an empty page has none

    def test_its_cursors_are_those_of_the_first_and_the_last_edge(self, album: Album, as_nobody: GraphQLClient) -> None:
        add_rows(album, 3)
        found = as_nobody.data(PAGE, first=2)["photos"]
        ends = (found["pageInfo"]["startCursor"], found["pageInfo"]["endCursor"])
        assert ends == (found["edges"][0]["cursor"], found["edges"][1]["cursor"])
        _, info = page(as_nobody, first=2, before=ends[0])
        assert (info["startCursor"], info["endCursor"]) == (None, None)

    @pytest.mark.parametrize("order", ["OLDEST", "NEWEST"])
    def test_edges_stand_in_one_order_whichever_way_they_are_read(
        self, album: Album, as_nobody: GraphQLClient, order: str
    ) -> None:
        add_rows(album, 5)
        cursors = [edge["cursor"] for edge in as_nobody.data(PAGE, order=order)["photos"]["edges"]]
        rows, _ = page(as_nobody, order=order)
        assert page(as_nobody, order=order, after=cursors[0], first=2)[0] == rows[1:3]
        assert page(as_nobody, order=order, before=cursors[4], last=2)[0] == rows[2:4]

    def test_a_cursor_keeps_its_place_when_its_row_is_gone(self, album: Album, as_nobody: GraphQLClient) -> None:
        photos = add_rows(album, 4)
        _, info = page(as_nobody, first=2)
        photos[1].delete()
        assert page(as_nobody, first=2, after=info["endCursor"])[0] == [2, 3]

    @pytest.mark.parametrize(
        ("arguments", "has_previous", "has_next"),
        [
            ({"first": 4}, False, False),
            ({"first": 3}, False, True),
            ({"first": 0}, False, True),
            ({"last": 4}, False, False),
            ({"last": 3}, True, False),
            ({"first": 2, "after": 0}, True, True),
            ({"first": 3, "after": 0}, True, False),
            ({"last": 2, "before": 3}, True, True),
            ({"last": 3, "before": 3}, False, True),
            ({"first": 1, "after": 0, "before": 3}, True, True),
            ({"last": 1, "after": 0, "before": 3}, True, True),
        ],
    )
    def test_a_side_has_more_where_edges_are_left_there(
        self,
        album: Album,
        as_nobody: GraphQLClient,
        arguments: dict[str, int],
        has_previous: bool,
        has_next: bool,
    ) -> None:
        add_rows(album, 4)
        cursors = [edge["cursor"] for edge in as_nobody.data(PAGE)["photos"]["edges"]]
        given: dict[str, Any] = {
            name: cursors[value] if name in ("after", "before") else value for name, value in arguments.items()
        }
        _, info = page(as_nobody, **given)
        assert (info["hasPreviousPage"], info["hasNextPage"]) == (has_previous, has_next)


class TestIdentification:
    def test_a_node_is_an_interface_of_an_id_and_nothing_else(self) -> None:
        assert isinstance(TYPES["Node"], GraphQLInterfaceType)
        assert {name: str(field.type) for name, field in fields_of("Node").items()} == {"id": "ID!"}

    def test_the_root_has_a_field_that_takes_an_id_and_returns_a_node(self) -> None:
        node = fields_of("Query")["node"]
        assert str(node.type) == "Node"
        assert {name: str(each.type) for name, each in node.args.items()} == {"id": "ID!"}

    def test_every_type_of_node_has_who_finds_it(self) -> None:
        assert sorted(LOADERS) == NODES

    def test_every_node_is_found_again_by_its_id(self, album: Album, ada: User, as_ada: GraphQLClient) -> None:
        (photo,) = add_rows(album, 1, tags=("sky",))
        token, _ = create_access_token(user=ada, name="mine", expires_at=None)
        rows = [token, album, photo, Tag.objects.get(), ada]
        assert sorted(type(row).__name__ for row in rows) == NODES
        for row in rows:
            found = as_ada.data("query($id: ID!) { node(id: $id) { id __typename } }", id=global_id(row))
            assert found["node"] == {"id": global_id(row), "__typename": type(row).__name__}

    def test_an_object_is_the_same_wherever_it_stands(self, album: Album, as_nobody: GraphQLClient) -> None:
        (photo,) = add_rows(album, 1)
        fields = "{ id caption album { id title } owner { id name } renditions { url width } }"
        query = f"""
        query($id: ID!, $album: ID!) {{
          photo(id: $id) {fields} node(id: $id) {{ ... on Photo {fields} }} photos {{ edges {{ node {fields} }} }}
          album(id: $album) {{ photos {{ edges {{ node {fields} }} }} }}
        }}"""
        found = as_nobody.data(query, id=global_id(photo), album=global_id(album))
        same = [found["node"], found["photos"]["edges"][0]["node"], found["album"]["photos"]["edges"][0]["node"]]
        assert same == [found["photo"]] * 3

    def test_several_are_asked_for_by_one_argument(self) -> None:
        nodes = fields_of("Query")["nodes"]
        assert str(nodes.type) == "[Node]!"
        assert {name: str(each.type) for name, each in nodes.args.items()} == {"ids": "[ID!]!"}
        lists = [name for name, field in fields_of("Query").items() if "[" in str(field.type)]
        assert lists == ["nodes"]

    def test_several_come_in_the_order_of_their_ids_and_null_for_none(
        self, album: Album, as_nobody: GraphQLClient
    ) -> None:
        photo, gone = add_rows(album, 2)
        ids = {global_id(album): True, global_id(photo): True, global_id(gone): False}
        gone.delete()
        for asked in [*itertools.permutations(ids), (global_id(photo),) * 2]:
            found = as_nobody.data("query($ids: [ID!]!) { nodes(ids: $ids) { id } }", ids=list(asked))["nodes"]
            assert found == [{"id": each} if ids[each] else None for each in asked]


def test_nothing_is_left_out() -> None:
    assert CONNECTIONS
    assert PAGED
    assert all(isinstance(FIELDS[name].type, GraphQLNonNull) for name in PAGED)
