"""Small charts: where their lines and bars are. The templates draw them as inline SVG; colours are the style sheet's."""

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 600, 80
LEAST_BAR = 1.5


@dataclass(frozen=True, kw_only=True, slots=True)
class Bar:
    """One bar. `kind` is a class of the style sheet: good, bad or plain; `title` is shown by a pointer, and read out."""

    x: float
    y: float
    width: float
    height: float
    kind: str
    title: str


def bars(values: Sequence[tuple[float, str, str]], *, slots: int) -> list[Bar]:
    """Return a bar for each value with its kind and title, from left to right, in as many slots of one width."""
    highest = max((value for value, _, _ in values), default=0) or 1
    step = WIDTH / slots
    found = []
    for index, (value, kind, title) in enumerate(values):
        height = max(LEAST_BAR, HEIGHT * value / highest)
        x, y = round(index * step + step * 0.1, 1), round(HEIGHT - height, 1)
        found.append(Bar(x=x, y=y, width=round(step * 0.8, 1), height=round(height, 1), kind=kind, title=title))
    return found


def line(points: Sequence[tuple[float, float]], *, begin: float, end: float, highest: float) -> str:
    """Return a polyline's points: values over times, between two times."""
    span, top = (end - begin) or 1, highest or 1
    each = (
        (WIDTH * (at - begin) / span, HEIGHT - 1 - (HEIGHT - 2) * min(value, top) / top)
        for at, value in points
        if begin <= at <= end
    )
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in each)
