"""Has nginx keep an answer that is everybody's, where nginx has said under which key it will, and forget none too late."""

from __future__ import annotations

import asyncio
import gzip
import logging
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.conf import settings

from api import threads
from api.errors import TimedOutError
from api.gcra import RedisAwayError
from api.persisted import is_by_hash
from api.shared_cache import index
from config.asgi_types import header
from config.measuring.numbers import count_shared_answer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from api.credentials import Credentials
    from api.documents import Operation
    from api.execution import Answer
    from api.replies import Headers
    from api.requests import GraphQLRequest
    from config.asgi_types import Scope

logger = logging.getLogger("slipway.shared_cache")

KEY_HEADER = b"x-shared-cache-key"
COMPRESSION_LEVEL, COMPRESSED_FROM_BYTES = 5, 512  # as nginx does it: parts/compression.conf
NOT_KEPT: Headers = [(b"x-accel-expires", b"0")]


@dataclass(frozen=True, kw_only=True, slots=True)
class Sharing:
    """An answer in the making that nginx is to keep. `began` is Redis's time from before anything was read for it."""

    key: str
    began: int
    is_compressed: bool
    sending: str


async def begin(
    scope: Scope, operation: Operation, request: GraphQLRequest, credentials: Credentials
) -> Sharing | None:
    """Return what is begun for an answer that nginx may keep; None for any other, and where Redis is away."""
    key = header(scope, KEY_HEADER)
    if not (key and settings.SHARED_CACHE_ADDRESS and scope["method"] == "GET"):
        return None
    if not (operation.caching.is_public and credentials.is_anonymous and is_by_hash(request)):
        return None
    is_compressed = header(scope, b"accept-encoding") == "gzip"  # nginx's own words: parts/shared_cache.conf
    try:
        return Sharing(
            key=key, began=await threads.run(index.now), is_compressed=is_compressed, sending=index.new_sending()
        )
    except (RedisAwayError, TimedOutError):
        count_shared_answer("away")
        return None


async def told_to_nginx(
    sharing: Sharing | None, operation: Operation, request: GraphQLRequest, found: Answer
) -> tuple[Headers, bytes | None]:
    """Return for how long nginx keeps an answer, or that it does not; and its body compressed, where it keeps it like that."""
    if sharing is None:
        return (NOT_KEPT if settings.SHARED_CACHE_ADDRESS else []), None
    try:
        result, compressed = await threads.run(lambda: noted(sharing, operation, request, found))
    except Exception:  # the answer is there, and is sent whatever happens here
        logger.exception("cannot note what an answer was made of")
        result, compressed = "failed", None
    count_shared_answer(result)
    if result != "stored":
        return NOT_KEPT, None
    return [(b"x-accel-expires", str(operation.caching.max_age_seconds).encode())], compressed


def noted(sharing: Sharing, operation: Operation, request: GraphQLRequest, found: Answer) -> tuple[str, bytes | None]:
    """Note what an answer was made of; return what came of it, and its body compressed. In a thread."""
    is_compressed = sharing.is_compressed and len(found.body) >= COMPRESSED_FROM_BYTES
    compressed = gzip.compress(found.body, COMPRESSION_LEVEL, mtime=0) if is_compressed else None
    made_of = operation.made_of.keys(request.variables)
    if not made_of:
        return "unknown", None
    stale = max(settings.GRAPHQL_STALE_WHILE_REVALIDATE_SECONDS, settings.GRAPHQL_STALE_IF_ERROR_SECONDS)
    seconds = (operation.caching.max_age_seconds or 0) + stale
    try:
        result = index.keep(sharing.key, made_of=made_of, began=sharing.began, seconds=seconds, sending=sharing.sending)
    except RedisAwayError:
        return "away", None
    return result, compressed


@asynccontextmanager
async def on_its_way(sharing: Sharing | None) -> AsyncIterator[None]:
    """Surround the sending of an answer: a write that it is too old for waits until nginx has it, to have it forgotten."""
    try:
        yield
    finally:
        if sharing is not None:
            # Not among the threads that operations run in: writes that wait for this may have all of them.
            await asyncio.to_thread(sent, sharing)


def sent(sharing: Sharing) -> None:
    """Note that an answer has been sent, where Redis is there."""
    with suppress(RedisAwayError):
        index.sent(sharing.sending, sharing.key)
