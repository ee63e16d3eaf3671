"""Searches for the requests that cost most before they are refused. Nothing listens and nothing is connected to.

Each kind of document is made as large as the limits let it be, and larger; then kinds are put together at random, and the worst of
these again. What is measured is what happens before a resolver runs.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import random
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson
from django.conf import settings

from api import documents, persisted
from api.errors import ApplicationError
from api.execution import executed
from api.limits import require_affordable
from api.requests import checked, parsed_json
from benchmarks.hostile_kinds import BODIES, KINDS

if TYPE_CHECKING:
    from collections.abc import Callable

SIZES = (5, 12, 18, 30, 49, 60, 80, 98, 120, 160, 235, 480, 990, 9000)
SHOWN = 12
HOSTILE_AT_ONCE = 50


@dataclass(frozen=True, kw_only=True, order=True)
class Measured:
    """A body's cost, what it is, and what became of it."""

    milliseconds: float
    kind: str
    outcome: str
    body: bytes


def main() -> int:
    """Search for the worst, and print the table."""
    options = parser().parse_args()
    found = [worst(kind, make, repeat=options.repeat) for kind, make in KINDS.items()]
    found += [measured(kind, make(), repeat=options.repeat) for kind, make in BODIES.items()]
    found += combined(random.Random(options.seed), rounds=options.rounds, repeat=options.repeat)  # noqa: S311 - to be had again
    found.sort(reverse=True)
    lines = [
        "| ms | bytes | what | outcome |",
        "| --- | --- | --- | --- |",
        *(f"| {each.milliseconds:.1f} | {len(each.body)} | {each.kind} | {each.outcome} |" for each in found[:SHOWN]),
    ]
    waited = asyncio.run(longest_wait(orjson.loads(found[0].body).get("query", "")))
    told = f"{HOSTILE_AT_ONCE} of the worst at once: nobody else waits longer than {waited:.1f} ms at a time."
    sys.stdout.write("\n".join([*lines, "", told]) + "\n")
    return 0


def parser() -> argparse.ArgumentParser:
    """Return what reads the command line."""
    root = argparse.ArgumentParser(prog="make bench-hostile", description=__doc__)
    root.add_argument("--repeat", type=int, default=3, help="how often each is measured; the least counts (default: 3)")
    root.add_argument("--rounds", type=int, default=100, help="how many are put together at random (default: 100)")
    root.add_argument("--seed", type=int, default=1, help="where chance begins (default: 1)")
    return root


def worst(kind: str, make: Callable[[int], str], *, repeat: int) -> Measured:
    """Return the most expensive of one kind."""
    return max(measured(kind, body_of(make(size)), repeat=repeat) for size in SIZES)


def combined(chance: random.Random, *, rounds: int, repeat: int) -> list[Measured]:
    """Return documents of two kinds each; every other one is a worst one so far with another size."""
    found: list[tuple[Measured, tuple[Any, ...]]] = []
    for number in range(rounds):
        genes = [(chance.choice(list(KINDS)), chance.choice(SIZES[:11])) for _ in range(2)]
        if found and number % 2:
            genes[0] = max(found, key=lambda each: each[0].milliseconds)[1][0]
        text = " ".join(KINDS[kind](size) for kind, size in genes)
        found.append((measured(" + ".join(kind for kind, _ in genes), body_of(text), repeat=repeat), tuple(genes)))
    return [each for each, _ in found]


def body_of(text: str) -> bytes:
    """Return a document as a request's body."""
    return orjson.dumps({"query": text})


def measured(kind: str, body: bytes, *, repeat: int) -> Measured:
    """Send a body through everything that may refuse it; return the least of what it cost."""
    gc.collect()
    costs = []
    for _ in range(repeat):
        begun = time.thread_time()
        outcome = outcome_of(body)
        costs.append((time.thread_time() - begun) * 1000)
    return Measured(milliseconds=min(costs), kind=kind, outcome=outcome, body=body)


def outcome_of(body: bytes) -> str:
    """Return how a request is refused, or that it would be run."""
    if len(body) > settings.GRAPHQL_MAX_REQUEST_BYTES:
        return "REQUEST_TOO_LARGE"
    try:
        request = checked(parsed_json(body))
        operation = documents.make(request.query).operation(request.operation_name)
        require_affordable(operation, request)
    except ApplicationError as refusal:
        error: dict[str, Any] = refusal.formatted[0]["extensions"]
        return " ".join(str(error[name]) for name in ("code", "limit") if name in error)
    if request.variables is None:
        return "is run"
    result = executed(operation, request, None, root=None)  # type: ignore[arg-type]  # no resolver is reached
    return "BAD_USER_INPUT" if result.errors else "is run"


async def longest_wait(text: str) -> float:
    """Return for how many milliseconds the loop did not come round, while many hostile documents came at once."""
    loop = asyncio.get_running_loop()
    made = asyncio.gather(
        *(loop.run_in_executor(persisted.reader, documents.make, f"{text}{' ' * n}") for n in range(HOSTILE_AT_ONCE))
    )
    longest = 0.0
    while not made.done():
        begun = time.perf_counter()
        await asyncio.sleep(0)
        longest = max(longest, time.perf_counter() - begun)
    return longest * 1000
