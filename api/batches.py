"""Several operations in one request, sent as a list, where GRAPHQL_MAX_BATCH lets them: each is answered in its place.

Limits are counted over all of them together, so that a list buys nothing that one operation would not get.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.conf import settings
from graphql import OperationType

from api import tokens
from api.errors import ApplicationError
from api.execution import OK, Answer, encode, run
from api.limits import require_affordable, require_limits, require_no_more
from api.persisted import operation_of, with_document
from api.rate_limits import charge
from api.refusals import MalformedRequestError
from api.shape import Shape

if TYPE_CHECKING:
    from collections.abc import Sequence

    from api.context import Context
    from api.documents import Operation
    from api.requests import GraphQLRequest

Headers = list[tuple[bytes, bytes]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Item:
    """One operation of a list, ready to be run, or why it is not."""

    request: GraphQLRequest
    operation: Operation | None = None
    cost: int = 0
    refusal: ApplicationError | None = None


async def prepared(requests: Sequence[GraphQLRequest], context: Context) -> list[Item]:
    """Return the operations of a list; raises LimitError for what is too much of all of them together."""
    require_no_more("document length", sum(len(each.query) for each in requests), settings.GRAPHQL_MAX_DOCUMENT_LENGTH)
    allowed = settings.GRAPHQL_MAX_TOKENS
    require_no_more("tokens", sum(tokens.count(each.query, at_most=allowed).count for each in requests), allowed)
    items = [await prepare(each, context) for each in requests]
    require_limits(together([item.operation.shape for item in items if item.operation]))
    require_no_more("cost", sum(item.cost for item in items), settings.GRAPHQL_MAX_COST)
    return items


async def prepare(request: GraphQLRequest, context: Context) -> Item:
    """Return one operation of a list."""
    try:
        request = await with_document(request)
        operation = await operation_of(request, context)
        if operation.kind is OperationType.SUBSCRIPTION:
            raise MalformedRequestError("Subscriptions are not sent in a list.")
        return Item(request=request, operation=operation, cost=require_affordable(operation, request))
    except ApplicationError as refusal:
        return Item(request=request, refusal=refusal)


def together(shapes: Sequence[Shape]) -> Shape:
    """Return the shape of several operations as of one."""
    return Shape(
        depth=max((shape.depth for shape in shapes), default=0),
        aliases=sum(shape.aliases for shape in shapes),
        directives=sum(shape.directives for shape in shapes),
        repeats=sum(shape.repeats for shape in shapes),
        root_fields=sum(shape.root_fields for shape in shapes),
    )


def run_in_session(items: Sequence[Item], context: Context) -> tuple[Answer, Headers]:
    """Charge for all operations and run one after the other; return the list of their answers, and headers. In a thread."""
    standing = charge(context, sum(item.cost for item in items))
    answers = [answer_to(item, context) for item in items]
    cookies = [(b"set-cookie", cookie) for cookie in context.credentials.cookies_to_set()]
    return Answer(body=b"[" + b",".join(answers) + b"]", status=OK), [*standing, *cookies]


def answer_to(item: Item, context: Context) -> bytes:
    """Return one operation's answer."""
    if item.operation is None:
        return encode({"errors": item.refusal.formatted if item.refusal else []})
    return run(item.operation, item.request, context, cost=item.cost).body
