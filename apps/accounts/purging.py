"""Tells the shared cache that somebody's name is another, or that they are gone: it may stand in any answer (docs/caching.md)."""

from collections.abc import Collection
from typing import Any

from django.db.models.signals import post_delete, post_save

from api.shared_cache.purging import purge_on_commit
from api.shared_cache.surrogates import EVERYTHING
from apps.accounts.models import User


def listen() -> None:
    """Begin."""
    for signal in (post_save, post_delete):
        signal.connect(user_written, sender=User, dispatch_uid="purge")


def user_written(*, created: bool = False, update_fields: Collection[str] | None = None, **_: Any) -> None:
    """Tell of a user, but for what is written at each sign-in, and for a new one, who is in nobody's answer yet."""
    if not created and (update_fields is None or "name" in update_fields):
        purge_on_commit(EVERYTHING)
