"""The variables that decide by `@include` and `@skip` what is answered: each set of their values has a plan of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from graphql import VariableNode, Visitor, visit

if TYPE_CHECKING:
    from graphql import DirectiveNode, DocumentNode

CONDITIONS = ("include", "skip")


class Conditions(Visitor):
    """Notes the variables of a document's conditions."""

    def __init__(self) -> None:
        super().__init__()
        self.variables: set[str] = set()

    def enter_directive(self, node: DirectiveNode, *_: Any) -> None:
        """Note a condition's variable."""
        for argument in node.arguments or () if node.name.value in CONDITIONS else ():
            if isinstance(argument.value, VariableNode):
                self.variables.add(argument.value.name.value)


def conditions_of(document: DocumentNode) -> tuple[str, ...]:
    """Return the names of the variables, in an order that stays."""
    found = Conditions()
    visit(document, found)
    return tuple(sorted(found.variables))
