"""What GraphQL shows of users and access tokens."""

from datetime import datetime

import strawberry
import strawberry_django
from strawberry import relay

from api.cache_hints import INHERITED, PRIVATE
from api.context import Info
from api.fields import field
from apps.accounts import models, selectors


@strawberry_django.type(
    models.AccessToken,
    name="AccessToken",
    description="A secret by which a program acts as its user.",
    directives=PRIVATE,
)
class AccessToken(relay.Node):
    """The token's text is not here: it is told once, when the token is made."""

    id: relay.NodeID[str]
    name: str = strawberry.field(description="What uses the token.")
    prefix: str = strawberry.field(description="The token's first characters, to recognise it by.")
    expires_at: datetime | None = strawberry.field(description="Null: never.")
    last_used_at: datetime | None = strawberry.field(description="To the minute; null: never.")
    created_at: datetime


def email_for_oneself(root: strawberry.Parent[models.User], info: Info) -> str | None:
    """Return the address to its owner, and null to everybody else."""
    return root.email if root.pk == info.context.viewer.pk else None


def tokens_for_oneself(root: strawberry.Parent[models.User], info: Info) -> list[AccessToken] | None:
    """Return the tokens to their owner, and null to everybody else."""
    return selectors.tokens_of(root) if root.pk == info.context.viewer.pk else None  # type: ignore[return-value]


@strawberry_django.type(models.User, name="User", description="Somebody who can sign in.", directives=INHERITED)
class User(relay.Node):
    """A name to everybody; the rest only to oneself."""

    id: relay.NodeID[str]
    name: str = strawberry_django.field(description="Shown to everybody.")
    email: str | None = field(
        email_for_oneself, description="One's own; null on everybody else.", directives=PRIVATE, reads=("email",)
    )
    access_tokens: list[AccessToken] | None = field(
        tokens_for_oneself,
        description="One's own that are not revoked, newest first; null on everybody else.",
        directives=PRIVATE,
        list_size=20,
    )
