"""What an answer tells beside its data, in `extensions`, where the request asks for it in its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings

if TYPE_CHECKING:
    from api.documents import Operation
    from api.requests import GraphQLRequest

WORDS = {"planned": "PLAN", "kept": "KEPT_ANSWER"}


def extensions_of(
    request: GraphQLRequest, operation: Operation, cost: int | None, *, result: str, is_in_thread: bool
) -> dict[str, Any]:
    """Return the cost where `cost: true` asks for it, and by what the answer was found where `plan: true` does.

    `result` is what is counted of plans (docs/metrics.md). Why there is no plan is told where the schema may be known.
    """
    wanted = request.extensions
    told: dict[str, Any] = {}
    if not wanted:
        return told
    if wanted.get("cost") and cost is not None:
        told["cost"] = {"estimated": cost, "allowed": settings.GRAPHQL_MAX_COST}
    if wanted.get("plan"):
        why = operation.planned.refusal if settings.GRAPHQL_INTROSPECTION else ""
        told["plan"] = {"answeredBy": WORDS.get(result, "EXECUTOR"), "result": result, "inThread": is_in_thread}
        if why and result == "unplannable":
            told["plan"]["why"] = why
    return told
