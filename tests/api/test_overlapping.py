"""Which fields can be merged: as graphql-core's rule has it, and in the same words where it tells one conflict."""

import pytest
from graphql import OverlappingFieldsCanBeMergedRule, build_schema, parse, validate
from hypothesis import given, settings
from hypothesis import strategies as st

from api.overlapping import FieldsCanBeMergedRule

SCHEMA = build_schema("""
    directive @stream(initialCount: Int) on FIELD
    interface Node { id: ID! next: Node }
    type Photo implements Node {
      id: ID! next: Node title: String size(of: Sizes, in: [Int]): Int owner: User album: Album photos: [Photo!]
    }
    type Album implements Node { id: ID! next: Node title: String! size: String owner: User! album: [Album] photos: [Photo!]! }
    type User { id: ID! title: String owner: User photos: [Photo!]! }
    union Thing = Photo | Album | User
    input Sizes { a: Int b: [Int] }
    type Query { node: Node thing: Thing photo: Photo album: Album user: User }
    type Subscription { photo: Photo }
""")
CONFLICTS = [
    "{ photo { a: id a: title } }",
    "{ photo { a: id } photo { a: title } }",
    "{ photo { owner { a: id } } photo { owner { a: title } } }",
    "{ photo { size(of: {a: 1}) size(of: {a: 2}) } }",
    "{ photo { size(in: [1 2]) size(in: [2 1]) } }",
    "{ photo { size size(in: 1) } }",
    "query($a: Int $b: Int) { photo { size(in: $a) size(in: $b) } }",
    "{ node { ... on Photo { title } ... on Album { title } } }",
    "{ node { ... on Photo { size } ... on Album { size } } }",
    "{ node { ... on Photo { album { id } } ... on Album { album { id } } } }",
    "{ node { ... on Photo { owner { a: id } } ... on Album { album { id } a: id owner { a: title } } } }",
    "{ thing { ... on Photo { a: title } ... on Node { a: id } } }",
    "{ photo { a: id } ...F } fragment F on Query { photo { a: title } }",
    "{ photo { ...F ...G } } fragment F on Photo { owner { a: id } } fragment G on Photo { owner { a: title } }",
    "{ photo: album { id } photo { id } }",
    "{ photo { photos @stream(initialCount: 1) { id } photos { id } } }",
    "subscription { photo { a: id a: title } }",
]
MERGED = [
    "{ photo { id id a: title a: title } photo { id owner { id } owner { title } } }",
    "{ photo { size(of: {a: 1, b: [1]}, in: 1) size(in: 1, of: {b: [1], a: 1}) } }",
    "{ node { ... on Photo { a: id } ... on Album { a: id } } }",
    "{ thing { ... on Photo { owner { a: id } } ... on User { owner { a: id } } } }",
    "{ node { ... on Photo { a: size } ... on Album { b: size } } }",
    "{ node { ... on Photo { a: next { id } } ... on Album { a: next { id } } } }",
    "{ photo { ...F } } fragment F on Photo { id next { ... on Photo { ...F } } }",
    "{ photo { nothing { a: id } nothing { a: id } } }",
]  # fmt: skip


def told(text: str, rule: type) -> list[str]:
    return [error.message for error in validate(SCHEMA, parse(text), [rule])]


@pytest.mark.parametrize("text", CONFLICTS)
def test_a_conflict_is_told_as_graphql_core_tells_it(text: str) -> None:
    expected = validate(SCHEMA, parse(text), [OverlappingFieldsCanBeMergedRule])
    assert len(expected) == 1
    assert validate(SCHEMA, parse(text), [FieldsCanBeMergedRule]) == expected


@pytest.mark.parametrize("text", MERGED)
def test_what_is_the_same_is_merged(text: str) -> None:
    assert told(text, FieldsCanBeMergedRule) == told(text, OverlappingFieldsCanBeMergedRule) == []


def test_a_long_name_is_not_quoted_whole() -> None:
    (message,) = told(f"{{ photo {{ a: id a: {'x' * 5000} }} }}", FieldsCanBeMergedRule)
    assert len(message) < 300


LEAVES = ["id", "title", "a: id", "a: title", "size", "a: size(in: 1)", "size(in: 1)", "title: id", "nothing"]
OBJECTS = ["next", "owner", "album", "photos", "owner: next", "album: owner"]
selections: st.SearchStrategy[str] = st.deferred(lambda: st.lists(selection, min_size=1, max_size=3).map(" ".join))
selection: st.SearchStrategy[str] = st.one_of(
    st.sampled_from(LEAVES),
    st.builds("{} {{ {} }}".format, st.sampled_from(OBJECTS), selections),
    st.builds("... on {} {{ {} }}".format, st.sampled_from(["Photo", "Album", "Node", "User"]), selections),
    st.sampled_from(["...F", "...G"]),
)
documents = st.builds(
    "{{ node {{ ...F ...G {} }} thing {{ ... on Node {{ {} }} }} }} fragment F on Photo {{ {} }} fragment G on Node {{ {} }}".format,
    *[selections] * 4,
)


@settings(max_examples=100, deadline=None, derandomize=True, database=None)
@given(documents)
def test_any_document_has_conflicts_or_none_as_graphql_core_says(text: str) -> None:
    assert bool(told(text, FieldsCanBeMergedRule)) == bool(told(text, OverlappingFieldsCanBeMergedRule)), text
