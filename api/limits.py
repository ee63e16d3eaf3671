"""What one request may ask for, told before any of it is run: its document's size and shape, cost, the lengths of lists."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings

from api import tokens
from api.refusals import LimitError

if TYPE_CHECKING:
    from api.documents import Operation
    from api.requests import GraphQLRequest
    from api.shape import Shape

VALUES_MAX_SHARE = 50  # so many times the longest list may there be values in all variables together


def require_short(text: str) -> None:
    """Raise LimitError for a document of too many tokens, or with too long a list written out, before it is parsed."""
    allowed = settings.GRAPHQL_MAX_TOKENS
    found = tokens.count(text, at_most=allowed + 1)
    if found.count > allowed:
        raise LimitError(f"A document has at most {allowed} tokens.", limit="tokens", allowed=allowed)
    require_no_more("list length", found.longest_list, settings.GRAPHQL_MAX_LIST_LENGTH)


def require_limits(shape: Shape) -> None:
    """Raise LimitError for an operation or fragment of a shape that is not run."""
    for name, found, allowed in (
        ("depth", shape.depth, settings.GRAPHQL_MAX_DEPTH),
        ("aliases", shape.aliases, settings.GRAPHQL_MAX_ALIASES),
        ("root fields", shape.root_fields, settings.GRAPHQL_MAX_ROOT_FIELDS),
        ("directives", shape.directives, settings.GRAPHQL_MAX_DIRECTIVES),
        ("repeated fields", shape.repeats, settings.GRAPHQL_MAX_REPEATED_FIELDS),
    ):
        require_no_more(name, found, allowed)


def require_no_more(limit: str, found: int, allowed: int) -> None:
    """Raise LimitError where more was found than is allowed."""
    if found <= allowed:
        return
    message = f"The document's {limit}: {found}, of which {allowed} are allowed."
    raise LimitError(message, limit=limit.replace(" ", "_"), found=found, allowed=allowed)


def require_affordable(operation: Operation, request: GraphQLRequest) -> int:
    """Return what an operation costs with its variables; raises LimitError."""
    variables = request.variables or {}
    require_short_lists(variables)
    cost, allowed = operation.cost.of({**operation.defaults, **variables}), settings.GRAPHQL_MAX_COST
    if cost > allowed:
        message = (
            f"The operation may cost {cost}, of which {allowed} are allowed. Ask for fewer fields or shorter pages."
        )
        raise LimitError(message, limit="cost", found=cost, allowed=allowed)
    return cost


def require_short_lists(variables: Any) -> None:
    """Raise LimitError for variables with a list or object that is too long, or with too many values in all.

    A resolver may do something for each of them, and GraphQL does: it looks whether they are of their types.
    """
    allowed, count = settings.GRAPHQL_MAX_LIST_LENGTH, 0
    waiting = [variables]
    while waiting:
        found = waiting.pop()
        if isinstance(found, dict):
            found = found.values()
        if len(found) > allowed:
            message = f"A list or object in the variables has {len(found)} items, of which {allowed} are allowed."
            raise LimitError(message, limit="list_length", found=len(found), allowed=allowed)
        count += len(found)
        if count > allowed * VALUES_MAX_SHARE:
            message = f"The variables have more than {allowed * VALUES_MAX_SHARE} values."
            raise LimitError(message, limit="values", allowed=allowed * VALUES_MAX_SHARE)
        waiting.extend(each for each in found if isinstance(each, (list, dict)))
