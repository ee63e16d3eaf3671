"""`make bench-capacity`: how far it goes. Measures what a request costs here, reckons from it what machines can do, and checks that.

The model: an answer takes so many milliseconds of a processor at the web server, at PostgreSQL and at Redis. A web process has one
processor at most (Python runs one thread at a time), a Redis as well; PostgreSQL has all of its machine's. Writes and what replays
them cost the primary and each replica. What is used up first is the wall.
"""

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "scaling.md"
MARK = "<!-- measured: make bench-capacity writes what follows -->\n"

BUSY = 0.6  # as much of a processor as leaves answers their time: at more, requests wait for one another
# What a reader of a gallery does: so many of a hundred requests.
READS = {"twenty": 40, "one": 35, "related": 10, "nested": 10, "search": 5}
WRITE = "mutation"
WRITES_SHARE = 0.05
SIZES = (1, 3, 10, 100)
GIGABIT_BYTES = 125e6
WAL_BYTES = 200e6  # a second, onto one disk: what a good one takes
SESSIONS = 300  # of PostgreSQL's own; more of them cost it more than they bring


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What one request costs: milliseconds of processors, and bytes of the answer and of the write-ahead log."""

    web_ms: float = 0.0
    postgres_ms: float = 0.0
    redis_ms: float = 0.0
    client_ms: float = 0.0
    answer_bytes: float = 0.0
    wal_bytes: float = 0.0

    @property
    def machine_ms(self) -> float:
        """All of it, where all runs on one machine."""
        return self.web_ms + self.postgres_ms + self.redis_ms + self.client_ms


def mixed(costs: Mapping[str, Cost], weights: Mapping[str, float]) -> Cost:
    """Return what the average request of a mix costs; `weights` need not add up to anything."""
    total = sum(weights.values())
    averages = {
        each.name: sum(getattr(costs[key], each.name) * weight for key, weight in weights.items()) / total
        for each in fields(Cost)
    }
    return Cost(**averages)


def on_one_machine(cost: Cost, *, processes: int, processors: int) -> float:
    """Return how many answers a second so many web processes give where all, and who asks, share a machine's processors."""
    return min(processes * 1000 / cost.web_ms, processors * 1000 / cost.machine_ms)


@dataclass(frozen=True, kw_only=True)
class Layout:
    """Machines: with web servers, with PostgreSQL's replicas, and with Redis; one more has the primary. `processors` of each.

    `share` is that of the processors of a machine that web servers have, where there is no other: all is on one then.
    """

    web: int
    replicas: int
    redis: int
    processors: int
    share: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Reach:
    """How many answers a second a layout gives at most, what stops it there, and where every wall is."""

    layout: Layout
    answers: float
    wall: str
    walls: Mapping[str, float]


def reach(layout: Layout, read: Cost, write: Cost, *, writes_share: float) -> Reach:
    """Return how far a layout goes with a mix of reads and writes."""
    average = mixed({"read": read, "write": write}, {"read": 1 - writes_share, "write": writes_share})
    a_second = BUSY * layout.processors * 1000
    reading, writing = read.postgres_ms * (1 - writes_share), write.postgres_ms * writes_share
    walls = {
        "web processors": a_second * layout.web * layout.share / average.web_ms,
        "Redis": BUSY * 1000 * max(1, layout.redis) / max(average.redis_ms, 1e-9),
        "network of the web machines": BUSY * GIGABIT_BYTES * max(1, layout.web) / average.answer_bytes,
        "the primary's disk": WAL_BYTES / max(average.wal_bytes, 1e-9),
    }
    if layout.replicas:
        walls["the primary's writes"] = a_second / max(writing, 1e-9)
        # A replica replays all that is written; it takes about as much of its processors as the statement took of the primary's.
        walls["replicas"] = a_second / max(reading / layout.replicas + writing, 1e-9)
    else:
        walls["PostgreSQL's processors"] = (
            a_second * (1 - layout.share if layout.share < 1 else 1) / max(reading + writing, 1e-9)
        )
    wall = min(walls, key=lambda name: walls[name])
    return Reach(layout=layout, answers=walls[wall], wall=wall, walls=walls)


