"""Answers about the schema alone, which are the same each time: executed once, and kept as bytes.

A tool asks for the whole schema in one query, whose execution takes tens of milliseconds. Who may ask is decided before, by a rule.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

import orjson
from graphql import FieldNode, FragmentDefinitionNode, FragmentSpreadNode

if TYPE_CHECKING:
    from collections.abc import Hashable

    from graphql import DocumentNode, SelectionSetNode

    from api.documents import Operation
    from api.requests import GraphQLRequest

KEPT_MAX, BYTES_MAX = 16, 1_000_000


class Answers:
    """Answers' data as JSON, the one that was asked for last at the end."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[Hashable, bytes] = OrderedDict()

    def get(self, key: Hashable) -> bytes | None:
        """Return an answer, None where there is none."""
        with self._lock:
            found = self._kept.get(key)
            if found is not None:
                self._kept.move_to_end(key)
            return found

    def put(self, key: Hashable, data: Any) -> None:
        """Keep an answer, unless it is very long."""
        encoded = orjson.dumps(data)
        with self._lock:
            if len(encoded) <= BYTES_MAX:
                self._kept[key] = encoded
            if len(self._kept) > KEPT_MAX:
                self._kept.popitem(last=False)


answers = Answers()


def key_of(operation: Operation, request: GraphQLRequest) -> Hashable:
    """Return what an answer is kept by, None for a query that asks for anything else as well."""
    if not operation.is_introspection or operation.document.loc is None:
        return None
    try:
        variables = orjson.dumps(request.variables, option=orjson.OPT_SORT_KEYS)
    except TypeError:
        return None
    return operation.document.loc.source.body, operation.name, variables


def is_introspection(document: DocumentNode, selections: SelectionSetNode) -> bool:
    """Tell whether an operation's fields at the root are the schema's own, fragments included."""
    fragments = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
    waiting = list(selections.selections)
    while waiting:
        node: Any = waiting.pop()
        if isinstance(node, FieldNode):
            if not node.name.value.startswith("__"):
                return False
        elif isinstance(node, FragmentSpreadNode):
            spread = fragments.pop(node.name.value, None)  # once is enough
            waiting += spread.selection_set.selections if spread else ()
        else:
            waiting += node.selection_set.selections
    return True
