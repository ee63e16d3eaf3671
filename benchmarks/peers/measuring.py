"""The run: every question, at every concurrency, of every server in turn, round after round."""

import random
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.peers import checking, load
from benchmarks.peers.data import Data
from benchmarks.peers.documents import choices
from benchmarks.peers.processor import used
from benchmarks.peers.questions import Question
from benchmarks.peers.results import Measured
from benchmarks.peers.running import Running
from embedded.errors import OperatorError

WARM_UP_SHARE = 0.3


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is to be measured, and for how long each."""

    questions: Sequence[Question]
    concurrencies: Sequence[int]
    rounds: int
    seconds: float


def measure(
    plan: Plan, started: Mapping[str, Running], data: Data, *, databases: Mapping[str, int], folder: Path
) -> Iterator[Measured]:
    """Check each server's answers, then measure; `databases` are the processes of PostgreSQL and Valkey by name."""
    files = prepare(plan, started, data, folder=folder)
    order = list(started)
    for number in range(plan.rounds):
        random.Random(number).shuffle(order)  # noqa: S311 - the same in every run
        for question in plan.questions:
            for concurrency in plan.concurrencies:
                for key in [key for key in order if (key, question.key) in files]:
                    yield measured(
                        started[key],
                        question,
                        files[key, question.key],
                        plan=plan,
                        concurrency=concurrency,
                        number=number,
                        databases=databases,
                    )


def prepare(plan: Plan, started: Mapping[str, Running], data: Data, *, folder: Path) -> dict[tuple[str, str], Path]:
    """Write what wrk sends, and check the answer to the first of it."""
    files, wrong = {}, []
    for question in plan.questions:
        keys = data.keys(question)
        words = data.words(question, keys[0] if keys else "")
        for each in started.values():
            if question.key not in each.server.asks(data):
                continue
            headers = headers_of(each, question, data)
            requests = choices(each.server.asks(data)[question.key], keys)
            answer = checking.answer(each.address, requests[0], headers)
            wrong += checking.check(each.server.title, question.title, answer=answer, words=words)
            files[each.server.key, question.key] = folder / f"{each.server.key}-{question.key}.lua"
            load.write_requests(files[each.server.key, question.key], requests, headers)
    if wrong:
        raise OperatorError(wrong[0], hint="\n".join(wrong[1:]))
    return files


def headers_of(each: Running, question: Question, data: Data) -> dict[str, str]:
    """Return the headers of a request; only ours asks who it is that changes something."""
    signed = each.server.is_ours and (each.server.is_signed_in or question.key == "mutation")
    return {"Content-Type": "application/json", **({"Authorization": f"Bearer {data.token}"} if signed else {})}


def measured(
    running: Running,
    question: Question,
    requests: Path,
    *,
    plan: Plan,
    concurrency: int,
    number: int,
    databases: Mapping[str, int],
) -> Measured:
    """Warm up, then ask for the seconds of the plan, and look at the clocks of the processes around it."""
    load.ask(running.address, requests, concurrency=concurrency, seconds=plan.seconds * WARM_UP_SHARE)
    servers = [child.process.pid for child in running.children]
    processes = {**{name: [process] for name, process in databases.items()}, "server": servers}
    before = {name: used(*each) for name, each in processes.items()}
    found = load.ask(running.address, requests, concurrency=concurrency, seconds=plan.seconds)
    after = {name: used(*each) for name, each in processes.items()}
    cost = {name: (after[name].seconds - before[name].seconds) * 1000 / max(1, found.answers) for name in processes}
    result = Measured(
        server=running.server.key,
        question=question.key,
        concurrency=concurrency,
        round=number,
        per_second=found.answers / found.seconds,
        p50=found.p50,
        p99=found.p99,
        server_ms=cost["server"],
        postgres_ms=cost["postgres"],
        valkey_ms=cost["valkey"],
        memory_mb=after["server"].memory_mb,
    )
    sys.stderr.write(line(result))
    return result


def line(result: Measured) -> str:
    """Return a line of progress."""
    costs = " + ".join(f"{each:.2f}" for each in (result.server_ms, result.postgres_ms, result.valkey_ms))
    where = f"{result.round + 1}. {result.question:9}{result.concurrency:4}  {result.server:18}"
    return f"{where}{result.per_second:10.1f}/s   p50 {result.p50:.1f} ms, p99 {result.p99:.1f} ms   {costs} ms\n"
