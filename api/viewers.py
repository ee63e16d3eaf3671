"""Who asked before is known again by one look-up: whether the session's or token's row, and the user's, are still what they were.

Both rows are told by their places and the transactions that wrote them (ctid and xmin), so the next request sees whatever is changed
in either: a sign-out, a new password, a deactivation, a revoked token. Then, and once what was known ends by its time, who asks is
looked up as ever. https://www.postgresql.org/docs/18/ddl-system-columns.html
"""

from __future__ import annotations

import copy
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import psycopg
from django.conf import settings
from django.contrib.auth import get_backends
from django.contrib.auth.backends import ModelBackend
from django.contrib.sessions.models import Session
from django.utils import timezone

from api.errors import UnauthenticatedError
from api.proofs import proof_of, session_key, that_hold
from api.segmented_cache import SegmentedCache
from apps.accounts import tokens
from apps.accounts.bearer import token_in
from apps.accounts.models import AccessToken
from apps.accounts.selectors import LAST_USED_PRECISION

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from api.context import Context
    from api.credentials import Credentials
    from api.proofs import Proof
    from apps.accounts.models import User

ROOM = 5000  # of those who asked once and those who asked again together


@dataclass(frozen=True, kw_only=True, slots=True)
class Known:
    """Somebody who asked before; `proof` is None for one who did so once. `until` is when a look-up of another kind is due.

    `era` is when it was found out: nothing of an era before is known.
    """

    proof: Proof | None = None
    user: User | None = None
    until: datetime | None = None
    era: int = 0

    def is_due(self) -> bool:
        """Whether time alone has ended it."""
        return self.until is not None and self.until <= timezone.now()


viewers: SegmentedCache[Known] = SegmentedCache(room=ROOM)


class Era:
    """Counts how often the database was away: the next one may have other rows under the same numbers. One for each process."""

    now: ClassVar[int] = 0

    @classmethod
    def end(cls) -> None:
        """Know nobody any more."""
        cls.now += 1
        viewers.clear()


async def introduce(context: Context) -> None:
    """Tell a request's context who asks, where that is known from before and still true. In the loop's thread."""
    credentials = context.credentials
    if not can_be_known(context):
        return
    known = viewers.get(credentials.digest)
    if known is None:
        viewers.put(credentials.digest, Known(), weight=1)
    elif known.proof is None or known.is_due():
        context.is_to_be_known = True
    elif await is_true(known.proof):
        context.assume(renewed(known.user))
    else:
        context.is_to_be_known = True


async def renew(watching: Sequence[tuple[Context, Known | None]]) -> None:
    """Tell streams' contexts who asks as of now, where what a stream knows of them is still true. In the loop's thread."""
    for context, _ in watching:
        context.forget_viewer()
        context.is_to_be_known = can_be_known(context)
    proofs = {context: known for context, known in watching if known and known.era == Era.now and not known.is_due()}
    true = await true_of([known.proof for known in proofs.values() if known.proof])
    for context, known in proofs.items():
        if known.proof in true:
            context.assume(renewed(known.user))
            context.is_to_be_known = False


def can_be_known(context: Context) -> bool:
    """Tell whether there is somebody to be known again, and the loop has connections to ask by."""
    return not context.credentials.is_anonymous and bool(settings.DATABASE_LOOP_CONNECTIONS)


async def true_of(proofs: Sequence[Proof]) -> set[Proof]:
    """Return those proofs that hold; none where they can't be looked up, as below."""
    try:
        return await that_hold(proofs)
    except psycopg.Error:
        Era.end()
        return set()


async def is_true(proof: Proof) -> bool:
    """Tell whether a proof holds; not where it can't be looked up, which a thread runs into and tells.

    Nobody is known then: the server may be another one, or an earlier state of this one, whose transactions have the same numbers.
    """
    try:
        return await proof.holds()
    except psycopg.Error:
        Era.end()
        return False


def remember(context: Context) -> Known | None:
    """Return who asks with what proves it, where that is wanted and there is somebody. In a thread, once the operation is over.

    The proof is looked up first, and then who asks once more: whatever changes between makes it one of what was before, and so void.
    """
    viewer = context.known_viewer
    if not context.is_to_be_known or viewer is None or not viewer.is_authenticated or not can_be_remembered():
        return None
    sent, era = context.credentials.sent_alone(), Era.now
    proof = proof_of(sent, viewer.pk)
    with suppress(UnauthenticatedError):
        user = sent.find_viewer() if proof else None
        if user is not None and user.is_authenticated and user.pk == viewer.pk:
            return Known(proof=proof, user=plain(user), until=end_of(sent), era=era)
    return None


def keep(context: Context, known: Known | None) -> None:
    """Keep what was found in a thread, unless the database was away meanwhile. In the loop's."""
    if known is not None and known.era == Era.now:
        viewers.put(context.credentials.digest, known, weight=1)


def can_be_remembered() -> bool:
    """Tell whether who asks is decided by the two rows alone, as Django and this product decide it."""
    backends = get_backends()
    is_plain = all(
        isinstance(each, ModelBackend)
        and type(each).get_user is ModelBackend.get_user
        and type(each).user_can_authenticate is ModelBackend.user_can_authenticate
        for each in backends
    )
    return is_plain and not settings.SESSION_SAVE_EVERY_REQUEST


def end_of(sent: Credentials) -> datetime | None:
    """Return when a session ends, or a token; or when a token's use is to be noted again."""
    token = token_in(sent.authorization)
    if token is None:
        return Session.objects.values_list("expire_date", flat=True).get(session_key=session_key(sent))
    row = AccessToken.objects.get(token_hash=tokens.hash_of(token))
    noted = row.last_used_at + LAST_USED_PRECISION if row.last_used_at else timezone.now()
    return min(noted, row.expires_at) if row.expires_at else noted


def plain(user: User) -> User:
    """Return a user's row without what was fetched beside it."""
    user._state.fields_cache.clear()
    user.__dict__.pop("_prefetched_objects_cache", None)
    return user


def renewed(user: Any) -> User:
    """Return a user as one that was read now: for one request, which may change it."""
    found: User = object.__new__(type(user))
    found.__dict__.update(user.__dict__)
    found._state = copy.copy(user._state)
    found._state.fields_cache = {}
    return found
