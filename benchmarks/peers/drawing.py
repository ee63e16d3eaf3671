"""Has the charts drawn, by a program in a virtual environment of its own: what it needs is nothing of ours."""

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.peers import installing
from benchmarks.peers.questions import QUESTIONS
from benchmarks.peers.results import Cells, servers_of
from embedded.processes import run

PROGRAM = Path(__file__).parent / "charts" / "draw.py"


def draw(cells: Cells, *, concurrency: int, pictures: Sequence[Path]) -> None:
    """Draw the answers a second into files, whose endings say what they are to be."""
    python = installing.install("charts") / "bin" / "python"
    with tempfile.TemporaryDirectory(prefix="slipway-chart-") as folder:
        described = Path(folder) / "chart.json"
        described.write_text(json.dumps(chart(cells, concurrency=concurrency)))
        run([python, PROGRAM, described, *pictures])


def chart(cells: Cells, *, concurrency: int) -> dict[str, Any]:
    """Return what is drawn: the fastest on top."""
    panels = []
    for question in QUESTIONS:
        bars: list[dict[str, Any]] = []
        for server in servers_of(cells):
            if cell := cells.get((server.key, question.key, concurrency)):
                bars.append({"title": server.title, "value": cell.per_second, "is_ours": server.is_ours})
        if bars:
            bars.sort(key=lambda bar: -bar["value"])
            panels.append({"title": question.title.replace("`", ""), "bars": bars})
    return {"title": f"Answers a second, one process each, {concurrency} connections", "panels": panels}
