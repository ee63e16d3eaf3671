"""What was measured, as data: one line for each round, its medians, and the ratios between servers."""

import json
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from benchmarks.peers.servers import SERVERS, Server


@dataclass(frozen=True, kw_only=True)
class Measured:
    """One server, one question, one round: answers a second, milliseconds of waiting and of processors, megabytes."""

    server: str
    question: str
    concurrency: int
    round: int
    per_second: float
    p50: float
    p99: float
    server_ms: float
    postgres_ms: float
    valkey_ms: float
    memory_mb: float


@dataclass(frozen=True, kw_only=True)
class Cell:
    """The medians over the rounds."""

    per_second: float
    p50: float
    p99: float
    server_ms: float
    postgres_ms: float
    valkey_ms: float
    memory_mb: float

    @property
    def processor_ms(self) -> float:
        """What one answer costs, all processes together."""
        return self.server_ms + self.postgres_ms + self.valkey_ms


@dataclass(frozen=True, kw_only=True)
class Watched:
    """How soon a change reached those who watch, in milliseconds, and the server's processor time for each of them."""

    server: str
    sockets: int
    first: float
    half: float
    last: float
    server_ms: float
    memory_mb: float


@dataclass(frozen=True, kw_only=True)
class Run:
    """What one run measured, what could not be measured, and lines about it: machine, command, versions."""

    about: list[str]
    measured: list[Measured] = field(default_factory=list)
    watched: list[Watched] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)

    def save(self, path: Path) -> None:
        """Write it as JSON."""
        path.write_text(json.dumps(asdict(self), indent=1) + "\n", encoding="utf-8")

    @classmethod
    def of(cls, path: Path) -> "Run":
        """Read what was written."""
        read = json.loads(path.read_text(encoding="utf-8"))
        return cls(
            about=read["about"],
            measured=[Measured(**each) for each in read["measured"]],
            watched=[Watched(**each) for each in read["watched"]],
            missing=read["missing"],
        )

    @classmethod
    def joined(cls, runs: Sequence["Run"]) -> "Run":
        """Return several runs as one; lines that are the same are told once."""
        return cls(
            about=list(dict.fromkeys(line for run in runs for line in run.about)),
            measured=[each for run in runs for each in run.measured],
            watched=[each for run in runs for each in run.watched],
            missing=[each for run in runs for each in run.missing],
        )


Cells = dict[tuple[str, str, int], Cell]
NAMES = tuple(Cell.__dataclass_fields__)


def medians(measured: Iterable[Measured]) -> Cells:
    """Return the medians by server, question and concurrency."""
    grouped: dict[tuple[str, str, int], list[Measured]] = {}
    for each in measured:
        grouped.setdefault((each.server, each.question, each.concurrency), []).append(each)
    return {
        key: Cell(**{name: statistics.median(getattr(each, name) for each in found) for name in NAMES})
        for key, found in grouped.items()
    }


def servers_of(cells: Cells) -> list[Server]:
    """Return the servers that were asked, in their usual order."""
    return [each for each in SERVERS if any(key[0] == each.key for key in cells)]


def concurrencies_of(cells: Cells) -> list[int]:
    """Return the concurrencies, the lowest first."""
    return sorted({key[2] for key in cells})
