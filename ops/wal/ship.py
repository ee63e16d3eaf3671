"""Copies to the target off the machine what is there: segments as they are put away, some in one parcel, and base backups."""

import datetime
import json
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path

from ops.backup import files
from ops.backup.contents import Facts
from ops.backup.targets import MANIFEST, Target
from ops.wal import archive as archives
from ops.wal import bases, parcel, retention
from ops.wal.archive import NOTE, Archive
from ops.wal.bases import Base
from ops.wal.segments import Segment

FOLDER, NAME, STAGING = "wal", "shipped.json", ".shipping"
MOST_SEGMENTS = 64  # in a parcel, so that one that fails is soon begun anew


class Shipping:
    """One archive's way to one target. What is there is written down here, and asked of the target only for what goes."""

    def __init__(self, archive: Archive, target: Target, *, recipients: Sequence[str], days: int) -> None:
        self.archive, self.target, self.recipients, self.days = archive, target, recipients, days
        self.wal_note, self.base_note = archive.folder / f"wal-{NAME}", archive.folder / f"base-{NAME}"
        self.behind_since: float | None = None

    @property
    def place(self) -> str:
        """Where the archive is at the target."""
        return f"{FOLDER}/{self.archive.system_identifier}"

    def waiting(self) -> list[Segment]:
        """Return the segments that are not there yet, in the order of WAL. Raises OSError."""
        name = self.shipped(self.wal_note).get("segment")
        last = Segment.of_name(name, self.archive.segment_bytes) if name else None
        return [each for each in sorted(self.archive.put_away()) if last is None or each > last]

    def behind_seconds(self, *, now: float) -> float:
        """Return for how long the oldest of them has been waiting, as of the last look."""
        return 0.0 if self.behind_since is None else round(max(0.0, now - self.behind_since), 1)

    def begin(self) -> None:
        """Store what says that there is an archive of this cluster. Raises OSError, OperatorError."""
        if not self.shipped(self.base_note):
            self.store(self.place, {archives.ABOUT: self.archive.folder / archives.ABOUT}, {}, staging="base")
            self.write_down(self.base_note, {"ids": []})

    def segments(self) -> None:
        """Store the next segments. Raises OSError, OperatorError."""
        waiting = self.waiting()
        # Of one timeline: a parcel's name, by which it is found and removed, tells of no second.
        chosen = [each for each in waiting if each.timeline == waiting[0].timeline][:MOST_SEGMENTS]
        self.behind_since = self.archive.path(chosen[0]).stat().st_mtime if chosen else None
        if not chosen:
            return
        names = [each.name(self.archive.segment_bytes) for each in chosen]
        sources = {path.name: path for each in chosen for path in (self.archive.path(each), self.note(each))}
        sources |= {path.name: path for path in self.archive.wal.glob("*.history")}
        untils = [until for each in chosen if (until := self.archive.note(each).get("received_until"))]
        about = {"segments": names, "received_until": untils[-1] if untils else None}
        self.store(f"{self.place}/segments/{names[0]}-{names[-1]}", sources, about, staging="segments")
        self.write_down(self.wal_note, {"segment": names[-1]})

    def base_backups(self) -> None:
        """Store the base backups that are not there, then remove there what no time needs any more. Raises OSError, OperatorError."""
        self.begin()
        there = list(self.shipped(self.base_note).get("ids", []))
        here = bases.found(self.archive.bases)
        for base in [each for each in here if each.id not in there]:
            folder = self.archive.bases / base.id
            sources = {name: folder / name for name in (*base.files, bases.ABOUT, bases.SUMS)}
            # A manifest of ours has the name that a parcel's has.
            sources = {renamed(name): path for name, path in sources.items()}
            self.store(f"{self.place}/base/{base.id}", sources, asdict(base), staging="base")
            there.append(base.id)
            self.write_down(self.base_note, {"ids": there})
            self.expire()

    def expire(self) -> None:
        """Remove what no time of the window needs at the target. Raises OSError, OperatorError."""
        found = bases_at(self.target, self.place, self.staging("bases"))
        going = retention.expired(found, days=self.days, now=datetime.datetime.now(tz=datetime.UTC))
        for base in sorted(going.bases, key=lambda each: each.at, reverse=True):
            self.target.remove(f"{self.place}/base/{base.id}")
        for name in self.target.names(f"{self.place}/segments"):
            last = Segment.of_name(name.split("-")[1], self.archive.segment_bytes)
            if last.number < (going.before_segment or 0):
                self.target.remove(f"{self.place}/segments/{name}")

    def store(self, name: str, sources: dict[str, Path], about: Facts, *, staging: str) -> None:
        """Store one parcel."""
        folder = self.staging(staging)
        try:
            parcel.pack(folder, sources, about, recipients=self.recipients)
            self.target.store(folder, name)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def staging(self, name: str) -> Path:
        """Return a folder's name that is free; what a killed run left there is removed. Raises OSError."""
        folder = self.archive.folder / f"{STAGING}-{name}"
        if folder.exists():
            shutil.rmtree(folder)
        return folder

    def note(self, segment: Segment) -> Path:
        """Return the file of a segment's note."""
        return self.archive.path(segment).with_suffix(NOTE)

    def shipped(self, path: Path) -> Facts:
        """Return what was written down of this target; nothing where it is another one."""
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) and found.get("target") == self.target.url else {}

    def write_down(self, path: Path, facts: Facts) -> None:
        """Write down what is there. Raises OSError."""
        files.replace(path, json.dumps({"target": self.target.url, **facts}) + "\n")


def make_room(archive: Archive) -> Path:
    """Make an empty folder for what a target has to send here to be compared: base backups are larger than /tmp. Raises OSError."""
    folder = archive.folder / f"{STAGING}-room"
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(mode=0o700)
    return folder


def bases_at(target: Target, place: str, folder: Path) -> list[Base]:
    """Return the base backups at a target, by their manifests, which are fetched into a folder. Raises OSError, OperatorError."""
    ids = target.names(f"{place}/base")
    if not ids:
        return []
    folder.mkdir(mode=0o700)
    try:
        target.fetch(f"{place}/base", folder, only=[f"{each}/{MANIFEST}" for each in ids])
        return [Base(**parcel.about(folder / each)) for each in ids]
    finally:
        shutil.rmtree(folder)


def renamed(name: str) -> str:
    """Return the name that a base backup's file has in a parcel."""
    return f"base-{name}" if name == bases.ABOUT else name


def names_of(found: Iterable[str], *, first: int, segment_bytes: int) -> list[str]:
    """Return the parcels of segments that have one of a number or a later one."""
    return [name for name in found if Segment.of_name(name.split("-")[1], segment_bytes).number >= first]
