"""Draws bars out of a JSON file: a panel for each question, a bar for each server. Runs in a virtual environment of its own.

The file: {"title", "panels": [{"title", "bars": [{"title", "value", "is_ours"}]}]}. Usage: draw.py FILE PICTURE...
"""

import json
import sys
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib import pyplot

matplotlib.rcParams.update(
    {"svg.hashsalt": "slipway", "svg.fonttype": "none", "font.size": 8, "font.family": "sans-serif"}
)

COLUMNS = 2
OURS, THEIRS, INK = "#0b6e99", "#b9c4cc", "#333333"
BAR_INCHES, HEAD_INCHES = 0.2, 0.75


def main() -> None:
    """Draw."""
    drawn = json.loads(Path(sys.argv[1]).read_text())
    panels = drawn["panels"]
    rows = -(-len(panels) // COLUMNS)
    height = rows * (HEAD_INCHES + BAR_INCHES * max(len(panel["bars"]) for panel in panels))
    figure, axes = pyplot.subplots(rows, COLUMNS, figsize=(11, height), squeeze=False)
    for place, panel in zip(axes.flat, panels, strict=False):
        draw(place, panel)
    for place in axes.flat[len(panels) :]:
        place.set_axis_off()
    figure.suptitle(drawn["title"], fontsize=10, color=INK)
    figure.tight_layout(rect=(0, 0, 1, 0.98))
    for path in sys.argv[2:]:
        kind = Path(path).suffix.removeprefix(".")
        figure.savefig(
            path, dpi=130, facecolor="white", metadata={"Date": None} if kind == "svg" else {"Software": None}
        )


def draw(place: Any, panel: dict[str, Any]) -> None:
    """Draw one panel: from nought, so that lengths can be compared."""
    bars = panel["bars"]
    places = range(len(bars))
    colors = [OURS if bar["is_ours"] else THEIRS for bar in bars]
    place.barh(places, [bar["value"] for bar in bars], color=colors, height=0.72)
    place.set_yticks(places, [bar["title"] for bar in bars])
    place.invert_yaxis()
    place.set_title(panel["title"], loc="left", fontsize=9, color=INK)
    place.tick_params(length=0, colors=INK)
    place.xaxis.set_visible(False)
    for side in place.spines.values():
        side.set_visible(False)
    for number, bar in enumerate(bars):
        place.annotate(
            f"{bar['value']:,.0f}",
            (bar["value"], number),
            xytext=(3, 0),
            textcoords="offset points",
            va="center",
            color=INK,
        )
    place.margins(x=0.12)


if __name__ == "__main__":
    main()
