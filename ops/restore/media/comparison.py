"""Compares the media folder with a snapshot, by contents. Changes nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ops.backup import files
from ops.backup.guards import megabytes
from ops.backup.media import scan
from ops.backup.media.catalogue import Snapshot


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """What a folder has of a snapshot: the names of files that are the same, different, missing, and not the snapshot's."""

    snapshot: Snapshot
    same: Sequence[str]
    different: Sequence[str]
    missing: Sequence[str]
    others: Sequence[str]

    @property
    def is_equal(self) -> bool:
        """Whether there is nothing to restore."""
        return not (self.different or self.missing or self.others)

    @property
    def takes_away(self) -> bool:
        """Whether something that is live would be no more."""
        return bool(self.different or self.others)

    @property
    def words(self) -> str:
        """What was found, for people."""
        size = megabytes(sum(self.snapshot.files[name].bytes for name in self.missing))
        return (
            f"{len(self.missing):,} of its {len(self.snapshot.files):,} files are missing ({size}), "
            f"{len(self.different):,} have other contents, {len(self.others):,} files are not in it"
        )


def compare(folder: Path, snapshot: Snapshot, *, hashes: Path) -> Comparison:
    """Look through a folder; `hashes` is the file of those that backups have computed. Raises OperatorError."""
    known, found = scan.read(hashes), {}
    with files.told("read the media", folder):
        for name, entry in scan.walk(folder, ""):
            one = (
                scan.look(entry, known.get(name))
                if name in snapshot.files and entry.is_file(follow_symlinks=False)
                else []
            )
            if one is not None:
                found[name] = one
    there = [name for name in snapshot.files if name in found]
    same = [name for name in there if found[name] and found[name][-1] == snapshot.files[name].sha256]
    return Comparison(
        snapshot=snapshot,
        same=same,
        different=sorted(set(there) - set(same)),
        missing=[name for name in snapshot.files if name not in found],
        others=[name for name in found if name not in snapshot.files],
    )
