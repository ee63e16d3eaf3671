"""Base backups: what is in one's folder, how one is found, and which others it builds on."""

import datetime
import hashlib
import json
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from ops.backup import files
from ops.backup.contents import Facts
from ops.backup.sets import NAME, PARTIAL
from ops.backup.targets.target import different

ABOUT, SUMS, ARCHIVE, THEIRS = "manifest.json", "SHA256SUMS", "base.tar.gz", "backup_manifest"
FORMAT = 1


@dataclass(frozen=True, kw_only=True)
class Base:
    """A base backup that pg_verifybackup has found whole. Times are the server's; `start` and `end` positions of its WAL."""

    id: str
    parent: str | None
    system_identifier: str
    segment_bytes: int
    timeline: int
    start: int
    end: int
    started_at: str
    ended_at: str
    server: str
    superuser: str
    seconds: float
    unpacked_bytes: int
    files: Facts
    format: int = FORMAT

    @property
    def at(self) -> datetime.datetime:
        """The first time that it can be recovered to."""
        return datetime.datetime.fromisoformat(self.ended_at)

    @property
    def bytes(self) -> int:
        """The size of its files."""
        return sum(int(each["bytes"]) for each in self.files.values())

    @property
    def first_segment(self) -> int:
        """The number of the first segment that it needs."""
        return self.start // self.segment_bytes

    @property
    def last_segment(self) -> int:
        """The number of the last segment that it can't do without."""
        return (self.end - 1) // self.segment_bytes


def write(folder: Path, base: Base) -> None:
    """Write what a base backup says of itself, and the hashes in the form of sha256sum. Raises OSError."""
    files.write(folder / ABOUT, json.dumps(asdict(base), indent=1) + "\n")
    files.write(folder / SUMS, sums(base, files.sha256(folder / ABOUT)))


def sums(base: Base, own: str) -> str:
    """Return the hashes of all files in the form of sha256sum."""
    each = {name: facts["sha256"] for name, facts in base.files.items()} | {ABOUT: own}
    return "".join(f"{value}  {name}\n" for name, value in each.items())


def read(folder: Path) -> Base | None:
    """Return the base backup in a folder; None where it says nothing of itself, or a byte of that was changed."""
    try:
        content = (folder / ABOUT).read_bytes()
        text = (folder / SUMS).read_text(encoding="utf-8")
        found = json.loads(content)
    except (OSError, ValueError):
        return None
    if not isinstance(found, dict) or set(found) != {each.name for each in fields(Base)}:
        return None
    base = Base(**found)
    return base if base.id == folder.name and text == sums(base, hashlib.sha256(content).hexdigest()) else None


def found(folder: Path) -> list[Base]:
    """Return the base backups in a folder, the oldest first. Raises OSError."""
    each = [read(path) for path in sorted(folder.iterdir()) if NAME.fullmatch(path.name)] if folder.is_dir() else []
    return [base for base in each if base]


def chain(base: Base, everything: Iterable[Base]) -> Sequence[Base] | None:
    """Return what a base backup builds on, the full one first and itself last; None where one of them is gone."""
    by_id = {each.id: each for each in everything}
    links = [base]
    while (parent := links[-1].parent) is not None:
        if parent not in by_id:
            return None
        links.append(by_id[parent])
    return links[::-1]


def damaged_files(folder: Path, base: Base) -> list[str]:
    """Return the names of files that are not as they were written. Raises OSError."""
    return different(folder, {name: str(facts["sha256"]) for name, facts in base.files.items()})


def publish(partial: Path) -> None:
    """Give a complete one its name, once all of it is on the disk. Raises OSError."""
    for path in (*partial.iterdir(), partial):
        files.flush(path)
    partial.rename(partial.with_name(partial.name.removesuffix(PARTIAL)))
    files.flush(partial.parent)


def remove(folder: Path, base: Base) -> None:
    """Remove one: first its name. Raises OSError."""
    partial = folder / f"{base.id}{PARTIAL}"
    (folder / base.id).rename(partial)
    files.flush(folder)
    shutil.rmtree(partial)
