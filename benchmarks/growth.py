"""`make bench-growth`: what must not grow with use: a page's cost with its depth, memory with documents that come once."""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg

from benchmarks.peers import data, load, machine
from benchmarks.peers.data import Filled
from benchmarks.peers.documents import PHOTO, choices, graphql
from benchmarks.peers.processor import used
from benchmarks.peers.running import Running, running
from benchmarks.peers.servers import SERVERS_BY_KEY
from embedded.processes import run

SHALLOW = 20  # the second page: the first is asked for without a cursor, and so by another statement
DEPTHS = (0.001, 0.1, 0.5, 0.9)  # of all rows
CONNECTIONS = 16
SCRIPT = Path(load.__file__).with_name("documents.lua")
NTH = """SELECT to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"'), id FROM gallery_photo
  ORDER BY created_at DESC, id DESC LIMIT 1 OFFSET %s"""
PAGE = f"query Page($after: String) {{ photos(first: 20, after: $after) {{ edges {{ node {{ {PHOTO} }} }} }} }}"


def main() -> int:
    """Measure, and print the tables."""
    options = parser().parse_args()
    load.require_wrk()
    with data.filled(photos=options.photos) as filled:
        servers = [SERVERS_BY_KEY["slipway"]]
        with running(servers, environment=filled.environment, logs=filled.folder / "logs") as started:
            server = started["slipway"]
            lines = [*depths(server, filled, options), "", *memory(server, documents=options.documents)]
    sys.stdout.write("\n".join([f"Machine: {machine.machine()}.", "", *lines]) + "\n")
    return 0


def parser() -> argparse.ArgumentParser:
    """Return what reads the command line."""
    root = argparse.ArgumentParser(prog="python -m benchmarks.growth", description=__doc__)
    root.add_argument("--photos", type=int, default=1_000_000, help="how many rows there are (default: 1000000)")
    root.add_argument("--documents", type=int, default=100_000, help="how many distinct ones (default: 100000)")
    root.add_argument("--seconds", type=float, default=3.0, help="for each depth, a few times in turn (default: 3)")
    root.add_argument("--rounds", type=int, default=3, help="of which the least counts (default: 3)")
    return root


def depths(server: Running, filled: Filled, options: argparse.Namespace) -> Iterator[str]:
    """Yield the table of pages by depth: processor milliseconds of the server's and of PostgreSQL's for one."""
    processes = (server.children[0].process.pid, filled.processes["postgres"])
    rows = [0, SHALLOW, *(int(share * options.photos) for share in DEPTHS)]
    files = {row: requests_at(row, filled) for row in rows}
    found: dict[int, list[tuple[float, float]]] = {row: [] for row in rows}
    for _ in range(options.rounds):
        for row, requests in files.items():
            before = [used(each).seconds for each in processes]
            answers = load.ask(server.address, requests, concurrency=CONNECTIONS, seconds=options.seconds).answers
            after = [used(each).seconds for each in processes]
            ours, theirs = ((end - begin) * 1000 / max(1, answers) for begin, end in zip(before, after, strict=True))
            found[row].append((ours, theirs))
            sys.stderr.write(f"behind row {row}: {ours:.2f} + {theirs:.2f} ms\n")
    least = {row: (min(each[0] for each in rounds), min(each[1] for each in rounds)) for row, rounds in found.items()}
    yield f"| the page behind row, of {options.photos} | server, ms | PostgreSQL, ms | to the second page |"
    yield "| ---: | ---: | ---: | ---: |"
    for row, (ours, theirs) in least.items():
        yield f"| {row} | {ours:.2f} | {theirs:.2f} | {(ours + theirs) / sum(least[SHALLOW]):.2f} |"


def requests_at(row: int, filled: Filled) -> Path:
    """Write the request for the page behind a row, by its cursor."""
    after = None
    if row:
        with psycopg.connect(filled.data.url) as connection:
            place = connection.execute(NTH, [row - 1]).fetchone()
        after = data.cursor((place[0], str(place[1]))) if place else None
    path = filled.folder / f"depth-{row}.lua"
    load.write_requests(
        path, choices(graphql("/graphql", PAGE, lambda _: {"after": after}), []), {"Content-Type": "application/json"}
    )
    return path


def memory(server: Running, *, documents: int) -> Iterator[str]:
    """Yield the server's memory before and after documents that come once each, and how many came in a second."""
    sent, seconds, pid = 0, 0.0, server.children[0].process.pid
    before = used(pid).memory_mb
    while sent < documents:
        found = load.parsed(
            run([*load.wrk(server.address, SCRIPT, concurrency=CONNECTIONS, seconds=10), "--", str(sent)])
        )
        sent, seconds = sent + found.answers + CONNECTIONS, seconds + found.seconds
        sys.stderr.write(f"{sent} documents: {used(pid).memory_mb:.0f} MB\n")
    after = used(pid).memory_mb
    yield f"Memory: {before:.0f} MB before, {after:.0f} MB after {sent} distinct documents, {sent / seconds:.0f} in a second."


if __name__ == "__main__":
    sys.exit(main())