def layouts(machines: int, *, processors: int) -> Iterator[Layout]:
    """Yield how so many machines can be divided; one machine has all, in whichever shares."""
    if machines == 1:
        for tenths in range(1, 10):
            yield Layout(web=1, replicas=0, redis=0, processors=processors, share=tenths / 10)
        return
    for redis in range(1 if machines > 3 else 0, max(1, machines // 10) + 1):  # noqa: PLR2004 - three have none to spare
        for replicas in range(machines - 1 - redis):
            yield Layout(web=machines - 1 - redis - replicas, replicas=replicas, redis=redis, processors=processors)


def best(machines: int, read: Cost, write: Cost, *, writes_share: float, processors: int) -> Reach:
    """Return the layout that goes farthest."""
    found = (reach(each, read, write, writes_share=writes_share) for each in layouts(machines, processors=processors))
    return max(found, key=lambda each: each.answers)


def connections(layout: Layout, *, pool_size: int) -> int:
    """Return how many connections to the primary the web processes may open: one process for each of their processors."""
    return round(layout.web * layout.processors * layout.share) * pool_size


def sizes(read: Cost, write: Cost, *, processors: int, price: float, pool_size: int) -> Iterator[str]:
    """Yield the table of what so many machines do: with the usual share of writes, and with ten times as many."""
    yield "| machines | writes | web + primary + replica + Redis | answers/s | the wall | a million cost | connections |"
    yield "| ---: | ---: | --- | ---: | --- | ---: | ---: |"
    for machines in SIZES:
        for share in (WRITES_SHARE, 10 * WRITES_SHARE):
            found = best(machines, read, write, writes_share=share, processors=processors)
            layout, opened = found.layout, connections(found.layout, pool_size=pool_size)
            divided = f"{layout.web} + 1 + {layout.replicas} + {layout.redis}" if machines > 1 else "all on one"
            cost = machines * price / 3600 / found.answers * 1e6
            told = f"{opened:,}" + (", by PgBouncer" if opened > SESSIONS else "")
            yield (
                f"| {machines} | {share:.0%} | {divided} | {found.answers:,.0f} | {found.wall} | {cost:.3f} | {told} |"
            )


def costs_table(costs: Mapping[str, Cost]) -> Iterator[str]:
    """Yield the table of what each kind of request costs."""
    yield "| request | web, ms | PostgreSQL, ms | Redis, ms | answer, bytes | write-ahead log, bytes |"
    yield "| --- | ---: | ---: | ---: | ---: | ---: |"
    for key, each in costs.items():
        milliseconds = f"{each.web_ms:.2f} | {each.postgres_ms:.2f} | {each.redis_ms:.3f}"
        yield f"| {key} | {milliseconds} | {each.answer_bytes:,.0f} | {each.wal_bytes:,.0f} |"


def parser() -> argparse.ArgumentParser:
    """Return what reads the command line."""
    root = argparse.ArgumentParser(
        prog="python -m benchmarks.capacity",
        description="Measures what requests cost, and reckons how far machines go.",
    )
    root.add_argument("--photos", type=int, default=20_000, help="how many rows there are (default: 20000)")
    root.add_argument("--seconds", type=float, default=3.0, help="for each measurement (default: 3)")
    root.add_argument(
        "--sockets", type=int, default=10_000, help="that watch, over three web processes (default: 10000)"
    )
    root.add_argument("--processors", type=int, default=8, help="of a machine that is reckoned with (default: 8)")
    root.add_argument("--price", type=float, default=0.25, help="of such a machine, for an hour (default: 0.25)")
    root.add_argument("--write", action="store_true", help="write docs/scaling.md behind its mark")
    return root


def main() -> int:
    """Measure, reckon, check, and print the tables."""
    from benchmarks import capacity_measured

    options = parser().parse_args()
    found = capacity_measured.all_of(options)
    pages = [*told(found, options)]
    sys.stdout.write("\n".join(pages) + "\n")
    if options.write:
        head, mark, _ = PAGE.read_text(encoding="utf-8").partition(MARK)
        PAGE.write_text(head + mark + "\n" + "\n".join(pages) + "\n", encoding="utf-8")
    return 0


def told(found: "Found", options: argparse.Namespace) -> Iterator[str]:
    """Yield the page's lines."""
    read = mixed(found.costs, READS)
    yield from found.about
    yield "\n### What a request costs\n"
    yield from costs_table(found.costs)
    yield from ("", *found.memory, "\n### What was predicted, and what was measured\n")
    yield from found.checks
    yield "\n### Subscriptions\n"
    yield from found.sockets
    yield f"\n### What machines of {options.processors} processors reach\n"
    yield from sizes(
        read,
        found.costs[WRITE],
        processors=options.processors,
        price=options.price,
        pool_size=found.pool_size,
    )


@dataclass(frozen=True, kw_only=True)
class Found:
    """What was measured: costs by request, and lines of Markdown."""

    costs: Mapping[str, Cost]
    about: Sequence[str]
    memory: Sequence[str]
    checks: Sequence[str]
    sockets: Sequence[str]
    pool_size: int


if __name__ == "__main__":
    sys.exit(main())
