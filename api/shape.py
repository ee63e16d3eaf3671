"""How large operations and fragments are where they are executed: depth, aliases, root fields, directives. Looks at no schema.

A fragment counts wherever it is spread, but is walked once, so this takes time in proportion to the document and no more.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from graphql import FieldNode, FragmentDefinitionNode, FragmentSpreadNode, OperationDefinitionNode

if TYPE_CHECKING:
    from collections.abc import Mapping

    from graphql import DocumentNode, SelectionNode, SelectionSetNode

MANY = 1_000_000  # fragments of fragments count up exponentially
INTROSPECTION = frozenset({"__schema", "__type"})  # graphql-core has a rule of its own for how deep these go


@dataclass(frozen=True, slots=True)
class Shape:
    """`fields` are those of the selection set itself; `root_fields` the same where it is an operation's, else none.

    `repeats` are fields whose name another one in the same selection set has already, and `names` how often each name is there.
    """

    depth: int = 0
    aliases: int = 0
    fields: int = 0
    directives: int = 0
    repeats: int = 0
    root_fields: int = 0
    names: Mapping[str, int] = field(default_factory=dict)


NOTHING = Shape()


class Measuring:
    """Measures the operations of one document."""

    def __init__(self, document: DocumentNode) -> None:
        self._fragments = {
            node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)
        }
        self._measured: dict[str, Shape] = {}

    def unspread(self) -> list[FragmentDefinitionNode]:
        """Return the fragments that nothing measured so far has spread, directly or through others."""
        return [node for name, node in self._fragments.items() if name not in self._measured]

    def definition(self, node: OperationDefinitionNode | FragmentDefinitionNode) -> Shape:
        """Return the shape of an operation, or of a fragment, which validation looks at whether it is spread or not."""
        is_operation = isinstance(node, OperationDefinitionNode)
        found = self._selection_set(node.selection_set)
        on_variables = sum(len(each.directives or ()) for each in node.variable_definitions or ())
        return replace(
            found,
            directives=found.directives + len(node.directives or ()) + on_variables,
            repeats=found.repeats + sum(found.names.values()) - len(found.names),
            root_fields=found.fields if is_operation else 0,
        )

    def _selection_set(self, node: SelectionSetNode | None) -> Shape:
        """Return the shape of what stands in one place, the repeats among its own fields not yet counted."""
        if node is None:
            return NOTHING
        depth = aliases = fields = directives = repeats = 0
        names: Counter[str] = Counter()
        for selection in node.selections:
            directives += len(selection.directives or ())
            if isinstance(selection, FieldNode):
                fields += 1
                aliases += selection.alias is not None
                names[(selection.alias or selection.name).value] += 1
                depth = max(depth, 1)
                if selection.selection_set is None:
                    continue
                below = self._selection_set(selection.selection_set)
                is_introspection = selection.name.value in INTROSPECTION
                depth = max(depth, 1 if is_introspection else below.depth + 1)
                repeats += sum(below.names.values()) - len(below.names)
            else:
                below = self._fragment_in_place(selection)
                fields += below.fields
                names.update(below.names)
                depth = max(depth, below.depth)
            aliases, directives, repeats = (
                aliases + below.aliases,
                directives + below.directives,
                repeats + below.repeats,
            )
        return Shape(
            depth=depth, aliases=min(MANY, aliases), fields=min(MANY, fields), directives=min(MANY, directives),
            repeats=min(MANY, repeats), names=names,
        )  # fmt: skip

    def _fragment_in_place(self, node: SelectionNode) -> Shape:
        """Return the shape of what a fragment adds to the place where it stands."""
        if isinstance(node, FragmentSpreadNode):
            return self._fragment(node.name.value)
        return self._selection_set(node.selection_set)  # type: ignore[attr-defined]  # an inline fragment

    def _fragment(self, name: str) -> Shape:
        if name not in self._measured:
            self._measured[name] = NOTHING  # one that spreads itself ends here; validation will say so
            fragment = self._fragments.get(name)
            if fragment:
                found = self._selection_set(fragment.selection_set)
                self._measured[name] = replace(
                    found, names={each: min(MANY, count) for each, count in found.names.items()}
                )
        return self._measured[name]
