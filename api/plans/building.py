"""Writes an operation's code: a dictionary's literal for each object, whose values are attributes or what resolvers return.

Where a connection's nodes need columns alone, api.plans.rows writes them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from graphql import (
    get_named_type,
    is_abstract_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
)

from api.plans import declared
from api.plans.calls import Call, plain_arguments
from api.plans.code import Code, key
from api.plans.connections import in_objects
from api.plans.leaves import global_id, leaf
from api.plans.refusals import NoAnswerError, NotInRowsError, UnplannableError
from api.plans.roots import in_rows
from api.plans.selecting import Selecting

if TYPE_CHECKING:
    from collections.abc import Mapping

    from graphql.execution.collect_fields import FieldDetails

    from api.plans.places import Place


def missing() -> Any:
    """Refuse a null that the schema does not allow."""
    raise NoAnswerError


class Building:
    """Writes the code of one operation. `calls` are the resolvers that it calls.

    `places` are those of them at the root whose answers are rows, and `is_in_rows` tells whether they are all that is at the root.
    """

    def __init__(self, executor: Any, *, is_nested_in_rows: bool = True) -> None:
        self.code = Code()
        self.calls: list[Call] = []
        self.places: list[Place] = []
        self.is_in_rows = True
        self.is_nested_in_rows = is_nested_in_rows
        self.selecting = Selecting(executor)
        self._root = executor.schema.get_root_type(executor.operation.operation)
        self._schema = executor.schema
        self.missing = f"{self.code.constant(missing)}()"

    def operation(self) -> str:
        """Return the operation's code."""
        return self._fields(self._root, self.selecting.at_root(self._root), "root")

    def effects(self) -> tuple[int, ...]:
        """Return the indices of the calls that change something, in their order."""
        mutations = self._schema.mutation_type
        return tuple(index for index, each in enumerate(self.calls) if each.parent is mutations)

    def completed(self, kind: Any, value: str, details: list[FieldDetails]) -> str:
        """Return the code of a value of a type, null or not."""
        if is_non_null_type(kind) and is_leaf_type(kind.of_type):
            return leaf(kind.of_type, value, self.code)
        otherwise = self.missing if is_non_null_type(kind) else "None"
        kind = kind.of_type if is_non_null_type(kind) else kind
        name = value if value.isidentifier() else self.code.variable()
        told = name if name == value else f"({name} := {value})"
        return f"({otherwise} if {told} is None else {self._present(kind, name, details)})"

    def call(self, parent: Any, definition: Any, response_key: str, details: list[FieldDetails], source: str) -> str:
        """Return the code of a resolver's call."""
        return f"{self._place(parent, definition, response_key, details)}({source})"

    def asked(self, parent: Any, definition: Any, response_key: str, details: list[FieldDetails]) -> str:
        """Return the code of what is asked of a field at the root (api.plans.calls.Asked)."""
        return self._place(parent, definition, response_key, details, is_asked=True)

    def _place(
        self,
        parent: Any,
        definition: Any,
        response_key: str,
        details: list[FieldDetails],
        *,
        is_asked: bool = False,
    ) -> str:
        nodes = [each.node for each in details]
        made = Call(
            parent=parent,
            definition=definition,
            key=response_key,
            nodes=nodes,
            is_asked=is_asked,
            plain=plain_arguments(parent.fields[nodes[0].name.value], definition, nodes[0]),
        )
        self.calls.append(made)
        return f"calls[{len(self.calls) - 1}]"

    def _present(self, kind: Any, name: str, details: list[FieldDetails]) -> str:
        if is_leaf_type(kind):
            return leaf(kind, name, self.code)
        if is_list_type(kind):
            item = self.code.variable()
            return f"[{self.completed(kind.of_type, item, details)} for {item} in {name}]"
        if is_abstract_type(kind):
            return self._one_of(kind, name, details)
        return self._fields(kind, self.selecting.below(kind, details), name)

    def _one_of(self, kind: Any, name: str, details: list[FieldDetails]) -> str:
        """Return the code of an object of an interface, by the model whose row it is."""
        code = self.missing
        for possible in self._schema.get_possible_types(kind):
            model = declared.model_of(possible)
            if model is None:
                raise UnplannableError(f"{possible.name} is of no model")
            shown = self._fields(possible, self.selecting.below(possible, details), name)
            code = f"({shown} if type({name}) is {self.code.constant(model)} else {code})"
        return code

    def _fields(self, kind: Any, selected: Mapping[str, list[FieldDetails]], source: str) -> str:
        """Return the code of an object."""
        fields = (f"{key(name)}: {self._field(kind, name, details, source)}" for name, details in selected.items())
        return "{" + ", ".join(fields) + "}"

    def _field(self, kind: Any, response_key: str, details: list[FieldDetails], source: str) -> str:
        name = details[0].node.name.value
        if name == "__typename":
            return repr(kind.name)
        if name.startswith("__"):
            raise UnplannableError(f"{name} is the schema's")
        if kind is self._schema.subscription_type:  # what it shows of an event is the event
            return self.completed(kind.fields[name].type, source, details)
        definition = declared.definition_of(kind, name)
        if declared.is_global_id(kind, definition):
            return global_id(f"{kind.name}:", f"{source}.pk", self.code)
        shown = kind.fields[name].type
        if not definition.base_resolver:
            model = declared.model_of(kind)
            if model:
                declared.column_of(model, definition)
            attribute = getattr(definition, "django_name", None) or definition.python_name
            return self.completed(shown, f"{source}.{attribute}", details)
        return self._resolved(kind, response_key, details, source)

    def _resolved(self, kind: Any, response_key: str, details: list[FieldDetails], source: str) -> str:
        """Return the code of a field with a resolver."""
        name = details[0].node.name.value
        definition, shown = declared.definition_of(kind, name), kind.fields[name].type
        if kind is self._root and kind is self._schema.query_type:
            calls = len(self.calls)
            try:
                return in_rows(self, shown, self.asked(kind, definition, response_key, details), definition, details)
            except NotInRowsError:
                del self.calls[calls:]
            self.is_in_rows = False
        value = self.call(kind, definition, response_key, details, source)
        if declared.is_connection(get_named_type(shown)):
            return in_objects(self, shown, value, details)
        return self.completed(shown, value, details)
