"""What a request's variables and a field's arguments become, by functions that are made once with the plan.

graphql-core goes through types and nodes at each request, and strawberry through its types after it. What is not plain (a variable's
default, a null where none may be, an input that makes itself) is left to them, and so is every refusal: their words are the answer's.
https://spec.graphql.org/September2025/#sec-Coercing-Variable-Values and #sec-Coercing-Field-Arguments
"""

from __future__ import annotations

from dataclasses import MISSING
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from graphql import (
    GraphQLError,
    GraphQLInputObjectType,
    ListValueNode,
    ObjectValueNode,
    Undefined,
    VariableNode,
    get_nullable_type,
    is_input_object_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    is_required_argument,
)
from graphql.execution.get_variable_signature import get_variable_signature
from graphql.execution.values import VariableValues, VariableValueSource
from graphql.utilities.coerce_input_value import coerce_default_value, coerce_input_literal
from strawberry.relay import GlobalID
from strawberry.types.arguments import _is_leaf_type
from strawberry.types.base import StrawberryList, StrawberryMaybe, StrawberryOptional, has_object_definition
from strawberry.types.enum import has_enum_definition
from strawberry.types.lazy_type import LazyType
from strawberry.types.unset import UNSET

from api.schema import graphql_schema, schema

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from graphql import FieldNode, GraphQLField, GraphQLInputType, ValueNode, VariableDefinitionNode

    Read = Callable[[dict[str, Any]], Any]
    Convert = Callable[[Any], Any]

CONVERTER = schema.schema_converter


class NotPlainError(Exception):
    """This is not for here. Of a kind where a plan is made, of a value where a request is answered."""


class Variable(NamedTuple):
    """A variable of an operation. `coerce` raises what its type does."""

    name: str
    signature: Any
    coerce: Callable[[Any], Any]
    can_be_left_out: bool
    can_be_null: bool


class Variables:
    """An operation's variables."""

    def __init__(self, declared: Collection[VariableDefinitionNode]) -> None:
        self._variables = [variable_of(each) for each in declared]

    def coerced(self, given: Mapping[str, Any]) -> VariableValues | None:
        """Return what graphql-core makes of a request's variables, None where it has to."""
        sources: dict[str, Any] = {}
        coerced: dict[str, Any] = {}
        for name, signature, coerce, can_be_left_out, can_be_null in self._variables:
            value = given.get(name, Undefined)
            sources[name] = VariableValueSource(signature, value)
            if value is Undefined or value is None:
                if not (can_be_left_out if value is Undefined else can_be_null):
                    return None
                if value is None:
                    coerced[name] = None
                continue
            try:
                coerced[name] = coerce(value)
            except Exception:  # noqa: BLE001 - graphql-core runs into it too, and tells it
                return None
        return VariableValues(sources, coerced)


def variable_of(declared: VariableDefinitionNode) -> Variable:
    """Return what a variable is; raises NotPlainError for one of another kind than scalars, enums, and lists of them."""
    signature = get_variable_signature(graphql_schema, declared)
    if isinstance(signature, GraphQLError):
        raise NotPlainError
    kind: Any = get_nullable_type(signature.type)
    leaf = get_nullable_type(kind.of_type) if is_list_type(kind) else kind
    if not is_leaf_type(leaf):
        raise NotPlainError
    coerce = leaf.coerce_input_value if leaf is kind else items_of(leaf, can_be_null=not is_non_null_type(kind.of_type))
    can_be_null = not is_non_null_type(signature.type)
    can_be_left_out = can_be_null and not declared.default_value
    return Variable(signature.name, signature, coerce, can_be_left_out, can_be_null)


def items_of(leaf: Any, *, can_be_null: bool) -> Convert:
    """Return what coerces a list's items; it raises what their type does, and NotPlainError."""

    def coerced(value: Any) -> list[Any]:
        if not isinstance(value, list) or (None in value and not can_be_null):
            raise NotPlainError
        return [None if each is None else leaf.coerce_input_value(each) for each in value]

    return coerced


class Arguments:
    """A field's arguments where it stands in an operation, by its resolver's names for them."""

    def __init__(self, declared: GraphQLField, definition: Any, node: FieldNode) -> None:
        if definition.extensions or (
            definition.base_resolver.parent_parameter and definition.base_resolver.root_parameter
        ):
            raise NotPlainError
        given = {each.name.value: each.value for each in node.arguments or ()}
        reads = {name: read_of(argument, given.get(name)) for name, argument in declared.args.items()}
        self._arguments = []
        for each in definition.arguments:
            read = reads.get(CONVERTER.config.name_converter.from_argument(each))
            if read is not None:
                self._arguments.append((each.python_name, read, converter(each.type)))

    def named(self, coerced: dict[str, Any]) -> dict[str, Any]:
        """Return those that have a value, for one request's variables; raises NotPlainError, and what an input type does."""
        found = {}
        for name, read, convert in self._arguments:
            value = read(coerced)
            if value is not Undefined:
                found[name] = value if convert is None else convert(value)
        return found


