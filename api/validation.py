"""The rules of GraphQL's specification, applied to a document in one pass. They are graphql-core's; the walk over the tree is ours.

graphql-core's own `validate` asks every rule about every node, names among them, finds handlers anew at each, and looks nodes up
by hashing all that is below them. The same rules find the same mistakes here in a half to a third of the time, which is
what a hostile document costs. https://spec.graphql.org/September2025/#sec-Validation
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from graphql import (
    BREAK,
    SKIP,
    FragmentDefinitionNode,
    GraphQLError,
    TypeInfo,
    TypeInfoVisitor,
    ValidationContext,
    ValuesOfCorrectTypeRule,
)
from graphql.language import ast
from graphql.language.visitor import EnterLeaveVisitor, Visitor, visit
from graphql.pyutils import RefMap
from graphql.validation.validate import FragmentNestingVisitor
from graphql.validation.validation_context import VariableUsageVisitor

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from graphql import DocumentNode, GraphQLSchema, Node
    from graphql.validation import ASTValidationRule

NAMES = ("name", "alias", "description")  # what no rule looks at by itself
KEYS = {kind: tuple(key for key in keys if key not in NAMES) for kind, keys in ast.QUERY_DOCUMENT_KEYS.items()}


class EnoughError(Exception):
    """As many mistakes were found as are told."""


class FirstMistakeError(Exception):
    """A mistake was found in a value, and told."""


class FirstMistakeOfAValueRule(ValuesOfCorrectTypeRule):
    """Tells one mistake of each value. Every other quotes the whole value again, which may be all of the document."""

    def report_error(self, error: GraphQLError) -> None:
        """Tell a mistake, and look no further."""
        super().report_error(error)
        raise FirstMistakeError

    def is_valid_value_node(self, node: Any, input_type: Any) -> Any:
        """Look at a value."""
        try:
            return super().is_valid_value_node(node, input_type)
        except FirstMistakeError:
            return SKIP


class RulesContext(ValidationContext):
    """What rules ask about a document. Nodes are told apart by what they are and not by what they hold."""

    def __init__(
        self,
        schema: GraphQLSchema,
        document: DocumentNode,
        type_info: TypeInfo,
        on_error: Callable[[GraphQLError], None],
        *,
        hide_suggestions: bool,
    ) -> None:
        super().__init__(schema, document, type_info, on_error, hide_suggestions)
        self._walked_types = type_info
        self._fragment_spreads: Any = RefMap()
        self._variable_usages: Any = RefMap()
        self._recursive_variable_usages: Any = RefMap()
        self._has_variables = document.loc is None or "$" in document.loc.source.body

    def get_variable_usages(self, node: Any) -> list[Any]:
        """Return where variables are used within an operation or a fragment."""
        if not self._has_variables:
            return []
        usages: list[Any] | None = self._variable_usages.get(node)
        if usages is None:
            fragment = node if isinstance(node, FragmentDefinitionNode) else None
            visitor = VariableUsageVisitor(self._walked_types, fragment)
            visit(node, TypeInfoVisitor(self._walked_types, visitor), KEYS)
            usages = self._variable_usages[node] = visitor.usages
        return usages


class Walk(Visitor):
    """Asks rules about each node of a kind that they have something to say of, and keeps track of the types."""

    def __init__(self, rules: Sequence[Visitor], type_info: TypeInfo) -> None:
        super().__init__()
        self._rules, self._type_info = rules, type_info
        self._skipped_at: list[Any] = [None] * len(rules)
        self._known: dict[str, EnterLeaveVisitor] = {}

    def get_enter_leave_for_kind(self, kind: str) -> EnterLeaveVisitor:
        """Return what is called on the way into a node of a kind, and out of it."""
        if kind not in self._known:
            self._known[kind] = EnterLeaveVisitor(self._entering(kind), self._leaving(kind))
        return self._known[kind]

    def _entering(self, kind: str) -> Callable[..., None] | None:
        note_type = getattr(self._type_info, f"enter_{kind}", None)
        asked, skipped_at = self._handlers(kind, "enter"), self._skipped_at
        if not (asked or note_type):
            return None

        def enter(node: Node, *args: Any) -> None:
            if note_type:
                note_type(node)
            for place, rule in asked:
                if skipped_at[place] is None:
                    told = rule(node, *args)
                    if told is not None:
                        skipped_at[place] = BREAK if told in (BREAK, True) else node

        return enter

    def _leaving(self, kind: str) -> Callable[..., None] | None:
        note_type = getattr(self._type_info, f"leave_{kind}", None)
        asked, entered, skipped_at = self._handlers(kind, "leave"), self._handlers(kind, "enter"), self._skipped_at
        if not (asked or entered or note_type):
            return None

        def leave(node: Node, *args: Any) -> None:
            for place, rule in asked:
                if skipped_at[place] is None:
                    rule(node, *args)
            for place, _ in entered:
                if skipped_at[place] is node:
                    skipped_at[place] = None
            if note_type:
                note_type()

        return leave

    def _handlers(self, kind: str, side: str) -> list[tuple[int, Callable[..., Any]]]:
        """Return the rules' methods for a kind, with the rules' places."""
        named = names_of(tuple(map(type, self._rules)), kind, side)
        return [(place, getattr(self._rules[place], name)) for place, name in named]


@cache
def names_of(rules: tuple[type, ...], kind: str, side: str) -> list[tuple[int, str]]:
    """Return rules' methods for a kind, by the rules' places. One for any kind is about directives, which not all have."""
    found = []
    for place, rule in enumerate(rules):
        if hasattr(rule, f"{side}_{kind}"):
            found.append((place, f"{side}_{kind}"))
        elif "directives" in KEYS.get(kind, ()) and hasattr(rule, side):
            found.append((place, side))
    return found


def mistakes(
    schema: GraphQLSchema,
    document: DocumentNode,
    rules: Sequence[type[ASTValidationRule]],
    *,
    max_errors: int,
    hide_suggestions: bool,
) -> list[GraphQLError]:
    """Return what is wrong with a document, at most so many mistakes."""
    found: list[GraphQLError] = []

    def note(error: GraphQLError) -> None:
        found.append(error)
        if len(found) == max_errors:
            raise EnoughError

    type_info = TypeInfo(schema)
    context = RulesContext(schema, document, type_info, note, hide_suggestions=hide_suggestions)
    asked: list[Visitor] = [rule(context) for rule in rules]
    fragments = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
    try:
        if fragments:
            asked.insert(0, FragmentNestingVisitor(fragments))
        visit(document, Walk(asked, type_info), KEYS)
    except EnoughError:
        pass
    except RecursionError:
        found.append(GraphQLError("The document is nested too deeply to be validated."))
    return found
