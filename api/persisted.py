"""Documents that are known by their hash: trusted ones out of a manifest, and those that clients persist by themselves (APQ).

Where there is a manifest, nothing else is run. APQ is Apollo's protocol: a client sends the hash alone, and the text with it once it
is told that the hash is not known. https://www.apollographql.com/docs/apollo-server/performance/apq
"""

from __future__ import annotations

import asyncio
import json
import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import redis
from django.conf import settings

from api import threads
from api.documents import hash_of, keep, known, make
from api.errors import ApplicationError
from api.gcra import server
from api.limits import require_no_more
from api.rate_limits import charge, cost_of_new
from api.refusals import MalformedRequestError
from api.segmented_cache import SegmentedCache
from config.measuring.numbers import count_lookup

if TYPE_CHECKING:
    from collections.abc import Mapping

    from api.context import Context
    from api.documents import Document, Operation
    from api.requests import GraphQLRequest

PREFIX = "slipway:document:"
HASH_LENGTH = 64

logger = logging.getLogger("slipway.graphql")

# New documents are made one after the other, beside the loop: who sends many of them waits for them, and nobody else does.
reader = ThreadPoolExecutor(max_workers=1, thread_name_prefix="documents")


class PersistedQueryNotFoundError(ApplicationError):
    """The hash is not known: the client sends the text with it then, where it may."""

    code = "PERSISTED_QUERY_NOT_FOUND"
    status = 404

    def __init__(self) -> None:
        super().__init__("PersistedQueryNotFound")  # what Apollo's clients look for


class UntrustedDocumentError(ApplicationError):
    """The document is not in the manifest."""

    code = "UNTRUSTED_DOCUMENT"
    status = 403


@cache
def trusted() -> Mapping[str, str] | None:
    """Return the manifest, hash to text; None where any document is run. Raises OSError, ValueError."""
    if not settings.GRAPHQL_TRUSTED_DOCUMENTS:
        return None
    manifest = json.loads(Path(settings.GRAPHQL_TRUSTED_DOCUMENTS).read_text(encoding="utf-8"))
    return {hash_of(text): text for text in manifest.values()} | {
        name.removeprefix("sha256:"): text for name, text in manifest.items()
    }


def prepare_trusted() -> None:
    """Have the manifest's documents read, validated and ready for their plans; tell of those that the schema does not know any more.

    Raises OSError, ValueError for a manifest that can't be read.
    """
    for digest, text in (trusted() or {}).items():
        document = known(text) or keep(text, make(text))
        if document.refusal:
            logger.error(
                "a trusted document is refused", extra={"document": digest[:200], "reason": str(document.refusal)[:500]}
            )
        for operation in document.operations.values():
            operation.planned.is_new = False


@cache
def texts() -> SegmentedCache[str]:
    """Return the texts that this process has seen persisted."""
    return SegmentedCache(room=settings.GRAPHQL_DOCUMENT_CACHE_BYTES)


async def with_document(request: GraphQLRequest) -> GraphQLRequest:
    """Return the request with its document's text; raises ApplicationError where there is none that may be run."""
    digest = digest_in(request.extensions)
    manifest = trusted()
    if manifest is not None:
        text = manifest.get(digest or hash_of(request.query))
        if text is None:
            raise UntrustedDocumentError("This server runs the documents of its manifest and no other.")
        return replace(request, query=text)
    if digest is None:
        return request
    if not request.query:
        return replace(request, query=await found(digest))
    if hash_of(request.query) != digest:
        raise MalformedRequestError("The `sha256Hash` is not that of the `query`.")
    return request


def is_by_hash(request: GraphQLRequest) -> bool:
    """Tell whether the document is one that was known beforehand: a trusted one, or one that its client persisted."""
    return trusted() is not None or digest_in(request.extensions) is not None


def digest_in(extensions: Mapping[str, Any] | None) -> str | None:
    """Return the hash that a request names; raises MalformedRequestError for one of another form."""
    persisted = (extensions or {}).get("persistedQuery")
    if persisted is None:
        return None
    digest = persisted.get("sha256Hash") if isinstance(persisted, dict) else None
    if not (isinstance(digest, str) and len(digest) == HASH_LENGTH and persisted.get("version") == 1):
        raise MalformedRequestError("`persistedQuery` has `version` 1 and a `sha256Hash` of 64 hexadecimal digits.")
    return digest.lower()


async def found(digest: str) -> str:
    """Return the text of a hash; raises PersistedQueryNotFoundError, also where Redis is away."""
    text = texts().get(digest)
    count_lookup("persisted", is_there=text is not None)
    if text is None:
        text = await threads.run(lambda: fetched(digest))
        if text is None:
            raise PersistedQueryNotFoundError
        texts().put(digest, text, weight=len(text))  # here: the cache is for one thread
    return text


def fetched(digest: str) -> str | None:
    """Return a text out of Redis, None where it has none or is away."""
    try:
        kept: Any = server().get(PREFIX + digest)
    except redis.RedisError:
        return None
    return None if kept is None else str(kept.decode())


async def operation_of(request: GraphQLRequest, context: Context) -> Operation:
    """Return the operation that is meant; a document is charged for where it is new, and kept where it has a hash."""
    text = request.query
    document = known(text)
    if document is None:
        require_no_more("document length", len(text), settings.GRAPHQL_MAX_DOCUMENT_LENGTH)
        await threads.run(lambda: charge(context, cost_of_new(text)))
        document = keep(text, await made(text))
    operation = document.operation(request.operation_name)
    await persist(request)
    return operation


async def made(text: str) -> Document:
    """Return a new document: one for all who ask for it before it is there. Raises LimitError."""
    key = asyncio.get_running_loop(), text
    making = in_making.get(key)
    if making is None:
        making = in_making[key] = asyncio.ensure_future(key[0].run_in_executor(reader, make, text))
        making.add_done_callback(lambda _: in_making.pop(key))
    return await asyncio.shield(making)


in_making: dict[tuple[asyncio.AbstractEventLoop, str], asyncio.Future[Document]] = {}


async def persist(request: GraphQLRequest) -> None:
    """Keep the document of a request that names its hash, once it has been found valid."""
    digest = digest_in(request.extensions)
    if digest is None or trusted() is not None or texts().get(digest) is not None:
        return
    texts().put(digest, request.query, weight=len(request.query))
    await threads.run(lambda: kept(digest, request.query))


def kept(digest: str, text: str) -> None:
    """Keep a text in Redis for the other processes, where Redis is there."""
    try:
        server().set(PREFIX + digest, text, ex=settings.GRAPHQL_PERSISTED_SECONDS)
    except redis.RedisError:
        return
