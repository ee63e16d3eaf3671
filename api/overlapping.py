"""Fields of one response name have to be mergeable: each is held against the first of its group, not against every other.

graphql-core's rule compares every two fields of a name, and below them again every two, so that thirty pages which are the same cost
it milliseconds. Here the fields of one place in the answer are put into groups by their response names, and what stands below
all of a group is the next place. https://spec.graphql.org/September2025/#sec-Field-Selection-Merging
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from graphql import (
    FieldNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    ValidationRule,
    get_named_type,
    is_leaf_type,
    print_ast,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from graphql import OperationDefinitionNode, SelectionSetNode

ADVICE = "Use different aliases on the fields to fetch both if this was intentional."
QUOTED_MAX = 100  # characters of a name, which a stranger chooses


class Selected:
    """A field where it is selected: of which type, below which other; and its own type, None where there is no such field."""

    __slots__ = ("node", "over", "parent", "type")

    def __init__(self, node: FieldNode, parent: Any, over: Selected | None) -> None:
        self.node, self.parent, self.over = node, parent, over
        field = getattr(parent, "fields", {}).get(node.name.value)
        self.type = field.type if field else None


class ConflictError(Exception):
    """Two fields of one place that can't be merged, and why."""

    def __init__(self, reason: str, one: Selected, other: Selected) -> None:
        super().__init__(reason)
        self.one, self.other = one, other

    def told(self) -> GraphQLError:
        """Return the error, from the place in which both fields are below different ones."""
        ones, others = [self.one], [self.other]
        while ones[0].over is not others[0].over:
            ones.insert(0, ones[0].over)  # type: ignore[arg-type]  # both are as deep, and the root is above all
            others.insert(0, others[0].over)  # type: ignore[arg-type]  # as above
        names = [f"'{response_name(each.node)[:QUOTED_MAX]}' conflict because" for each in ones]
        message = f"Fields {' subfields '.join(names)} {self}. {ADVICE}"
        return GraphQLError(message, [each.node for each in (*ones, *others)])


class FieldsCanBeMergedRule(ValidationRule):
    """Tells of each operation, fragments included, the first two fields that can't be merged."""

    def enter_operation_definition(self, node: OperationDefinitionNode, *_: Any) -> None:
        """Look at all fields of an operation."""
        self._seen: set[tuple[bool, frozenset[int]]] = set()
        root = self.context.schema.get_root_type(node.operation)
        try:
            self._place(list(self._collected(node.selection_set, root, None, set())), is_same=True)
        except ConflictError as conflict:
            self.report_error(conflict.told())

    def _place(self, fields: list[Selected], *, is_same: bool) -> None:
        """Raise ConflictError for the fields of one place. `is_same`: not only in form, for they may be of one object."""
        place = is_same, frozenset(id(each.node) for each in fields)
        if place in self._seen:
            return
        self._seen.add(place)
        groups = defaultdict(list)
        for each in fields:
            groups[response_name(each.node)].append(each)
        for group in groups.values():
            self._group(group, is_same=is_same)

    def _group(self, group: list[Selected], *, is_same: bool) -> None:
        parts = parts_of(group) if is_same else []
        for part in parts:
            require_one_field(part)
        require_one_form(group)
        for part in parts:
            self._place(self._below(part), is_same=True)
        if len(parts) != 1:
            self._place(self._below(group), is_same=False)

    def _below(self, group: Iterable[Selected]) -> list[Selected]:
        """Return the fields below all of a group. A fragment has the same in each place, and counts once."""
        spread: set[str] = set()
        return [
            field
            for each in group
            if each.node.selection_set
            for field in self._collected(each.node.selection_set, get_named_type(each.type), each, spread)
        ]

    def _collected(
        self, selections: SelectionSetNode, parent: Any, over: Selected | None, spread: set[str]
    ) -> Iterator[Selected]:
        for selection in selections.selections:
            if isinstance(selection, FieldNode):
                yield Selected(selection, parent, over)
                continue
            fragment: Any = selection
            if isinstance(selection, FragmentSpreadNode):
                name = selection.name.value
                fragment = None if name in spread else self.context.get_fragment(name)
                spread.add(name)
            if fragment:
                condition = fragment.type_condition
                kind = self.context.schema.get_type(condition.name.value) if condition else parent
                yield from self._collected(fragment.selection_set, kind, over, spread)


def response_name(node: FieldNode) -> str:
    """Return the name that a field has in the answer."""
    return (node.alias or node.name).value


def parts_of(group: list[Selected]) -> list[list[Selected]]:
    """Return the fields that may be of one object together: those of each object type, with all of types that are none."""
    kinds = {each.parent for each in group if isinstance(each.parent, GraphQLObjectType)}
    if len(kinds) < 2:  # noqa: PLR2004 - two object types exclude each other
        return [group]
    others = [each for each in group if not isinstance(each.parent, GraphQLObjectType)]
    return [[each for each in group if each.parent is kind] + others for kind in kinds]


def require_one_field(part: list[Selected]) -> None:
    """Raise ConflictError where fields of one object have the same response name, and are not the same field, asked the same."""
    first, *others = part
    asked = arguments_of(first.node) if others else None
    for each in others:
        if each.node.name.value != first.node.name.value:
            names = (f"'{one.node.name.value[:QUOTED_MAX]}'" for one in (first, each))
            raise ConflictError(" and ".join(names) + " are different fields", first, each)
        if arguments_of(each.node) != asked:
            raise ConflictError("they have differing arguments", first, each)


def require_one_form(group: list[Selected]) -> None:
    """Raise ConflictError where values of one response name differ in form: in lists, nulls, leaf types, or being objects."""
    known = [each for each in group if each.type is not None]
    for each in known[1:]:
        first = known[0]
        if each.type is not first.type and form_of(each.type) != form_of(first.type):
            raise ConflictError(f"they return conflicting types '{first.type}' and '{each.type}'", first, each)
    for each in group[1:]:
        if any(node.name.value == "stream" for one in (group[0], each) for node in one.node.directives or ()):
            raise ConflictError("they have overlapping stream directives", group[0], each)


def form_of(kind: Any) -> tuple[Any, ...]:
    """Return what values of two types have to have in common."""
    if isinstance(kind, (GraphQLList, GraphQLNonNull)):
        return type(kind), *form_of(kind.of_type)
    return (kind if is_leaf_type(kind) else None,)


def arguments_of(node: FieldNode) -> dict[str, str]:
    """Return a field's arguments, each as it is printed; an object's fields in their order by name."""
    return {each.name.value: printed(each.value) for each in node.arguments or ()}


def printed(value: Any) -> str:
    """Return a value so that equal ones are the same text."""
    if value.kind == "list_value":
        return f"[{' '.join(map(printed, value.values))}]"
    if value.kind == "object_value":
        return f"{{{' '.join(sorted(f'{each.name.value}:{printed(each.value)}' for each in value.fields))}}}"
    return print_ast(value)
