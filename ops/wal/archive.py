"""Where one cluster's WAL and base backups are: `.wal/<system identifier>` beside the sets. Knows the files, decides nothing."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ops.backup import files
from ops.backup.contents import Facts
from ops.wal import timelines
from ops.wal.segments import HISTORY, NAME, Segment
from ops.wal.timelines import Histories

ROOT, ABOUT = ".wal", "archive.json"
COMPRESSED, NOTE, PARTIAL = ".gz", ".json", ".partial"


@dataclass(frozen=True, kw_only=True)
class Archive:
    """One cluster's archive."""

    folder: Path
    system_identifier: str
    segment_bytes: int

    @property
    def receiving(self) -> Path:
        """Where pg_receivewal writes."""
        return self.folder / "receiving"

    @property
    def wal(self) -> Path:
        """Where complete segments are, compressed, each with a note."""
        return self.folder / "wal"

    @property
    def bases(self) -> Path:
        """Where base backups are."""
        return self.folder / "base"

    def path(self, segment: Segment) -> Path:
        """Return a complete segment's file."""
        return self.wal / f"{segment.name(self.segment_bytes)}{COMPRESSED}"

    def received(self, segment: Segment) -> Path | None:
        """Return the file of a segment that was received, be it in part; None where it is put away by now."""
        name = segment.name(self.segment_bytes)
        complete, partial = self.receiving / name, self.receiving / f"{name}{PARTIAL}"
        return next((each for each in (complete, partial, self.aside(segment)) if each.exists()), None)

    def aside(self, segment: Segment) -> Path:
        """Return the file of a segment of which the rest never came."""
        return self.wal / f"{segment.name(self.segment_bytes)}{PARTIAL}"

    def put_away(self) -> set[Segment]:
        """Return the segments that were put away. Raises OSError."""
        return self.named(path.name.removesuffix(COMPRESSED) for path in self.wal.glob(f"*{COMPRESSED}"))

    def listing(self) -> tuple[set[Segment], set[Segment]]:
        """Return the segments that are complete, and those received in part. Raises OSError."""
        names = [path.name for path in self.receiving.iterdir()]  # first: from here they move to there
        partial = [name.removesuffix(PARTIAL) for name in names if name.endswith(PARTIAL)]
        return self.put_away() | self.named(names), self.named(partial)

    def named(self, names: Iterable[str]) -> set[Segment]:
        """Return the segments among names of files."""
        return {Segment.of_name(name, self.segment_bytes) for name in names if NAME.fullmatch(name)}

    def note(self, segment: Segment) -> Facts:
        """Return what was noted of a segment; nothing where that can't be read."""
        try:
            found = json.loads(self.path(segment).with_suffix(NOTE).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def histories(self) -> Histories:
        """Return the switches before each timeline. Raises OSError."""
        found = [path for path in self.wal.glob("*.history") if HISTORY.fullmatch(path.name)]
        return {int(path.name[:8], 16): timelines.read(path) for path in found}


def opened(root: Path, *, system_identifier: str, segment_bytes: int) -> Archive:
    """Return a cluster's archive, made where there is none. Raises OSError."""
    archive = Archive(folder=root / system_identifier, system_identifier=system_identifier, segment_bytes=segment_bytes)
    for folder in (root, archive.folder, archive.receiving, archive.wal, archive.bases):
        folder.mkdir(mode=0o700, exist_ok=True)
    about = {"system_identifier": system_identifier, "segment_bytes": segment_bytes}
    if not (archive.folder / ABOUT).exists():
        files.replace(archive.folder / ABOUT, json.dumps(about) + "\n")
    return archive


def found(root: Path) -> list[Archive]:
    """Return the archives in a folder, the one that was written to last at the end. Raises OSError."""
    archives = [one(path.parent) for path in root.glob(f"*/{ABOUT}")]
    return sorted(archives, key=lambda each: each.wal.stat().st_mtime)


def one(folder: Path) -> Archive:
    """Return the archive in a folder. Raises OSError."""
    about = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
    return Archive(
        folder=folder, system_identifier=about["system_identifier"], segment_bytes=int(about["segment_bytes"])
    )
