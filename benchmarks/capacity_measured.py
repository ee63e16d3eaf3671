"""Measures what `benchmarks.capacity` reckons with, and what it predicts: costs, several web processes, a replica, sockets."""

import argparse
import asyncio
import os
import resource
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import psutil
from websockets.asyncio.client import ClientConnection

from benchmarks import capacity
from benchmarks.capacity import READS, WRITE, WRITES_SHARE, Cost, Found, mixed
from benchmarks.peers import checking, data, load, machine, watching
from benchmarks.peers.data import Filled
from benchmarks.peers.documents import choices, global_id
from benchmarks.peers.processor import used
from benchmarks.peers.questions import QUESTIONS
from benchmarks.peers.running import Running, running
from benchmarks.peers.servers import Server, ours, slipway
from embedded.postgres import BINARIES, Postgres
from embedded.stack import ROOT
from tests.standby import Standby

CONNECTIONS, PROCESSES = 16, 3
WATCHED_SECONDS = 3  # by then a web process has seen that its replica is there
BY_KEY = {each.key: each for each in QUESTIONS}
WEIGHTS = {**{key: weight * (1 - WRITES_SHARE) for key, weight in READS.items()}, WRITE: 100 * WRITES_SHARE}


def all_of(options: argparse.Namespace) -> Found:
    """Measure all of it."""
    load.require_wrk()
    with data.filled(photos=options.photos) as filled:
        told = Requests(filled)
        with web_processes(PROCESSES, filled) as started:
            costs = {key: cost(key, started[0], told, options) for key in WEIGHTS}
            size = sized(started[0])
            checks = [*replicas_checked(costs, started, told, options)]
            sockets = [*sockets_checked(started, filled, options)]
        checks += database_replica_checked(costs, told, options)
        memory = [size, volume(filled, photos=options.photos)]
    return Found(
        costs=costs,
        about=[
            f"- Machine: {machine.machine()}.",
            f'- Command: `make bench-capacity ARGS="{" ".join(given(options))}"`.',
            "- Everybody is signed in, by a token; a web process is uvicorn's; PostgreSQL has `fsync` off.",
        ],
        memory=memory,
        checks=checks,
        sockets=sockets,
        pool_size=pool_size(),
    )


def given(options: argparse.Namespace) -> Iterator[str]:
    """Yield the command's options."""
    for name in ("photos", "seconds", "sockets"):
        yield f"--{name} {getattr(options, name):g}"


class Requests:
    """What wrk sends for each kind of request, and for the mix of them."""

    def __init__(self, filled: Filled) -> None:
        self.filled = filled
        self.headers = {"Content-Type": "application/json", "Authorization": f"Bearer {filled.data.token}"}
        self.asks = ours(filled.data)
        self._kinds = {key: choices(self.asks[key], filled.data.keys(BY_KEY[key])) for key in WEIGHTS}

    def of(self, *keys: str) -> Path:
        """Write a file of requests, of each kind as many as its weight says."""
        path = self.filled.folder / f"capacity-{'-'.join(keys)}.lua"
        chosen = [
            self._kinds[key][number % len(self._kinds[key])]
            for key in keys
            for number in range(round(10 * WEIGHTS[key]) if len(keys) > 1 else len(self._kinds[key]))
        ]
        load.write_requests(path, chosen, self.headers)
        return path

    def answer_bytes(self, key: str, address: str) -> int:
        """Return how long an answer is."""
        return len(checking.answer(address, self._kinds[key][0], self.headers).encode())


@contextmanager
def web_processes(count: int, filled: Filled, *, replica: str = "") -> Iterator[list[Running]]:
    """Start web servers of one process each."""
    servers: list[Server] = [
        slipway(f"slipway-{number}", "a web process", DATABASE_REPLICA_URLS=replica) for number in range(count)
    ]
    with running(servers, environment=filled.environment, logs=filled.folder / "logs") as started:
        yield [started[each.key] for each in servers]


