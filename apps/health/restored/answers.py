"""Asks the API's schema in this process, through the real resolvers: `__typename`, and every field of Query that needs no argument."""

from collections.abc import Iterator

from django.contrib.auth import get_user_model
from django.contrib.auth.models import AnonymousUser
from graphql import (
    GraphQLField,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_leaf_type,
    is_object_type,
    is_required_argument,
)

from api.context import Context
from api.credentials import AssumedViewer
from api.documents import document_of
from api.execution import executed
from api.requests import GraphQLRequest
from api.schema import graphql_schema
from apps.accounts.models import User

FIRST = 5
DESCENDED = ("edges", "node", "pageInfo")  # into a page of a list, and no further
REFUSALS = ("UNAUTHENTICATED", "FORBIDDEN")  # answers too: a resolver has looked at who asks


def problems() -> list[str]:
    """Return what goes wrong, a line each; the one who asks is the first user that there is, or nobody."""
    viewer = get_user_model().objects.order_by("pk").first() or AnonymousUser()
    return [line for query in queries(graphql_schema) for line in asked(query, viewer)]


def asked(query: str, viewer: "User | AnonymousUser") -> list[str]:
    """Ask one query; return its errors."""
    operation = document_of(query).operation(None)
    context = Context(credentials=AssumedViewer(viewer), address="")
    answer = executed(operation, GraphQLRequest(query=query), context, root=None)
    return [
        f"{query} answers {error.message}"
        for error in answer.errors or []
        if (error.extensions or {}).get("code") not in REFUSALS
    ]


def queries(found: GraphQLSchema) -> Iterator[str]:
    """Yield the queries: one that needs no table, then each field that can be asked without knowing an id."""
    yield "{ __typename }"
    for name, field in (found.query_type.fields if found.query_type else {}).items():
        if is_answerable(field):
            yield f"{{ {selection(name, field)} }}"


def selection(name: str, field: GraphQLField) -> str:
    """Return a field with a few rows and all the leaves of what it gives."""
    arguments = f"(first: {FIRST})" if "first" in field.args else ""
    wanted = get_named_type(field.type)
    if is_leaf_type(wanted):
        return name + arguments
    return f"{name}{arguments} {{ {' '.join(['__typename', *leaves(wanted)])} }}"


def leaves(found: object) -> Iterator[str]:
    """Yield what can be asked of a type without arguments: its leaves, and those of a page's nodes."""
    if not is_object_type(found):
        return
    assert isinstance(found, GraphQLObjectType)  # noqa: S101 - just asked; for the type checker
    for name, field in found.fields.items():
        if is_answerable(field) and (is_leaf_type(get_named_type(field.type)) or name in DESCENDED):
            yield selection(name, field)


def is_answerable(field: GraphQLField) -> bool:
    """Tell whether it can be asked without an argument."""
    return not any(is_required_argument(argument) for argument in field.args.values())
