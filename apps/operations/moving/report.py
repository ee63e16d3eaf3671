"""Puts into words, and into data for programs, what was moved."""

from collections.abc import Iterable
from typing import Any

from apps.operations.moving.bar import MB
from apps.operations.moving.named import Named
from apps.operations.moving.run import Outcome
from config.media.moving import MovingStorage

SHOWN = 20
LAST_STEP = {
    "to-bucket": "Set MEDIA_STORAGE_MOVE=none, and deploy.",
    "to-folder": "Set MEDIA_STORAGE_MOVE=none, take MEDIA_STORAGE_URL out, and deploy.",
}


def counted(media: MovingStorage, *, move: str) -> dict[str, Any]:
    """Return what there is to move."""
    sizes = [size for _, size in media.old.files()]
    words = f"Would move {len(sizes):,} files, {sum(sizes) / MB:,.1f} MB, {move}. Nothing was changed."
    return {"words": words, "files": len(sizes), "bytes": sum(sizes)}


def result(outcome: Outcome, found: Named, *, move: str, seconds: float) -> dict[str, Any]:
    """Return what was moved, and how everything is that the database names."""
    return {
        "words": "\n".join(in_words(outcome, found, move=move, seconds=seconds)),
        "files": len(outcome.hashes),
        "bytes": outcome.bytes,
        "left": outcome.left,
        "named": found.count,
        "missing": found.missing,
        "different": found.different,
        "seconds": round(seconds, 1),
    }


def in_words(outcome: Outcome, found: Named, *, move: str, seconds: float) -> list[str]:
    """Return the lines for people."""
    amount = f"{len(outcome.hashes):,} files, {outcome.bytes / MB:,.1f} MB"
    lines = [f"Moved {amount}, {move} in {seconds:,.0f} s: each was read back there, and has the hash that it had."]
    if outcome.left:
        reasons = (f"{name!r}: {why}" for name, why in outcome.left.items())
        lines += [f"{len(outcome.left):,} could not be moved, and are where they were:", *first_of(reasons)]
    if found.missing:
        lines += [f"{len(found.missing):,} that the database names are not there:", *first_of(map(repr, found.missing))]
    if found.different:
        lines += [f"{len(found.different):,} are not as the database says:", *first_of(map(repr, found.different))]
    if len(lines) == 1:
        lines.append(f"All {found.count:,} files that the database names are there. {LAST_STEP[move]}")
    return lines


def first_of(lines: Iterable[str]) -> list[str]:
    """Return the first of some lines, and that there are more."""
    found = [f"  {line}" for line in lines]
    return found[:SHOWN] + (["  …"] if found[SHOWN:] else [])