def cost(key: str, server: Running, told: Requests, options: argparse.Namespace) -> Cost:
    """Return what one kind of request costs, out of a run of some seconds."""
    requests, clocks = told.of(key), Clocks(told.filled, server.children[0].process.pid)
    load.ask(server.address, requests, concurrency=CONNECTIONS, seconds=1)
    found = clocks.around(lambda: load.ask(server.address, requests, concurrency=CONNECTIONS, seconds=options.seconds))
    say(f"{key}: {found}")
    return Cost(**found, answer_bytes=told.answer_bytes(key, server.address))


class Clocks:
    """What processes take while something is asked, for each answer."""

    def __init__(self, filled: Filled, web: int) -> None:
        self._filled = filled
        self._processes = {
            "web_ms": web,
            "postgres_ms": filled.processes["postgres"],
            "redis_ms": filled.processes["valkey"],
        }

    def around(self, ask: Callable[[], load.Load]) -> dict[str, float]:
        """Return milliseconds of processors and bytes of the log by the names that a Cost has."""
        before, wal = self._now(), self._wal()
        answers = max(1, ask().answers)
        after, written = self._now(), self._wal() - wal
        return {name: (after[name] - before[name]) * 1000 / answers for name in before} | {
            "wal_bytes": written / answers
        }

    def _now(self) -> dict[str, float]:
        children = resource.getrusage(resource.RUSAGE_CHILDREN)
        clocks = {name: used(process).seconds for name, process in self._processes.items()}
        return clocks | {"client_ms": children.ru_utime + children.ru_stime}

    def _wal(self) -> float:
        return float(self._filled.data.column("SELECT pg_current_wal_insert_lsn() - '0/0'")[0])


def sized(server: Running) -> str:
    """Return a line about a web process's memory."""
    memory = psutil.Process(server.children[0].process.pid).memory_full_info()
    own = f"{memory.rss / 1e6:,.0f} MB, of which {memory.uss / 1e6:,.0f} MB are its own"
    return f"A web process has {own}, and up to {pool_size()} connections."


def pool_size() -> int:
    """Return how many connections a process may have where nobody says."""
    from config.variables import VARIABLES

    return int(VARIABLES["DB_POOL_SIZE"].default or 0)


def volume(filled: Filled, *, photos: int) -> str:
    """Return a line about what a photo's rows take on the disk and in a backup."""
    size = int(filled.data.column("SELECT pg_database_size(current_database())")[0])
    dump = subprocess.run(  # noqa: S603 - our own
        [str(BINARIES / "pg_dump"), "-Fc", filled.data.url], check=True, stdout=subprocess.PIPE, cwd=ROOT
    ).stdout
    row, kept = size / photos, len(dump) / photos
    return (
        f"A photo's rows take {row:,.0f} bytes in the database and {kept:,.0f} in a backup set; its files come on top."
    )


def replicas_checked(
    costs: Mapping[str, Cost], started: Sequence[Running], told: Requests, options: argparse.Namespace
) -> Iterator[str]:
    """Yield the table of one, two and three web processes that answer a mix of everything: predicted, measured."""
    processors, mix = os.cpu_count() or 1, mixed(costs, WEIGHTS)
    requests = told.of(*WEIGHTS)
    where = f"{processors} processors that web servers, PostgreSQL, Valkey and wrk share"
    yield f"A mix of all of these, {WRITES_SHARE:.0%} of them writes, on {where}:\n"
    yield "| web processes | predicted, answers/s | measured, answers/s | measured/predicted |"
    yield "| ---: | ---: | ---: | ---: |"
    for count in range(1, len(started) + 1):
        predicted = capacity.on_one_machine(mix, processes=count, processors=processors)
        per_second = together(started[:count], requests, seconds=options.seconds)
        say(f"{count} web processes: {predicted:.0f} predicted, {per_second:.0f} measured")
        yield f"| {count} | {predicted:,.0f} | {per_second:,.0f} | {per_second / predicted:.2f} |"


