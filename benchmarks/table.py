"""Writes measured seconds as a table: the median, the smallest and largest, and the ratio to the bare way of the same run."""

import statistics
from collections.abc import Mapping, Sequence

BARE_DUMP, BARE_RESTORE = "bare pg_dump | gzip -6", "bare pg_restore -j2"
BY_HAND = "both, one after the other: a bare backup that was tried"


def markdown(seconds: Mapping[str, Sequence[float]]) -> str:
    """Return the table."""
    by_hand = [dump + restore for dump, restore in zip(seconds[BARE_DUMP], seconds[BARE_RESTORE], strict=True)]
    lines = ["| what | seconds | of | ratio |", "| --- | --- | --- | --- |"]
    return "\n".join(
        lines + [row(name, each, seconds[BARE_DUMP]) for name, each in (*seconds.items(), (BY_HAND, by_hand))]
    )


def row(name: str, each: Sequence[float], bare: Sequence[float]) -> str:
    """Return one row; the ratio is the median of those of each run."""
    ratios = [one / other for one, other in zip(each, bare, strict=True)]
    spread = f"{min(each):.1f} to {max(each):.1f}"
    escaped = name.replace("|", "\\|")
    return f"| {escaped} | {statistics.median(each):.1f} | {spread} | {statistics.median(ratios):.2f} |"
