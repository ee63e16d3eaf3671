"""Content negotiation: which types the client's Accept header asks for, in which order.

https://http-spec.graphql.org/September2026/ and RFC 9110, section 12.5.1.
"""

from functools import lru_cache

RESPONSE = "application/graphql-response+json"
JSON = "application/json"
EVENT_STREAM = "text/event-stream"
SUPPORTED = (RESPONSE, JSON, EVENT_STREAM)

# What a wildcard stands for. A stream has to be asked for by its name.
FOR_WILDCARD = {"*/*": (RESPONSE, JSON), "application/*": (RESPONSE, JSON), "text/*": (EVENT_STREAM,)}


@lru_cache(maxsize=256)
def accepted(accept: str | None) -> tuple[str, ...]:
    """Return the supported types that are acceptable, the most wanted first; empty where none is."""
    if accept is None or not accept.strip():
        return (RESPONSE, JSON)
    weights: dict[str, tuple[float, int]] = {}  # the type, its weight, and how exactly it was named
    order: dict[str, int] = {}
    for place, item in enumerate(accept.split(",")):
        name, weight = parsed(item)
        for media_type in FOR_WILDCARD.get(name, (name,)):
            exactness = 2 if name == media_type else 1 if name != "*/*" else 0
            if media_type in SUPPORTED and exactness >= weights.get(media_type, (0.0, -1))[1]:
                weights[media_type] = (weight, exactness)
                order.setdefault(media_type, place)
    wanted = [media_type for media_type, (weight, _) in weights.items() if weight > 0]
    return tuple(
        sorted(wanted, key=lambda name: (-weights[name][0], -weights[name][1], order[name], SUPPORTED.index(name)))
    )


def parsed(item: str) -> tuple[str, float]:
    """Return one item's type in lower case and its weight, 0 to 1. Another charset than UTF-8 is not to be had."""
    name, *parameters = (part.strip().lower() for part in item.split(";"))
    weight = 1.0
    for parameter in parameters:
        key, _, value = parameter.partition("=")
        if key.strip() == "q":
            weight = number(value)
        elif key.strip() == "charset" and value.strip('" ') not in ("utf-8", "utf8"):
            return name, 0.0
    return name, weight


def number(text: str) -> float:
    """Return a weight, 0 for what is none."""
    try:
        return max(0.0, min(1.0, float(text)))
    except ValueError:
        return 0.0


@lru_cache(maxsize=256)
def without_parameters(content_type: str) -> tuple[str, dict[str, str]]:
    """Return a Content-Type's type in lower case, and its parameters."""
    name, *rest = content_type.split(";")
    pairs = (part.partition("=") for part in rest)
    return name.strip().lower(), {key.strip().lower(): value.strip().strip('"') for key, _, value in pairs}
