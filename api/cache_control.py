"""For how long an operation's answer may be kept, and by whom: reckoned once from its document, told for each request.

The rules are Apollo's: the shortest time of all fields counts, and one private field makes all of it private. A field at the
root, or of an object's type, may be kept for no time where nothing says otherwise; any other for as long as what it stands in.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.conf import settings
from graphql import FieldNode, FragmentDefinitionNode, FragmentSpreadNode, get_named_type, is_composite_type

from api.cache_hints import CacheControl, Scope

if TYPE_CHECKING:
    from collections.abc import Iterable

    from graphql import DocumentNode, GraphQLSchema, OperationDefinitionNode, SelectionNode, SelectionSetNode


@dataclass(frozen=True, slots=True)
class Policy:
    """`max_age_seconds` is None where nothing has said anything yet."""

    max_age_seconds: int | None = None
    is_private: bool = False

    @property
    def is_public(self) -> bool:
        """Whether everybody's caches may keep the answer, as far as its fields have a say."""
        return bool(self.max_age_seconds) and not self.is_private

    def header(self, *, is_for_viewer: bool) -> str:
        """Return the value of Cache-Control, for an answer to somebody who said who they are, or not.

        Who is signed in is shown nothing stale: they change things, and look whether it was done.
        """
        if not self.max_age_seconds:
            return "no-store"
        if self.is_private or is_for_viewer:
            return f"private, max-age={self.max_age_seconds}"
        return f"public, max-age={self.max_age_seconds}{stale()}"


NOTHING = Policy()


def stale() -> str:
    """Return what Cache-Control says of the time after max-age: https://www.rfc-editor.org/rfc/rfc5861

    Both always, as nginx takes the first for the second where that is not there.
    """
    seconds = {
        "stale-while-revalidate": settings.GRAPHQL_STALE_WHILE_REVALIDATE_SECONDS,
        "stale-if-error": settings.GRAPHQL_STALE_IF_ERROR_SECONDS,
    }
    return "".join(f", {name}={value}" for name, value in seconds.items())


def together(policies: Iterable[Policy]) -> Policy:
    """Return the strictest of all."""
    ages, is_private = [], False
    for policy in policies:
        is_private = is_private or policy.is_private
        if policy.max_age_seconds is not None:
            ages.append(policy.max_age_seconds)
    return Policy(min(ages, default=None), is_private)


class CacheControls:
    """Reckons the operations of one valid document."""

    def __init__(self, schema: GraphQLSchema, document: DocumentNode) -> None:
        self._schema = schema
        self._fragments = {
            node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)
        }
        self._reckoned: dict[str, Policy] = {}

    def operation(self, node: OperationDefinitionNode) -> Policy:
        """Return an operation's policy."""
        return self._selection_set(node.selection_set, self._schema.get_root_type(node.operation))

    def _selection_set(self, node: SelectionSetNode | None, parent: Any) -> Policy:
        return together(self._selection(each, parent) for each in node.selections) if node else NOTHING

    def _selection(self, node: SelectionNode, parent: Any) -> Policy:
        if isinstance(node, FragmentSpreadNode):
            return self._fragment(node.name.value)
        if isinstance(node, FieldNode):
            return self._field(node, parent)
        condition: Any = node.type_condition  # type: ignore[attr-defined]  # an inline fragment
        kind = self._schema.get_type(condition.name.value) if condition else parent
        return self._selection_set(node.selection_set, kind)  # type: ignore[attr-defined]  # as above

    def _fragment(self, name: str) -> Policy:
        if name not in self._reckoned:
            fragment = self._fragments[name]
            kind = self._schema.get_type(fragment.type_condition.name.value)
            self._reckoned[name] = self._selection_set(fragment.selection_set, kind)
        return self._reckoned[name]

    def _field(self, node: FieldNode, parent: Any) -> Policy:
        name = node.name.value
        if name.startswith("__"):
            return NOTHING if name == "__typename" else Policy(0)
        field = parent.fields[name]
        kind = get_named_type(field.type)
        own = self._own(field, kind, is_root=parent is self._schema.query_type)
        return together((own, self._selection_set(node.selection_set, kind)))

    def _own(self, field: Any, kind: Any, *, is_root: bool) -> Policy:
        hints = [*hints_of(field), *(hints_of(kind) if is_composite_type(kind) else ())]
        ages = [hint.max_age for hint in hints if hint.max_age is not None]
        scopes = [hint.scope for hint in hints if hint.scope]
        is_inherited = any(hint.inherit_max_age for hint in hints)
        is_private = scopes[:1] == [Scope.PRIVATE]
        if ages:
            return Policy(ages[0], is_private)
        is_for_no_time = is_root or (is_composite_type(kind) and not is_inherited)
        return Policy(0 if is_for_no_time else None, is_private)


@dataclass(frozen=True, slots=True)
class Hint:
    """A directive's arguments, None where one is not given."""

    max_age: int | None
    scope: Scope | None
    inherit_max_age: bool


def hints_of(declared: Any) -> list[Hint]:
    """Return the hints on a field or a type."""
    definition = (declared.extensions or {}).get("strawberry-definition")
    return [
        Hint(each.max_age or (0 if each.max_age == 0 else None), each.scope or None, bool(each.inherit_max_age))
        for each in getattr(definition, "directives", None) or ()
        if isinstance(each, CacheControl)
    ]
