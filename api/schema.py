"""Assembles the schema out of what the apps declare, and presents every error through api.errors."""

from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any

import strawberry
from django.conf import settings
from graphql import GraphQLError
from strawberry.extensions import DisableIntrospection, SchemaExtension
from strawberry.schema.config import StrawberryConfig
from strawberry.tools import merge_types
from strawberry.types import ExecutionContext

from api import errors, nodes
from api.uploads import UPLOAD_SCALARS


class Schema(strawberry.Schema):
    """strawberry's schema, whose errors are presented in place before any transport sends them."""

    def process_errors(
        self,
        errors_found: list[GraphQLError],
        execution_context: ExecutionContext | None = None,  # noqa: ARG002 - strawberry's signature
    ) -> None:
        """Turn each error into what the client may read."""
        for error in errors_found:
            errors.present(error)


def schema_modules() -> list[ModuleType]:
    """Return the `schema` module of every app of ours that has one."""
    names = [f"{app}.schema" for app in settings.LOCAL_APPS]
    return [import_module(name) for name in names if find_spec(name)]


def merged(kind: str, modules: list[ModuleType], *, extra: tuple[type, ...] = ()) -> type | None:
    """Return one root type out of the apps' classes named `kind`, or None where no app has one."""
    parts = (*extra, *(getattr(module, kind) for module in modules if hasattr(module, kind)))
    return merge_types(kind, parts) if parts else None


def extensions() -> list[type[SchemaExtension]]:
    """Return what every operation runs through."""
    return [] if settings.GRAPHQL_INTROSPECTION else [DisableIntrospection]


def build_schema() -> Schema:
    """Return the API's schema. Called once a process."""
    modules = schema_modules()
    for module in modules:
        nodes.register(getattr(module, "NODES", {}))
    query: Any = merged("Query", modules, extra=(nodes.Query,))
    return Schema(
        query=query,
        mutation=merged("Mutation", modules),
        subscription=merged("Subscription", modules),
        extensions=extensions(),
        config=StrawberryConfig(
            disable_field_suggestions=not settings.GRAPHQL_INTROSPECTION, scalar_map=UPLOAD_SCALARS
        ),
    )


schema = build_schema()
