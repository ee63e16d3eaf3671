"""Assembles the schema out of what the apps declare."""

from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any

import strawberry
from django.conf import settings
from strawberry.schema.config import StrawberryConfig
from strawberry.tools import merge_types

from api import nodes
from api.descriptions import describe
from api.uploads import UPLOAD_SCALARS


def schema_modules() -> list[ModuleType]:
    """Return the `schema` module of every app of ours that has one."""
    names = [f"{app}.schema" for app in settings.LOCAL_APPS]
    return [import_module(name) for name in names if find_spec(name)]


def merged(kind: str, modules: list[ModuleType], *, extra: tuple[type, ...] = ()) -> type | None:
    """Return one root type out of the apps' classes named `kind`, or None where no app has one."""
    parts = (*extra, *(getattr(module, kind) for module in modules if hasattr(module, kind)))
    return merge_types(kind, parts) if parts else None


def build_schema() -> strawberry.Schema:
    """Return the API's schema. Called once a process."""
    modules = schema_modules()
    for module in modules:
        nodes.register(getattr(module, "NODES", {}), getattr(module, "MADE_OF", {}))
    query: Any = merged("Query", modules, extra=(nodes.Query,))
    return strawberry.Schema(
        query=query,
        mutation=merged("Mutation", modules),
        subscription=merged("Subscription", modules),
        config=StrawberryConfig(scalar_map=UPLOAD_SCALARS),
    )


schema = build_schema()
graphql_schema = schema._schema  # noqa: SLF001 - what graphql-core runs on; strawberry has no other name for it
describe(graphql_schema)
