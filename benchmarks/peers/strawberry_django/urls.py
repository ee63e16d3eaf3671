"""/graphql as the documentation sets it up; /best with caches of documents and orjson."""

from typing import Any

import orjson
import strawberry
from django.urls import path
from strawberry.django.views import AsyncGraphQLView
from strawberry.extensions import ParserCache, ValidationCache
from strawberry_django.optimizer import DjangoOptimizerExtension

from benchmarks.peers.strawberry_django.schema import Mutation, Query


class FastView(AsyncGraphQLView[Any, Any]):
    """The view with orjson both ways."""

    def decode_json(self, data: str | bytes) -> Any:
        """Read JSON."""
        return orjson.loads(data)

    def encode_json(self, data: object) -> bytes:
        """Write JSON."""
        return orjson.dumps(data)


documented = strawberry.Schema(query=Query, mutation=Mutation, extensions=[DjangoOptimizerExtension])
best = strawberry.Schema(
    query=Query,
    mutation=Mutation,
    extensions=[DjangoOptimizerExtension, ParserCache(maxsize=1000), ValidationCache(maxsize=1000)],
)


urlpatterns = [
    path("graphql", AsyncGraphQLView.as_view(schema=documented, graphql_ide=None)),
    path("best", FastView.as_view(schema=best, graphql_ide=None)),
]
