"""Resolvers that a plan calls: the very functions that the executor calls, with the arguments that it would give them.

Arguments don't depend on the object, so they are made once a request and not once an object.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from graphql import get_argument_values
from graphql.pyutils import Path
from strawberry.schema.schema_converter import get_arguments

from api.plans.coercing import Arguments, NotPlainError, has_variable
from api.schema import schema

if TYPE_CHECKING:
    from collections.abc import Callable

    from graphql import FieldNode, GraphQLField, GraphQLObjectType

CONVERTER = schema.schema_converter
SOURCE = object()


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """A field with a resolver, where it stands in an operation."""

    parent: GraphQLObjectType
    definition: Any
    key: str
    nodes: list[FieldNode]
    is_asked: bool = False
    plain: Arguments | None = None

    def bound(self, executor: Any) -> Any:
        """Return a function of the object alone, for one request, or what is asked where the resolver may not have to be called.

        Raises GraphQLError for an argument that has no value.
        """
        if self.is_asked:
            return Asked(self, executor)
        return taking_source(self.definition.base_resolver, self.arguments(executor))

    def arguments(self, executor: Any) -> dict[str, Any]:
        """Return the resolver's arguments for one request, `info` among them; raises GraphQLError for one that has no value."""
        declared, info = self.parent.fields[self.nodes[0].name.value], None
        if self.definition.base_resolver.info_parameter is not None:
            path = Path(None, self.key, self.parent.name)
            raw = executor.build_resolve_info(declared, self.nodes, self.parent, path)
            info = CONVERTER.config.info_class(_raw_info=raw, _field=self.definition)
        elif not declared.args:
            return {}
        return self._named(executor, info)

    def given(self, executor: Any) -> dict[str, Any]:
        """Return the arguments that the client gave; raises GraphQLError for one that has no value."""
        if not self.parent.fields[self.nodes[0].name.value].args:
            return {}
        named, info = self._named(executor, None), self.definition.base_resolver.info_parameter
        if info is not None:
            named.pop(info.name, None)
        return named

    @property
    def is_constant(self) -> bool:
        """Whether the arguments are the same in every request."""
        return not any(has_variable(each.value) for each in self.nodes[0].arguments or ())

    def _named(self, executor: Any, info: Any) -> dict[str, Any]:
        if self.plain is not None:
            try:
                plain = self.plain.named(executor.variable_values.coerced)
            except NotPlainError:
                pass
            else:
                return self._with_info(plain, info)
        declared = self.parent.fields[self.nodes[0].name.value]
        values = get_argument_values(declared, self.nodes[0], executor.variable_values) if declared.args else {}
        _, named = get_arguments(
            field=self.definition,
            source=SOURCE,
            info=info,
            kwargs=values,
            config=CONVERTER.config,
            scalar_registry=CONVERTER.scalar_registry,
        )
        return dict(named)

    def _with_info(self, named: dict[str, Any], info: Any) -> dict[str, Any]:
        parameter = self.definition.base_resolver.info_parameter
        return named if parameter is None else {**named, parameter.name: info}


def plain_arguments(declared: GraphQLField, definition: Any, node: FieldNode) -> Arguments | None:
    """Return a field's arguments where they are plain."""
    try:
        return Arguments(declared, definition, node)
    except NotPlainError:
        return None


class Asked:
    """What one request asks of a resolver that may not have to be called."""

    def __init__(self, call: Call, executor: Any) -> None:
        self._call, self._executor = call, executor
        self.context = executor.context_value

    def answer(self) -> Any:
        """Call the resolver. Raises what it raises, and GraphQLError for an argument that has no value."""
        return taking_source(self._call.definition.base_resolver, self._call.arguments(self._executor))(None)

    def arguments(self) -> dict[str, Any]:
        """Return the arguments that the client gave; raises GraphQLError as above."""
        return self._call.given(self._executor)


def symbolically(resolver: Any, source: Any) -> Callable[[Any, dict[str, Any]], Any]:
    """Return a resolver as a function of its info and of stand-ins for its arguments; `source` stands in for its object."""

    def called(info: Any, arguments: dict[str, Any]) -> Any:
        parameter = resolver.info_parameter
        return taking_source(resolver, arguments if parameter is None else {**arguments, parameter.name: info})(source)

    return called


def taking_source(resolver: Any, named: dict[str, Any]) -> Callable[[Any], Any]:
    """Return a resolver as a function of the object that its field is of."""
    function = resolver.wrapped_func
    for parameter in (resolver.parent_parameter, resolver.root_parameter):
        if parameter is not None:
            return lambda source: function(**{**named, parameter.name: source})
    if resolver.self_parameter:
        return partial(function, **named) if named else function
    return lambda _source: function(**named)
