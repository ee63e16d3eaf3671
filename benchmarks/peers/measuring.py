"""The run: every question, at every concurrency, of every server in turn, round after round."""

import random
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.peers import checking, load
from benchmarks.peers.data import Data
from benchmarks.peers.documents import choices
from benchmarks.peers.load import Load
from benchmarks.peers.processor import used
from benchmarks.peers.questions import Question
from benchmarks.peers.results import Measured
from benchmarks.peers.running import Running
from embedded.errors import OperatorError

WARM_UP_SHARE = 0.3
ANSWERS_AT_LEAST, LONGER_AT_MOST = 150, 4


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is to be measured, and for how long each."""

    questions: Sequence[Question]
    concurrencies: Sequence[int]
    rounds: int
    seconds: float


@dataclass(frozen=True, kw_only=True)
class Turn:
    """One server, asked one question."""

    round: int
    question: Question
    concurrency: int
    server: str


def measure(
    plan: Plan, started: Mapping[str, Running], data: Data, *, databases: Mapping[str, int], folder: Path
) -> Iterator[Measured | str]:
    """Check each server's answers, then measure; `databases` are the processes of PostgreSQL and Valkey by name.

    What cannot be measured is told in words, and the next is measured.
    """
    files = prepare(plan, started, data, folder=folder)
    for turn in turns(plan, list(started)):
        if (requests := files.get((turn.server, turn.question.key))) is None:
            continue
        try:
            found: Measured | str = measured(
                turn, started[turn.server], requests, seconds=plan.seconds, databases=databases
            )
        except OperatorError as error:
            found = f"Not measured: {turn.server}, {turn.question.key}, {turn.concurrency} connections: {error.args[0]}"
        sys.stderr.write(found + "\n" if isinstance(found, str) else line(found))
        yield found


def turns(plan: Plan, servers: Sequence[str]) -> Iterator[Turn]:
    """Tell in which order servers are asked: another one in each round, the same in every run."""
    for number in range(plan.rounds):
        order = random.Random(number).sample(servers, len(servers))  # noqa: S311 - no secret
        for question in plan.questions:
            for concurrency in plan.concurrencies:
                for server in order:
                    yield Turn(round=number, question=question, concurrency=concurrency, server=server)


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


def measured(turn: Turn, running: Running, requests: Path, *, seconds: float, databases: Mapping[str, int]) -> Measured:
    """Warm up, then ask, and look at the clocks of the processes around it."""
    warm = load.ask(running.address, requests, concurrency=turn.concurrency, seconds=seconds * WARM_UP_SHARE)
    seconds = long_enough(seconds, warm)
    servers = [child.process.pid for child in running.children]
    processes = {**{name: [process] for name, process in databases.items()}, "server": servers}
    before = {name: used(*each) for name, each in processes.items()}
    found = load.ask(running.address, requests, concurrency=turn.concurrency, seconds=seconds)
    after = {name: used(*each) for name, each in processes.items()}
    cost = {name: (after[name].seconds - before[name].seconds) * 1000 / max(1, found.answers) for name in processes}
    return Measured(
        server=running.server.key,
        question=turn.question.key,
        concurrency=turn.concurrency,
        round=turn.round,
        per_second=found.answers / found.seconds,
        p50=found.p50,
        p99=found.p99,
        server_ms=cost["server"],
        postgres_ms=cost["postgres"],
        valkey_ms=cost["valkey"],
        memory_mb=after["server"].memory_mb,
    )


def long_enough(seconds: float, warm: Load) -> float:
    """Return for how long to ask: longer where few answers come, since those under way at the end do not count."""
    return max(seconds, min(seconds * LONGER_AT_MOST, ANSWERS_AT_LEAST * warm.seconds / max(1, warm.answers)))


def line(result: Measured) -> str:
    """Return a line of progress."""
    costs = " + ".join(f"{each:.2f}" for each in (result.server_ms, result.postgres_ms, result.valkey_ms))
    where = f"{result.round + 1}. {result.question:9}{result.concurrency:4}  {result.server:18}"
    return f"{where}{result.per_second:10.1f}/s   p50 {result.p50:.1f} ms, p99 {result.p99:.1f} ms   {costs} ms\n"