def together(servers: Sequence[Running], requests: Path, *, seconds: float) -> float:
    """Ask several servers at once; return the answers in a second, of all."""

    def ask(server: Running) -> load.Load:
        return load.ask(server.address, requests, concurrency=CONNECTIONS // len(servers), seconds=seconds)

    with ThreadPoolExecutor(len(servers)) as pool:
        list(pool.map(lambda each: load.ask(each.address, requests, concurrency=2, seconds=1), servers))  # plans
        return sum(each.answers / each.seconds for each in pool.map(ask, servers))


def database_replica_checked(costs: Mapping[str, Cost], told: Requests, options: argparse.Namespace) -> list[str]:
    """Return lines about a replica database: how much of what reads cost PostgreSQL it takes from the primary."""
    filled = told.filled
    primary = filled.servers["postgres"]
    assert isinstance(primary, Postgres)  # noqa: S101 - for mypy
    folder = filled.folder / "standby"
    folder.mkdir(mode=0o711)
    standby = Standby(folder, primary)
    standby.start()
    try:
        url = f"postgres://127.0.0.1:{standby.state.port}/slipway"
        with web_processes(1, filled, replica=url) as (server,):
            shares = primary_and_replica(server, standby, told, options)
    finally:
        standby.stop()
    expected = mixed(costs, READS).postgres_ms
    yielded = [
        "\nReads alone, with a replica of PostgreSQL: milliseconds of each server's processors for an answer.\n",
        "| | predicted | measured |",
        "| --- | ---: | ---: |",
        f"| at the primary | {0:.2f} | {shares[0]:.2f} |",
        f"| at the replica | {expected:.2f} | {shares[1]:.2f} |",
    ]
    say(yielded[-2] + yielded[-1])
    return yielded


def primary_and_replica(
    server: Running, standby: Standby, told: Requests, options: argparse.Namespace
) -> tuple[float, float]:
    """Return what both take for an answer, in milliseconds."""
    assert standby.child is not None  # noqa: S101 - it runs
    processes = told.filled.processes["postgres"], standby.child.process.pid
    requests = told.of(*READS)
    load.ask(server.address, requests, concurrency=CONNECTIONS, seconds=WATCHED_SECONDS)
    before = [used(each).seconds for each in processes]
    answers = load.ask(server.address, requests, concurrency=CONNECTIONS, seconds=options.seconds).answers
    primary, replica = (used(each).seconds - begun for each, begun in zip(processes, before, strict=True))
    return primary * 1000 / answers, replica * 1000 / answers


def sockets_checked(started: Sequence[Running], filled: Filled, options: argparse.Namespace) -> Iterator[str]:
    """Yield lines about a change that reaches everybody who watches, over several web processes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, options.sockets + 500)), hard))
    found = asyncio.run(watched(started, filled, sockets=options.sockets))
    yield found


async def watched(started: Sequence[Running], filled: Filled, *, sockets: int) -> str:
    """Open the sockets, change a photo ten times, and tell when half of them and 99 of 100 had heard of it."""
    (photo,) = filled.data.column(watching.PHOTO)
    (album,) = filled.data.column(watching.ALBUM, id=photo)
    connections: list[ClientConnection] = []
    pids = [each.children[0].process.pid for each in started]
    try:
        while len(connections) < sockets:
            several = [started[number % len(started)].address for number in range(watching.AT_A_TIME)]
            opening = (
                watching.opened(each, global_id("Album")(album)) for each in several[: sockets - len(connections)]
            )
            connections += await asyncio.gather(*opening)
            if not len(connections) % 1000:
                say(f"{len(connections)} sockets")
        await asyncio.sleep(1)  # the last subscription has no answer of its own
        before = used(*pids)
        rounds = [
            await watching.arrivals(connections, watching.changer(started[0], filled.data, photo, number))
            for number in range(watching.CHANGES)
        ]
        after = used(*pids)
    finally:
        await asyncio.gather(*(each.close() for each in connections), return_exceptions=True)
    half, most = (statistics.median(each[int(len(each) * share)] for each in rounds) for share in (0.5, 0.99))
    count, took = len(connections), (after.seconds - before.seconds) * 1000 / (len(rounds) * len(connections))
    heard = f"half of {count:,} sockets over {len(started)} web processes within {half:,.0f} ms, 99 of 100 within {most:,.0f} ms"
    return (
        f"A change reached {heard}; it took {took:.3f} ms of the web servers' processors for each. The client, which is Python too, "
        f"shares the {os.cpu_count()} processors. A socket takes {after.memory_mb * 1000 / count:,.0f} kB, its share of the "
        "processes included."
    )


def say(text: str) -> None:
    """Tell how far it is."""
    sys.stderr.write(f"{text}\n")
