"""What the rest asks about accounts. Reads only, but for the moment a token was last used."""

import uuid
from collections.abc import Iterable
from datetime import timedelta

from django.db.models import Q, QuerySet
from django.utils import timezone

from api.errors import UnauthenticatedError
from apps.accounts import tokens
from apps.accounts.models import AccessToken, User

# A write per request would cost more than the answer is worth; who audits a token asks about days.
LAST_USED_PRECISION = timedelta(minutes=1)


def user_by_id(user_id: uuid.UUID) -> User | None:
    """Return the user with this id."""
    return User.objects.filter(pk=user_id).first()


def users_by_id(user_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, User]:
    """Return the users who exist, by their ids, in one query."""
    return User.objects.in_bulk(list(user_ids))


def active_user_by_email(email: str) -> User | None:
    """Return the user who may sign in under this address, in any case."""
    return User.objects.with_email(email).filter(is_active=True).first()


def user_by_token(token: str) -> User:
    """Return the user a token speaks for; raises UnauthenticatedError, in the same words always."""
    found = usable_tokens().select_related("user").filter(token_hash=tokens.hash_of(token)).first()
    if found is None:
        raise UnauthenticatedError("The access token is expired, revoked or unknown.")
    note_use(found)
    return found.user


def usable_tokens() -> QuerySet[AccessToken]:
    """Return the tokens that open something at this moment."""
    is_current = Q(expires_at=None) | Q(expires_at__gt=timezone.now())
    return AccessToken.objects.filter(is_current, revoked_at=None, user__is_active=True)


def note_use(token: AccessToken) -> None:
    """Remember that a token was used, unless that was noted within the last minute."""
    now = timezone.now()
    if token.last_used_at and now - token.last_used_at < LAST_USED_PRECISION:
        return
    AccessToken.objects.filter(pk=token.pk).update(last_used_at=now)
    token.last_used_at = now


def tokens_of(user: User) -> list[AccessToken]:
    """Return a user's tokens that are not revoked, newest first."""
    return list(AccessToken.objects.filter(user=user, revoked_at=None).order_by("-created_at", "-id"))


def own_tokens_by_id(user: User, token_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, AccessToken]:
    """Return those of a user's tokens, revoked ones included, that have these ids."""
    return AccessToken.objects.filter(user=user).in_bulk(list(token_ids))
