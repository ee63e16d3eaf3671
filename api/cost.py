"""What an operation may cost, reckoned from the schema before any of it is run: about how many values the answer can have.

Each field costs 1, or what it declares; what stands below a list is multiplied by the list's length. A page is as long as its
`first` or `last`, which may be variables, so a document's cost is a formula, made once, and reckoned for each request.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.conf import settings
from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLList,
    GraphQLNonNull,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    VariableNode,
    get_named_type,
)

from api.keyset import DEFAULT_PAGE_SIZE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from graphql import (
        DocumentNode,
        GraphQLField,
        GraphQLSchema,
        OperationDefinitionNode,
        SelectionNode,
        SelectionSetNode,
    )

INTROSPECTION_COST = 1000
UNKNOWN_LIST_LENGTH = 10
MAX_COST = 2**53  # JSON's readers lose count beyond it
SLICING = ("first", "last", "ids")


@dataclass(frozen=True, slots=True)
class Length:
    """A list's length: a number, or the values of variables, which may be numbers or lists. The largest of them counts."""

    number: int | None
    variables: tuple[str, ...] = ()

    def of(self, variables: Mapping[str, Any]) -> int:
        """Return the length for one request. A page beyond the largest will be refused by its resolver, in words that fit."""
        told = [self.number, *(size_of(variables.get(name)) for name in self.variables)]
        number = max((each for each in told if each is not None), default=DEFAULT_PAGE_SIZE)
        return max(0, min(number, settings.GRAPHQL_MAX_PAGE_SIZE))


def size_of(value: Any) -> int | None:
    """Return the length that a variable's value says, None where it says none. 100.0 is an Int to GraphQL."""
    if isinstance(value, list):
        return len(value)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return int(value) if math.isfinite(value) else None


ONE = Length(1)


@dataclass(frozen=True, slots=True, eq=False)
class Cost:
    """A number, and other costs as often as a list is long. Several may share one, where a fragment is spread."""

    number: int
    terms: tuple[tuple[Length, Cost], ...] = ()

    def of(self, variables: Mapping[str, Any]) -> int:
        """Return the cost of one request."""
        return self._of(variables, {}) if self.terms else self.number

    def _of(self, variables: Mapping[str, Any], known: dict[Cost, int]) -> int:
        if self not in known:
            terms = (length.of(variables) * cost._of(variables, known) for length, cost in self.terms)  # noqa: SLF001 - itself
            known[self] = min(MAX_COST, self.number + sum(terms))
        return known[self]


class Reckoning:
    """Makes the formulas of one valid document's operations."""

    def __init__(self, schema: GraphQLSchema, document: DocumentNode) -> None:
        self._schema = schema
        self._fragments = {
            node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)
        }
        self._reckoned: dict[tuple[str, Length | None], Cost] = {}

    def operation(self, node: OperationDefinitionNode) -> Cost:
        """Return an operation's cost."""
        return self._selection_set(node.selection_set, self._schema.get_root_type(node.operation), page=None)

    def _selection_set(self, node: SelectionSetNode | None, parent: Any, *, page: Length | None) -> Cost:
        number, terms = 0, []
        for selection in node.selections if node else ():
            cost, length = self._selection(selection, parent, page=page)
            if length is ONE and not cost.terms:
                number += cost.number
            else:
                terms.append((length, cost))
        return Cost(min(MAX_COST, number), tuple(terms))

    def _selection(self, node: SelectionNode, parent: Any, *, page: Length | None) -> tuple[Cost, Length]:
        if isinstance(node, FragmentSpreadNode):
            return self._fragment(node.name.value, page=page), ONE
        if isinstance(node, InlineFragmentNode):
            condition = node.type_condition
            kind = self._schema.get_type(condition.name.value) if condition else parent
            return self._selection_set(node.selection_set, kind, page=page), ONE
        if not isinstance(node, FieldNode):
            raise TypeError(node)
        return self._field(node, parent, page=page)

    def _fragment(self, name: str, *, page: Length | None) -> Cost:
        key = name, page  # a connection's own fields cost by where they are spread
        if key not in self._reckoned:
            fragment = self._fragments[name]
            kind = self._schema.get_type(fragment.type_condition.name.value)
            self._reckoned[key] = self._selection_set(fragment.selection_set, kind, page=page)
        return self._reckoned[key]

    def _field(self, node: FieldNode, parent: Any, *, page: Length | None) -> tuple[Cost, Length]:
        name = node.name.value
        if name.startswith("__"):
            return Cost(1 if name == "__typename" else INTROSPECTION_COST), ONE
        field: GraphQLField = parent.fields[name]
        declared = metadata_of(field)
        own = declared.get("cost", 1)
        length = length_of(node, field)
        is_list = holds_list(field)
        below = self._selection_set(
            node.selection_set, get_named_type(field.type), page=None if is_list or length is ONE else length
        )
        if not is_list:
            return Cost(below.number + own, below.terms), ONE
        if length is ONE:
            length = page if page and name == "edges" else Length(declared.get("list_size", UNKNOWN_LIST_LENGTH))
        return Cost(own, ((length, Cost(below.number + 1, below.terms)),)), ONE


def metadata_of(field: GraphQLField) -> Mapping[str, Any]:
    """Return what the field's declaration says about its cost."""
    declaration = (field.extensions or {}).get("strawberry-definition")
    return getattr(declaration, "metadata", {})


def holds_list(field: GraphQLField) -> bool:
    """Tell whether a field's type is a list."""
    kind = field.type.of_type if isinstance(field.type, GraphQLNonNull) else field.type
    return isinstance(kind, GraphQLList)


def length_of(node: FieldNode, field: GraphQLField) -> Length:
    """Return how long the list behind a field is by its arguments, ONE where it takes none that says so."""
    if not any(name in field.args for name in SLICING):
        return ONE
    numbers, variables = [], []
    for argument in node.arguments or ():
        value = argument.value
        if argument.name.value not in SLICING:
            continue
        if isinstance(value, IntValueNode):
            numbers.append(int(value.value))
        elif isinstance(value, ListValueNode):
            numbers.append(len(value.values))
        elif isinstance(value, VariableNode):
            variables.append(value.name.value)
    return Length(max(numbers, default=None), tuple(variables))
