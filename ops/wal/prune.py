"""Removes base backups and WAL that no time of the window needs. Called after a base backup that was verified, and never else."""

import datetime

from ops.backup import files
from ops.backup.progress import Progress
from ops.wal import bases, retention
from ops.wal.archive import NOTE, Archive


def prune(archive: Archive, *, days: int, progress: Progress) -> tuple[list[str], int]:
    """Remove what may go; return the ids of base backups, and how many segments. Raises OperatorError."""
    with files.told("remove what no time of the window needs", archive.folder):
        now = datetime.datetime.now(tz=datetime.UTC)
        going = retention.expired(bases.found(archive.bases), days=days, now=now)
        for base in sorted(
            going.bases, key=lambda each: each.at, reverse=True
        ):  # what builds on another goes before it
            progress.say(f"Removing base backup {base.id}: any second of the last {days} days can be had without it")
            bases.remove(archive.bases, base)
        return [base.id for base in going.bases], remove_segments(archive, going.before_segment or 0)


def remove_segments(archive: Archive, before: int) -> int:
    """Remove the segments before a number; return how many. Raises OSError."""
    going = sorted(segment for segment in archive.put_away() if segment.number < before)
    for segment in going:
        path = archive.path(segment)
        path.unlink()
        path.with_suffix(NOTE).unlink(missing_ok=True)
    return len(going)
