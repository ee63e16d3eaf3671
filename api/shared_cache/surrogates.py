"""What an operation's answer is made of, told by surrogate keys: a write names the same keys, and what was made of them is forgotten.

A key is a type's name ("Album": of whichever albums), or an object ("Album:0198…"). An answer has the types that stand below each
of its root fields, but for a field that says by its arguments which objects its answer depends on (`made_of` of api.fields.field).
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    get_argument_values,
    get_named_type,
    get_variable_values,
    is_object_type,
)

from api.errors import ApplicationError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from graphql import DocumentNode, GraphQLSchema, OperationDefinitionNode, SelectionSetNode

EVERYTHING = "*"  # what every answer is made of
NODE = "Node"


def key_of(type_name: str, identity: Any) -> str:
    """Return the key of one object."""
    return f"{type_name}:{identity}"


class Surrogates:
    """What one operation's answers are made of. Looked into when the first of them may be kept: most operations have none."""

    def __init__(self, schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode) -> None:
        self._schema, self._document, self._operation = schema, document, operation

    def keys(self, variables: Mapping[str, Any] | None) -> list[str]:
        """Return the keys of one answer, none where it cannot be told what it is made of. May ask the database."""
        values: Any = get_variable_values(
            self._schema, self._operation.variable_definitions or (), dict(variables or {})
        )
        found: set[str] = set()
        for node in self._roots:
            try:
                keys = self._of_root(node, values)
            except (ApplicationError, GraphQLError):  # a field that is skipped may have any id
                return []
            if not keys:
                return []
            found.update(keys)
        return sorted(found)

    def _of_root(self, node: FieldNode, values: Any) -> list[str]:
        name = node.name.value
        field: Any = self._query.fields.get(name)
        if field is None:  # __typename, and no other: who asks for the schema is answered with no-store
            return [EVERYTHING]
        definition = (field.extensions or {}).get("strawberry-definition")
        made_of = definition.metadata.get("made_of") if definition else None
        told = made_of(get_argument_values(field, node, values)) if made_of else None
        return list(told) if told is not None else sorted(self._types_of_field(field, node.selection_set))

    @property
    def _query(self) -> Any:
        return self._schema.query_type

    @cached_property
    def _fragments(self) -> dict[str, FragmentDefinitionNode]:
        return {
            node.name.value: node for node in self._document.definitions if isinstance(node, FragmentDefinitionNode)
        }

    @cached_property
    def _roots(self) -> list[FieldNode]:
        return list(self._fields(self._operation.selection_set))

    def _fields(self, selection_set: SelectionSetNode) -> Iterator[FieldNode]:
        """Yield the fields of a selection, whatever its conditions say."""
        for node in selection_set.selections:
            if isinstance(node, FieldNode):
                yield node
            elif isinstance(node, FragmentSpreadNode):
                yield from self._fields(self._fragments[node.name.value].selection_set)
            else:
                yield from self._fields(node.selection_set)  # type: ignore[attr-defined]  # an inline fragment

    def _types_of_field(self, field: Any, selection_set: SelectionSetNode | None) -> set[str]:
        kind = get_named_type(field.type)
        return {*nodes_of(kind), *(self._types(selection_set, kind) if selection_set else ())}

    def _types(self, selection_set: SelectionSetNode, parent: Any) -> set[str]:
        """Return the types of the objects in a selection."""
        found: set[str] = set()
        for node in selection_set.selections:
            if isinstance(node, FieldNode):
                field = getattr(parent, "fields", {}).get(node.name.value)  # a union has none
                found |= self._types_of_field(field, node.selection_set) if field else set()
                continue
            fragment: Any = self._fragments[node.name.value] if isinstance(node, FragmentSpreadNode) else node
            condition = fragment.type_condition
            kind = self._schema.get_type(condition.name.value) if condition else parent
            found |= nodes_of(kind) | self._types(fragment.selection_set, kind)
        return found


def nodes_of(kind: Any) -> set[str]:
    """Return the names of the types whose objects a field of this type shows: its own, or that of a connection's nodes."""
    if is_object_type(kind) and any(each.name == NODE for each in kind.interfaces):
        return {kind.name}
    edges = kind.fields.get("edges") if is_object_type(kind) else None
    node = get_named_type(edges.type).fields.get("node") if edges else None
    return nodes_of(get_named_type(node.type)) if node else set()
