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

from api.schema import schema

if TYPE_CHECKING:
    from collections.abc import Callable

    from graphql import FieldNode, GraphQLObjectType

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

    def bound(self, executor: Any) -> Any:
        """Return a function of the object alone, for one request, or what is asked where the resolver may not have to be called.

        Raises GraphQLError for an argument that has no value.
        """
        if self.is_asked:
            return Asked(self.definition.base_resolver, self.arguments(executor), executor.context_value)
        return taking_source(self.definition.base_resolver, self.arguments(executor))

    def arguments(self, executor: Any) -> dict[str, Any]:
        """Return the resolver's arguments for one request, `info` among them; raises GraphQLError for one that has no value."""
        resolver, name = self.definition.base_resolver, self.nodes[0].name.value
        declared = self.parent.fields[name]
        if not declared.args and resolver.info_parameter is None:
            return {}
        info = CONVERTER.config.info_class(
            _raw_info=executor.build_resolve_info(
                declared, self.nodes, self.parent, Path(None, self.key, self.parent.name)
            ),
            _field=self.definition,
        )
        given = get_argument_values(declared, self.nodes[0], executor.variable_values) if declared.args else {}
        _, named = get_arguments(
            field=self.definition,
            source=SOURCE,
            info=info,
            kwargs=given,
            config=CONVERTER.config,
            scalar_registry=CONVERTER.scalar_registry,
        )
        return dict(named)


@dataclass(frozen=True, slots=True)
class Asked:
    """A resolver with one request's arguments, which may not have to be called."""

    resolver: Any
    named: dict[str, Any]
    context: Any

    def answer(self) -> Any:
        """Call it."""
        return taking_source(self.resolver, self.named)(None)

    @property
    def arguments(self) -> dict[str, Any]:
        """The arguments that the client gave."""
        info = self.resolver.info_parameter
        return {name: value for name, value in self.named.items() if info is None or name != info.name}


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
