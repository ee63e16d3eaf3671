"""Chooses what a recovery to a time starts from and which WAL it takes, and looks whether all of it is whole. Changes nothing."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ops.backup import files
from ops.errors import REFUSED, OperatorError
from ops.wal import archive as archives
from ops.wal import bases, keep, reach, status, times
from ops.wal.reach import Stretch
from ops.wal.segments import Segment


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A way to a time. `segments` end with the first that everything committed until then is before the end of.

    `reaches` is where WAL ended at that time or a little later: a replay that finds nothing later has to come that far.
    """

    time: datetime.datetime
    stretch: Stretch
    segments: Sequence[Segment]
    reaches: int

    @property
    def unpacked_bytes(self) -> int:
        """How much room it takes: each link of the chain, and what they are combined to."""
        sizes = [base.unpacked_bytes for base in self.stretch.chain]
        return sum(sizes) + (max(sizes) if len(sizes) > 1 else 0)


def everything(root: Path) -> list[Stretch]:
    """Return all that can be recovered from in a folder of archives. Raises OperatorError."""
    with files.told("read the archive of WAL", root):
        seen = status.read(root)
        return [stretch for archive in archives.found(root) for stretch in reach.stretches(archive, seen)]


def choose(root: Path, time: datetime.datetime, *, zone: str) -> Plan:
    """Return the shortest way to a time: from the newest base backup before it that is whole. Raises OperatorError."""
    stretches = everything(root)
    fitting = [each for each in stretches if each.base.at <= time <= each.until]
    if not fitting:
        raise out_of_reach(root, time, stretches, zone=zone)
    wrong = []
    for stretch in sorted(fitting, key=lambda each: each.base.at, reverse=True):
        segments, reaches = needed(stretch, time)
        plan = Plan(time=time, stretch=stretch, segments=segments, reaches=reaches)
        if not (damaged := damages(plan)):
            return plan
        wrong += damaged
    raise damaged_way(stretches, sorted(set(wrong)), time, zone=zone)


def needed(stretch: Stretch, time: datetime.datetime) -> tuple[list[Segment], int]:
    """Return the segments up to the first that has everything until a time, and the position that this is before."""
    found, base = [], stretch.base
    for segment in stretch.segments:
        found.append(segment)
        for known in reach.noted(stretch.archive, [segment]):
            if known.until >= time and segment.number >= base.last_segment:
                return found, max(known.position, base.end)
    return found, stretch.latest.position


def damages(plan: Plan) -> list[str]:
    """Return the files of a plan that are not as they were written."""
    archive = plan.stretch.archive
    with files.told("read the archive of WAL", archive.folder):
        found = [
            f"base/{base.id}/{name}"
            for base in plan.stretch.chain
            for name in bases.damaged_files(archive.bases / base.id, base)
        ]
        there = archive.put_away()  # what is not yet has no hash
        each = [segment for segment in plan.segments if segment in there]
        return found + [f"wal/{archive.path(one).name}" for one in each if not keep.is_whole(archive, one)]


def out_of_reach(root: Path, time: datetime.datetime, stretches: Sequence[Stretch], *, zone: str) -> OperatorError:
    """Return the error of a time that no way leads to, with those that one does."""
    windows = reach.windows(stretches)
    if not windows:
        return refused(f"{root} has no base backup that WAL follows.", hint="Begin with one: python3 -m ops.wal base")
    shown = "; ".join(
        f"from {times.aloud(begins, zone=zone)} to {times.aloud(ends, zone=zone)}" for begins, ends in windows
    )
    if time > windows[-1][1]:
        hint = "Name the last of these, or a time before it."
    else:
        hint = "Name a time within these, or restore a set: scripts/backup.sh --list"
    return refused(f"{times.aloud(time, zone=zone)} can't be reached. What can: {shown}.", hint=hint)


def damaged_way(
    stretches: Sequence[Stretch], damaged: Sequence[str], time: datetime.datetime, *, zone: str
) -> OperatorError:
    """Return the error of damaged files on each way to a time, with the last time before the first damaged segment."""
    whole = []
    for stretch in stretches:
        names = [f"wal/{stretch.archive.path(each).name}" for each in stretch.segments]
        before = next((index for index, name in enumerate(names) if name in damaged), len(names))
        if before > stretch.base.last_segment - stretch.base.first_segment:
            known = reach.noted(stretch.archive, stretch.segments[:before])
            whole += [each.until for each in known if each.until >= stretch.base.at]
    last = f" The last time before that is {times.aloud(max(whole), zone=zone)}." if whole else ""
    return refused(
        f"{times.aloud(time, zone=zone)} can't be reached: {', '.join(damaged)} is not as it was written.{last}",
        hint="Take it from the copy off the machine: --from TARGET; or name an earlier time.",
    )


def refused(message: str, *, hint: str) -> OperatorError:
    """Return the error of a recovery that does not begin."""
    return OperatorError(f"Refusing to recover: {message}", hint=hint, status=REFUSED)
