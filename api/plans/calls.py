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

    def bound(self, executor: Any) -> Callable[[Any], Any]:
        """Return a function of the object alone, for one request; raises GraphQLError for an argument that has no value."""
        resolver, name = self.definition.base_resolver, self.nodes[0].name.value
        declared = self.parent.fields[name]
        if not declared.args and resolver.info_parameter is None:
            return taking_source(resolver, {})
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
        return taking_source(resolver, named)


def taking_source(resolver: Any, named: dict[str, Any]) -> Callable[[Any], Any]:
    """Return a resolver as a function of the object that its field is of."""
    function = resolver.wrapped_func
    for parameter in (resolver.parent_parameter, resolver.root_parameter):
        if parameter is not None:
            return lambda source: function(**{**named, parameter.name: source})
    if resolver.self_parameter:
        return partial(function, **named) if named else function
    return lambda _source: function(**named)