def read_of(declared: Any, node: ValueNode | None) -> Read | None:
    """Return what finds the value of an argument or of an input's field, or Undefined; None where it never has one."""
    if declared.out_name:
        raise NotPlainError
    default = coerce_default_value(declared)
    if node is None:
        if is_required_argument(declared):
            raise NotPlainError
        return None if default is Undefined else lambda _: default
    if isinstance(node, VariableNode):
        return variable_read(node.name.value, declared, default)
    return value_of(node, declared.type)


def value_of(node: ValueNode, kind: GraphQLInputType) -> Read:
    """Return what finds a value that is written so."""
    if not has_variable(node):
        return constant(node, kind)
    bare: Any = get_nullable_type(kind)
    if isinstance(node, ObjectValueNode) and is_input_object_type(bare):
        return input_read(node, bare)
    raise NotPlainError


def variable_read(name: str, declared: Any, default: Any) -> Read:
    """Return what finds a variable's value, or what stands for one that was left out."""
    can_be_left_out, can_be_null = not is_required_argument(declared), not is_non_null_type(declared.type)

    def read(coerced: dict[str, Any]) -> Any:
        value = coerced.get(name, Undefined)
        if value is Undefined and can_be_left_out:
            return default
        if value is Undefined or (value is None and not can_be_null):
            raise NotPlainError
        return value

    return read


def constant(node: ValueNode, kind: GraphQLInputType) -> Read:
    """Return what makes a value that has no variable in it: anew each time, as whoever gets a list may add to it."""

    def read(_: dict[str, Any]) -> Any:
        return coerce_input_literal(node, kind)

    value = read({})
    if value is Undefined:
        raise NotPlainError
    return read if isinstance(value, (list, dict)) else lambda _: value


def input_read(node: ObjectValueNode, kind: Any) -> Read:
    """Return what makes an input's fields."""
    given = {each.name.value: each.value for each in node.fields}
    is_plain = kind.out_type is GraphQLInputObjectType.out_type and not kind.is_one_of
    if not is_plain or not given.keys() <= kind.fields.keys():
        raise NotPlainError
    reads = [(name, read_of(field, given.get(name))) for name, field in kind.fields.items()]
    having = [(name, read) for name, read in reads if read is not None]

    def read(coerced: dict[str, Any]) -> dict[str, Any]:
        values = ((name, each(coerced)) for name, each in having)
        return {name: value for name, value in values if value is not Undefined}

    return read


def has_variable(value: Any) -> bool:
    """Tell whether a value is written with a variable."""
    if isinstance(value, ListValueNode):
        return any(has_variable(each) for each in value.values)
    if isinstance(value, ObjectValueNode):
        return any(has_variable(each.value) for each in value.fields)
    return isinstance(value, VariableNode)


def converter(kind: Any) -> Convert | None:
    """Return what makes a resolver's value of graphql-core's, as strawberry does; None where they are the same."""
    if isinstance(kind, StrawberryMaybe) or kind is GlobalID:
        raise NotPlainError
    if isinstance(kind, StrawberryOptional):
        return converter(kind.of_type)
    if isinstance(kind, StrawberryList):
        return unless_null(list_of(converter(kind.of_type)))
    if _is_leaf_type(kind, CONVERTER.scalar_registry) or has_enum_definition(kind):
        return None
    if isinstance(kind, LazyType):
        return converter(kind.resolve_type())
    if has_object_definition(kind) and kind.__strawberry_definition__.is_input:
        return unless_null(inputs.setdefault(kind, Input(kind)).made)
    raise NotPlainError


def unless_null(convert: Convert) -> Convert:
    """Return a conversion that leaves what is nothing as it is."""
    return lambda value: value if value is None or value is UNSET else convert(value)


def list_of(convert: Convert | None) -> Convert:
    """Return what makes a list: another one in any case, as a default is the same for everybody."""
    return list if convert is None else lambda values: [convert(each) for each in values]


class Input:
    """One of strawberry's input types. Its fields are looked at when there is a value: one may be of its own type."""

    def __init__(self, kind: Any) -> None:
        self._kind, self._definition = kind, kind.__strawberry_definition__
        if self._definition.from_input is not None:
            raise NotPlainError

    @cached_property
    def _left_out(self) -> dict[str, None]:
        fields = self._definition.fields
        return {
            each.python_name: None
            for each in fields
            if each.default_value is MISSING and each.default_factory is MISSING
        }

    @cached_property
    def _fields(self) -> list[tuple[str, str, Convert | None]]:
        return [
            (
                CONVERTER.config.name_converter.from_field(each),
                each.python_name,
                converter(each.resolve_type(type_definition=self._definition)),
            )
            for each in self._definition.fields
        ]

    def made(self, value: Mapping[str, Any]) -> Any:
        """Return an input of the values of its fields; raises what its type does, and NotPlainError."""
        given: dict[str, Any] = dict(self._left_out)
        for name, python_name, convert in self._fields:
            if name in value:
                given[python_name] = value[name] if convert is None else convert(value[name])
        return self._kind(**given)


inputs: dict[type, Input] = {}
