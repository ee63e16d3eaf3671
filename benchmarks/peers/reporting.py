"""Writes medians as tables of Markdown, and these into docs/performance.md between its marks. Measures nothing."""

from collections.abc import Callable, Sequence

from benchmarks.peers.questions import QUESTIONS, Question
from benchmarks.peers.results import Cell, Cells, Watched, concurrencies_of, servers_of
from benchmarks.peers.servers import SERVERS_BY_KEY

BEGIN, END = "<!-- measured: make bench writes what follows -->", "<!-- end of what make bench writes -->"
REFERENCE, USUAL = "slipway", 16
Write = Callable[[Cell], str]
Compare = Callable[[Cell | None, Cell | None], str]


def page(document: str, report: str) -> str:
    """Return the document with another report between its marks."""
    before, _, rest = document.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{report.strip()}\n\n{END}{after}"


def report(cells: Cells, watched: Sequence[Watched], *, about: Sequence[str]) -> str:
    """Return all tables, the middle concurrency in full."""
    middle = middle_of(cells)
    parts = [
        "\n".join(f"- {line}" for line in about),
        f"### Answers a second, {middle} connections\n\n{table(cells, middle, per_second)}",
        f"### Times as many answers as, {middle} connections\n\n{ratios(cells, middle, ratio)}",
        f"### Times as little of the server's processor for one answer as, {middle} connections\n\n{ratios(cells, middle, saving)}",
        f"### Milliseconds of processors for one answer: the server's + PostgreSQL's\n\n{table(cells, middle, cost)}",
        f"### Milliseconds until the answer, {middle} connections: half of them, 99 of 100\n\n{table(cells, middle, waiting)}",
    ]
    parts += [
        f"### Answers a second (and milliseconds: half of them, 99 of 100), {name(each)}\n\n{table(cells, each, both)}"
        for each in concurrencies_of(cells)
        if each != middle
    ]
    if watched:
        parts.append(f"### A change, until it reaches {watched[0].sockets:,} who watch\n\n{watching(watched)}")
    return "\n\n".join(parts)


def watching(watched: Sequence[Watched]) -> str:
    """Return the table of those who watch."""
    head = ["", "first, ms", "half, ms", "last, ms", "server's ms for each", "server's memory, MB"]
    rows = [
        [
            SERVERS_BY_KEY[each.server].title,
            *(f"{number:,.0f}" for number in (each.first, each.half, each.last)),
            f"{each.server_ms:.2f}",
            f"{each.memory_mb:,.0f}",
        ]
        for each in watched
    ]
    return markdown(head, rows)


def middle_of(cells: Cells) -> int:
    """Return the concurrency that is told in full: 16, or what is nearest to it."""
    return min(concurrencies_of(cells), key=lambda each: abs(each - USUAL))


def name(concurrency: int) -> str:
    """Return a number of connections in words."""
    return "one connection" if concurrency == 1 else f"{concurrency} connections"


def per_second(cell: Cell) -> str:
    """Return answers a second."""
    return f"{cell.per_second:,.0f}"


def cost(cell: Cell) -> str:
    """Return processor time; Valkey's, which only ours asks, is counted to the server's."""
    return f"{cell.server_ms + cell.valkey_ms:.2f} + {cell.postgres_ms:.2f}"


def waiting(cell: Cell) -> str:
    """Return how long answers took."""
    return f"{cell.p50:,.1f}, {cell.p99:,.0f}"


def both(cell: Cell) -> str:
    """Return answers a second, and how long they took."""
    return f"{per_second(cell)} ({waiting(cell)})"


def table(cells: Cells, concurrency: int, write: Write) -> str:
    """Return one table: servers down, questions across."""
    asked = questions(cells, concurrency)
    rows = [
        [server.title, *(written(cells.get((server.key, each.key, concurrency)), write) for each in asked)]
        for server in servers_of(cells)
        if any((server.key, each.key, concurrency) in cells for each in asked)
    ]
    return markdown(["", *(each.short for each in asked)], rows)


def ratios(cells: Cells, concurrency: int, compare: Compare) -> str:
    """Return how we stand to each of them."""
    asked = questions(cells, concurrency)
    rows = []
    for server in servers_of(cells):
        if server.key != REFERENCE:
            found = [(cells.get((key, each.key, concurrency))) for each in asked for key in (REFERENCE, server.key)]
            rows.append(
                [server.title, *(compare(one, other) for one, other in zip(found[::2], found[1::2], strict=True))]
            )
    return markdown(["", *(each.short for each in asked)], rows)


def ratio(ours: Cell | None, theirs: Cell | None) -> str:
    """Return how many answers we give for each of theirs; nothing where no answer came in time."""
    if ours is None or theirs is None or not theirs.per_second:
        return ""
    return short(ours.per_second / theirs.per_second)


def saving(ours: Cell | None, theirs: Cell | None) -> str:
    """Return how many of our answers the processor time of one of theirs would be enough for, at the server."""
    if ours is None or theirs is None or not ours.server_ms:
        return ""
    return short(theirs.server_ms / ours.server_ms)


def short(found: float) -> str:
    """Return a ratio, with a digit behind the point while it is small."""
    return f"{found:.1f}" if found < 9.95 else f"{found:.0f}"  # noqa: PLR2004 - it would be told as 10.0


def written(cell: Cell | None, write: Write) -> str:
    """Return one cell, empty where nothing was measured."""
    return write(cell) if cell else ""


def questions(cells: Cells, concurrency: int) -> list[Question]:
    """Return the questions that were asked."""
    return [each for each in QUESTIONS if any(key[1:] == (each.key, concurrency) for key in cells)]


def markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table, its numbers to the right."""
    lines = [head, ["---", *("---:" for _ in head[1:])], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
