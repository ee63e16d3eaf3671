"""What the schema's declarations say of a field or type, as far as a plan has to know it. Reads strawberry's definitions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import models
from graphql import get_named_type, is_object_type
from strawberry import relay
from strawberry_django.fields.field import StrawberryDjangoField
from strawberry_django.relay import resolve_model_id

from api.connections import Connection
from api.plans.refusals import NotInRowsError, UnplannableError

if TYPE_CHECKING:
    from graphql import GraphQLObjectType


def definition_of(kind: GraphQLObjectType, name: str) -> Any:
    """Return a field's definition; raises UnplannableError for one with more to it than a resolver or an attribute."""
    definition = (kind.fields[name].extensions or {}).get("strawberry-definition")
    if definition is None:
        raise UnplannableError(f"{kind.name}.{name} is not strawberry's")
    if definition.extensions or definition.permission_classes or definition.is_async:
        raise UnplannableError(f"{kind.name}.{name} has extensions, or waits")
    if definition.base_resolver and isinstance(definition, StrawberryDjangoField):
        raise UnplannableError(f"{kind.name}.{name} may return a query")
    return definition


def origin_of(kind: Any) -> Any:
    """Return the class that a type was made of."""
    return kind.extensions["strawberry-definition"].origin


def model_of(kind: Any) -> type[models.Model] | None:
    """Return the model whose rows a type shows, None where it shows no model's."""
    shown = getattr(origin_of(kind), "__strawberry_django_definition__", None) if is_object_type(kind) else None
    return shown.model if shown else None


def is_global_id(kind: Any, definition: Any) -> bool:
    """Tell whether a field is a row's global id, made by strawberry's own functions out of the primary key."""
    origin = origin_of(kind)
    resolver = getattr(definition.base_resolver, "wrapped_func", None)
    if getattr(resolver, "__func__", None) is not relay.Node.__dict__["_id"].__func__:
        return False
    names_itself = origin.resolve_typename.__func__ is relay.Node.__dict__["resolve_typename"].__func__
    is_the_key = getattr(origin.resolve_id, "__func__", None) is resolve_model_id and origin.resolve_id_attr() in (
        "id",
        "pk",
    )
    return names_itself and is_the_key


def is_connection(kind: Any) -> bool:
    """Tell whether a type is one of our connections."""
    generic = getattr(kind.extensions.get("strawberry-definition"), "concrete_of", None)
    return generic is not None and generic.origin is Connection


def node_model_of(kind: Any) -> type[models.Model] | None:
    """Return the model whose rows a connection shows."""
    return model_of(get_named_type(get_named_type(kind.fields["edges"].type).fields["node"].type))


def column_of(model: type[models.Model], definition: Any) -> Any:
    """Return the column that a field without a resolver shows; raises NotInRowsError where it is no plain one."""
    name = getattr(definition, "django_name", None) or definition.python_name
    column: Any = model._meta.get_field(name)
    if not column.concrete or column.is_relation or isinstance(column, models.FileField):
        raise NotInRowsError(f"{model.__name__}.{name}")
    return column
