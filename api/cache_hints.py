"""`@cacheControl`: for how long an answer's field may be kept, and by whom, as Apollo has it. Declares; api.cache_control reckons.

https://www.apollographql.com/docs/apollo-server/performance/caching
"""

from __future__ import annotations

from enum import Enum
from typing import Any, Optional

import strawberry
from strawberry.schema_directive import Location


@strawberry.enum(name="CacheControlScope", description="Who may keep an answer.")
class Scope(Enum):
    """Whether the viewer matters."""

    PUBLIC = strawberry.enum_value("PUBLIC", description="Everybody, proxies too.")
    PRIVATE = strawberry.enum_value("PRIVATE", description="The client that asked.")


@strawberry.schema_directive(
    locations=[Location.FIELD_DEFINITION, Location.OBJECT, Location.INTERFACE, Location.UNION],
    name="cacheControl",
    description="For how long, and by whom, an answer with this may be kept. Without it, what is at the root or an object is not.",
)
class CacheControl:
    """A field's hint comes before that of its type. With `inherit_max_age` it is kept for as long as what it stands in."""

    max_age: Optional[int] = strawberry.directive_field(name="maxAge", default=strawberry.UNSET)  # noqa: UP045 - strawberry reads it
    scope: Optional[Scope] = strawberry.directive_field(name="scope", default=strawberry.UNSET)  # noqa: UP045 - as above
    inherit_max_age: Optional[bool] = strawberry.directive_field(name="inheritMaxAge", default=strawberry.UNSET)  # noqa: UP045 - as above


def kept_for(seconds: int) -> list[Any]:
    """Return the directive of what may be kept for so long."""
    return [CacheControl(max_age=seconds)]


INHERITED: list[Any] = [CacheControl(inherit_max_age=True)]
PRIVATE: list[Any] = [CacheControl(scope=Scope.PRIVATE)]
