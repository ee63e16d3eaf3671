"""Which times can be recovered to: base backups whose chain is there, and the WAL that follows each without a gap. Reads only."""

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ops.wal import bases, timelines
from ops.wal.archive import Archive
from ops.wal.bases import Base
from ops.wal.segments import Segment
from ops.wal.status import Status
from ops.wal.timelines import Histories


@dataclass(frozen=True, kw_only=True)
class Received:
    """That everything that was committed until a time is before a position of WAL, at which WAL ended then."""

    position: int
    until: datetime.datetime


@dataclass(frozen=True, kw_only=True)
class Stretch:
    """The times that one base backup leads to. `segments` are those that follow it without a gap, the last perhaps in part."""

    archive: Archive
    chain: Sequence[Base]
    segments: Sequence[Segment]
    latest: Received

    @property
    def base(self) -> Base:
        """The base backup that WAL is replayed onto."""
        return self.chain[-1]

    @property
    def until(self) -> datetime.datetime:
        """The latest of the times."""
        return self.latest.until


def stretches(archive: Archive, status: Status | None) -> list[Stretch]:
    """Return what each base backup leads to, the oldest first. Raises OSError."""
    (there, partial), everything, histories = archive.listing(), bases.found(archive.bases), archive.histories()
    # By the folder's name: one that was put aside under another is of the same cluster, and receives no more.
    now = of_status(status) if status and status.system_identifier == archive.folder.name else None
    found = []
    for base in everything:
        chain = bases.chain(base, everything)
        if chain:
            segments = following(archive, base, there, histories)
            coming = on_the_way(archive, base, base.first_segment + len(segments), histories)
            aside = noted(archive, [coming]) if archive.aside(coming).exists() else []
            if aside:
                found.append(of_chain(archive, chain, segments, coming, aside[0]))
            else:
                found.append(of_chain(archive, chain, segments, coming if coming in partial else None, now))
    return [stretch for stretch in found if stretch]


def following(archive: Archive, base: Base, there: set[Segment], histories: Histories) -> list[Segment]:
    """Return the complete segments that follow a base backup without a gap."""
    found, number = [], base.first_segment
    while (segment := on_the_way(archive, base, number, histories)) in there:
        found.append(segment)
        number += 1
    return found


def on_the_way(archive: Archive, base: Base, number: int, histories: Histories) -> Segment:
    """Return the segment of a number, on the timeline that it is on for who comes from a base backup."""
    timeline = timelines.of_segment(
        number, segment_bytes=archive.segment_bytes, start=base.timeline, histories=histories
    )
    return Segment(timeline=timeline, number=number)


def of_chain(
    archive: Archive, chain: Sequence[Base], complete: list[Segment], partial: Segment | None, received: Received | None
) -> Stretch | None:
    """Return what a chain leads to; None where not even its own WAL is here. `received` is how far the last, partial, one is."""
    base = chain[-1]
    ends = (base.first_segment + len(complete)) * archive.segment_bytes
    is_partial = partial is not None and received is not None and received.position > ends
    reaches = min(received.position, ends + archive.segment_bytes) if received and is_partial else ends
    if reaches < base.end:
        return None
    known = [Received(position=base.end, until=base.at)]
    known += noted(archive, complete[base.last_segment - base.first_segment :])
    known += [received] if received and received.position <= reaches else []
    segments = [*complete, partial] if partial and is_partial else complete
    latest = max(known, key=lambda each: each.until)
    return Stretch(archive=archive, chain=chain, segments=segments, latest=latest)


def noted(archive: Archive, segments: Iterable[Segment]) -> list[Received]:
    """Return what the last segment's note says that has something to say; or nothing."""
    for segment in reversed(list(segments)):
        note = archive.note(segment)
        if until := note.get("received_until"):
            at = datetime.datetime.fromisoformat(until)
            return [Received(position=int(note["received_position"]), until=at)]
    return []


def of_status(status: Status) -> Received | None:
    """Return how far the receiver says that it is."""
    if not status.received_until:
        return None
    at = datetime.datetime.fromisoformat(status.received_until)
    return Received(position=status.received_position, until=at)


def windows(found: Iterable[Stretch]) -> list[tuple[datetime.datetime, datetime.datetime]]:
    """Return the times from and until which can be recovered to, those that overlap as one."""
    merged: list[tuple[datetime.datetime, datetime.datetime]] = []
    for begins, ends in sorted((each.base.at, each.until) for each in found):
        if merged and begins <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], ends))
        else:
            merged.append((begins, ends))
    return merged


def newest_followed(archive: Archive) -> Base | None:
    """Return the newest base backup; None where there is none, or where WAL after it is missing. Raises OSError."""
    (there, _), everything, histories = archive.listing(), bases.found(archive.bases), archive.histories()
    whole = [base for base in everything if bases.chain(base, everything)]
    if not whole:
        return None
    missing = whole[-1].first_segment + len(following(archive, whole[-1], there, histories))
    return None if any(segment.number > missing for segment in there) else whole[-1]


def gaps(archive: Archive) -> list[str]:
    """Return the names of the segments that are missing between the oldest base backup and the newest segment. Raises OSError."""
    (there, _), histories, everything = archive.listing(), archive.histories(), bases.found(archive.bases)
    if not there or not everything:
        return []
    oldest = min(everything, key=lambda base: base.start)
    newest = max(segment.number for segment in there)
    wanted = [on_the_way(archive, oldest, number, histories) for number in range(oldest.first_segment, newest + 1)]
    return [segment.name(archive.segment_bytes) for segment in wanted if segment not in there]
