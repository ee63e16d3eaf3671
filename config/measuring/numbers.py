"""The numbers themselves, and the few functions by which they are raised. Imports nothing of ours, so that anything may import it.

Label values come from a bounded set each: what a client chooses is never one by itself. Raising a number costs about a microsecond.
"""

import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, disable_created_metrics

from config.measuring.names import Names

disable_created_metrics()  # type: ignore[no-untyped-call]  # a second series for each, of when it began
REGISTRY = CollectorRegistry()
ProcessCollector(registry=REGISTRY)

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0)
METHODS = frozenset({"GET", "POST", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE"})
CODE = re.compile(r"[A-Z][A-Z0-9_]{0,49}")
CODES_MAX = 100

requests = Counter(
    "slipway_http_requests", "Requests that were answered.", ["area", "method", "status"], registry=REGISTRY
)
request_seconds = Histogram(
    "slipway_http_request_seconds", "How long answers took; streams are left out.", ["area"], buckets=SECONDS, registry=REGISTRY
)  # fmt: skip
operation_seconds = Histogram(
    "slipway_graphql_operation_seconds",
    "How long a GraphQL operation took, from its request to its answer.",
    ["operation"],
    buckets=SECONDS,
    registry=REGISTRY,
)
errors = Counter(
    "slipway_graphql_errors", "Errors that clients were told, by their codes.", ["code"], registry=REGISTRY
)
websockets = Gauge("slipway_websockets_open", "WebSockets that are open.", registry=REGISTRY)
subscriptions = Gauge("slipway_subscriptions_open", "Streams of operations that are open.", registry=REGISTRY)
events = Counter("slipway_subscription_events", "Events that subscriptions were sent.", registry=REGISTRY)
lookups = Counter(
    "slipway_cache_lookups", "What was looked up in a cache, and whether it was there.", ["cache", "result"], registry=REGISTRY
)  # fmt: skip
plans = Counter(
    "slipway_graphql_plans", "Operations and events by whether their plans answered them, and why not.", ["result"], registry=REGISTRY
)  # fmt: skip
replicas_there = Gauge("slipway_replicas_there", "Replicas that answer this process.", registry=REGISTRY)
reads = Counter(
    "slipway_graphql_reads", "Queries by the server that answered them, where there are replicas.", ["server"], registry=REGISTRY
)  # fmt: skip
shared_answers = Counter(
    "slipway_shared_cache_answers", "Answers that nginx was to keep, and what came of it.", ["result"], registry=REGISTRY
)  # fmt: skip
shared_forgotten = Counter(
    "slipway_shared_cache_forgotten", "Answers that nginx was made to forget by a write.", ["when"], registry=REGISTRY
)  # fmt: skip
names = Names()
# These an alert asks for: a series that begins with its first error has no increase.
known_codes = {"INTERNAL_ERROR", "SERVICE_UNAVAILABLE", "TIMEOUT"}
for _code in known_codes:
    errors.labels(_code)


@cache
def answered(area: str, method: str, status: int) -> Counter:
    """Return the number of requests that ended so: to find it again costs more than to raise it."""
    return requests.labels(area, method if method in METHODS else "other", str(status))


@cache
def area_took(area: str) -> Histogram:
    """Return the times of an area."""
    return request_seconds.labels(area)


@cache
def operation_took(label: str) -> Histogram:
    """Return the times of an operation."""
    return operation_seconds.labels(label)


@cache
def looked_up(which: str, result: str) -> Counter:
    """Return the number of lookups that ended so."""
    return lookups.labels(which, result)


@cache
def plans_that(result: str) -> Counter:
    """Return the number of queries that went so."""
    return plans.labels(result)


def count_plan(result: str) -> None:
    """Count a query by how its plan went."""
    plans_that(result).inc()


@cache
def read_from(server: str) -> Counter:
    """Return the number of queries that one kind of server answered."""
    return reads.labels(server)


def count_read(server: str) -> None:
    """Count a query by whether a `replica` answered it or the `primary`."""
    read_from(server).inc()


def count_request(*, area: str, method: str, status: int, seconds: float, is_stream: bool) -> None:
    """Count a request that was answered."""
    answered(area, method, status).inc()
    if not is_stream:
        area_took(area).observe(seconds)


def count_operation(name: str | None, *, seconds: float) -> None:
    """Count an operation that was answered."""
    operation_took(names.label(name)).observe(seconds)


def count_errors(told: Iterable[Mapping[str, Any]]) -> None:
    """Count the errors of an answer by their codes, which our code chooses; one that runs wild is counted with others."""
    for error in told:
        code = str((error.get("extensions") or {}).get("code"))
        if code not in known_codes:
            if len(known_codes) >= CODES_MAX or not CODE.fullmatch(code):
                code = "OTHER"
            known_codes.add(code)
        errors.labels(code).inc()


def count_lookup(which: str, *, is_there: bool) -> None:
    """Count a lookup in a cache."""
    looked_up(which, "hit" if is_there else "miss").inc()


def count_shared_answer(result: str) -> None:
    """Count an answer that nginx was to keep."""
    shared_answers.labels(result).inc()


def count_forgotten(answers: int, *, when: str) -> None:
    """Count answers that nginx has forgotten."""
    shared_forgotten.labels(when).inc(answers)
