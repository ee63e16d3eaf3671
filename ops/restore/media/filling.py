"""Brings a bucket to what its copy here has become by a restore.

What is to be done is noted before the copy is changed, so that a restore that was killed can be gone on with. What was uploaded to the
bucket meanwhile is in no note, and stays.
"""

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from ops.backup import files
from ops.backup.media import scan
from ops.backup.media.bucket import NOTE, MediaBucket
from ops.backup.progress import Progress
from ops.restore.media.places import ENTRIES, Places


@dataclass(frozen=True, kw_only=True)
class Note:
    """The names of the files that the bucket is to have as the copy has them, and of those that it is to have no more."""

    copied: Sequence[str]
    removed: Sequence[str]


def note(places: Places, bucket: MediaBucket | None, *, copied: Sequence[str], removed: Sequence[str] = ()) -> None:
    """Write down what is to be done once the copy is changed; nothing where there is no bucket. Raises OSError."""
    if bucket:
        files.replace(places.folder / NOTE, json.dumps(asdict(Note(copied=list(copied), removed=list(removed)))))


def is_noted(places: Places) -> bool:
    """Tell whether something is still to be done."""
    return (places.folder / NOTE).exists()


def fill(places: Places, bucket: MediaBucket | None, progress: Progress) -> None:
    """Do what is noted: store, compare by hash, remove; raises OperatorError, and then it is still noted."""
    if not bucket or not is_noted(places):
        return
    with files.told("read what is to be done in the bucket", places.work):
        noted = Note(**json.loads((places.folder / NOTE).read_text(encoding="utf-8")))
        # The copy says what is right: a restore that was killed before it changed that has nothing to do here.
        wanted = {name: files.sha256(places.folder / name) for name in noted.copied if is_file(places.folder / name)}
        removed = [name for name in noted.removed if not os.path.lexists(places.folder / name)]
    with progress.step("bucket", f"Storing {len(wanted):,} files in {bucket.target.url}, removing {len(removed):,}"):
        bucket.target.copy(places.folder, "", list(wanted), is_anew=True, show=progress.amount)
        bucket.target.prove(places.folder, "", wanted)
        bucket.target.delete("", removed)
    (places.folder / NOTE).unlink()


def difference(live: Path, other: Path) -> Note:
    """Return what a bucket that has the one is to be done to, to have the other; what is the same is linked. Raises OSError."""
    here, there = (dict(scan.walk(each, "")) for each in (live, other))
    there.pop(ENTRIES, None)
    inodes = {name: entry.inode() for name, entry in here.items()}
    copied = [name for name, entry in there.items() if inodes.get(name) != entry.inode() and entry.is_file()]
    return Note(copied=copied, removed=[name for name in here if name not in there])


def is_file(path: Path) -> bool:
    """Tell whether it is a plain file."""
    return path.is_file() and not path.is_symlink()
