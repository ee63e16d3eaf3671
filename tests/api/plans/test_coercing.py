"""What variables and arguments become is what graphql-core and strawberry make of them, or is left to them."""

from typing import Any

import pytest
from graphql import FieldNode, OperationDefinitionNode, get_argument_values, get_variable_values, parse
from strawberry.schema.schema_converter import get_arguments

from api.plans.coercing import Arguments, NotPlainError, Variables
from api.schema import graphql_schema, schema

CONVERTER = schema.schema_converter
UPDATE = """mutation($id: ID!, $title: String, $v: Visibility) {
  updateAlbum(input: {id: $id, title: $title, visibility: $v}) { album { id } } }"""
PAGE = 'query($n: Int, $after: String) { photos(first: $n, after: $after, filter: {search: "hill"}) { totalCount } }'
WHOLE = "mutation($input: UpdateAlbumInput!) { updateAlbum(input: $input) { album { id } } }"
TAGS = 'mutation($id: ID!) { updatePhoto(input: {id: $id, caption: null, tags: ["a", "b"]}) { photo { id } } }'

LISTS = "query($t: [String!], $after: DateTime) { photos(filter: {tags: $t, takenAfter: $after}) { totalCount } }"

PLAIN: list[tuple[str, dict[str, Any]]] = [
    (UPDATE, {"id": "1", "title": "Hills", "v": "PUBLIC"}),
    (UPDATE, {"id": "1", "title": None}),
    (UPDATE, {"id": 7, "v": None, "more": 1}),
    (PAGE, {}),
    (PAGE, {"n": 3, "after": None}),
    (PAGE, {"n": None, "after": "x"}),
    (TAGS, {"id": "1"}),
    ("{ photos(first: 3, orderBy: OLDEST) { totalCount } }", {}),
    ('mutation { createAlbum(input: {title: "Hills"}) { album { id } } }', {}),
    (LISTS, {"t": ["hill", "sea"], "after": "2026-12-01T00:00:00Z"}),
    (LISTS, {"t": None}),
    ("query($f: Int!) { photos(first: $f) { totalCount } }", {"f": 2.0}),
]
LEFT: list[tuple[str, dict[str, Any]]] = [
    (WHOLE, {"input": {"id": "1", "title": "Hills"}}),
    ("query($n: Int = 3) { photos(first: $n) { totalCount } }", {}),
    (UPDATE, {"id": None}),
    (LISTS, {"t": "hill"}),
    (LISTS, {"t": ["hill", None]}),
    (LISTS, {"after": "yesterday"}),
    (UPDATE, {}),
    (UPDATE, {"id": "1", "v": "NONE"}),
    (PAGE, {"n": 2**40}),
]


def parts(document: str) -> tuple[OperationDefinitionNode, FieldNode, Any]:
    operation: Any = parse(document).definitions[0]
    node: Any = operation.selection_set.selections[0]
    root: Any = graphql_schema.get_root_type(operation.operation)
    return operation, node, root.fields[node.name.value]


def declared_by(operation: OperationDefinitionNode) -> Any:
    return operation.variable_definitions or ()


def definition_of(declared: Any) -> Any:
    return declared.extensions["strawberry-definition"]


@pytest.mark.parametrize(("document", "given"), PLAIN)
def test_what_is_plain_becomes_what_the_libraries_make_of_it(document: str, given: dict[str, Any]) -> None:
    operation, node, declared = parts(document)
    expected: Any = get_variable_values(graphql_schema, declared_by(operation), given)
    found = Variables(declared_by(operation)).coerced(given)
    assert found is not None
    assert found.coerced == expected.coerced
    assert {name: each.value for name, each in found.sources.items()} == {
        name: each.value for name, each in expected.sources.items()
    }
    _, named = get_arguments(
        field=definition_of(declared),
        source=None,
        info=None,  # type: ignore[arg-type]  # no argument of ours asks for it
        kwargs=get_argument_values(declared, node, expected),
        config=CONVERTER.config,
        scalar_registry=CONVERTER.scalar_registry,
    )
    named.pop("info", None)
    assert Arguments(declared, definition_of(declared), node).named(expected.coerced) == named


@pytest.mark.parametrize(("document", "given"), LEFT)
def test_what_is_not_is_left_to_the_libraries(document: str, given: dict[str, Any]) -> None:
    operation, _, _ = parts(document)
    try:
        variables = Variables(declared_by(operation))
    except NotPlainError:
        return
    assert variables.coerced(given) is None


def test_a_null_variable_where_none_may_be_is_left_to_the_libraries() -> None:
    _, node, declared = parts(UPDATE)
    with pytest.raises(NotPlainError):
        Arguments(declared, definition_of(declared), node).named({"id": None})


def test_a_list_is_another_one_for_each_request() -> None:
    _, node, declared = parts(TAGS)
    arguments = Arguments(declared, definition_of(declared), node)
    one, two = (arguments.named({"id": "1"})["input"].tags for _ in range(2))
    assert one == two == ["a", "b"]
    assert one is not two


def test_a_variable_input_is_made_of_what_was_coerced() -> None:
    _, node, declared = parts(WHOLE)
    made = Arguments(declared, definition_of(declared), node).named({"input": {"id": "1", "title": "Hills"}})
    assert (made["input"].id, made["input"].title) == ("1", "Hills")
