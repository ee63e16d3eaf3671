"""Snapshots where a target cannot link: contents under their SHA-256, each once, and a manifest that says which name has which."""

import contextlib
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from ops.backup.files import told
from ops.backup.media.catalogue import FOLDER, OBJECTS, Files, Snapshot, place
from ops.backup.targets import Show, show_nothing
from ops.backup.targets.rclone import RcloneTarget

PLACE = f"{FOLDER}/{OBJECTS}"


class Objects:
    """`media/objects/ab/cdef…`. What a file is called, and how often it is there, costs nothing."""

    def __init__(self, target: RcloneTarget) -> None:
        self.target = target

    def put(
        self,
        folder: Path,
        snapshot_id: str,  # noqa: ARG002 - of trees
        wanted: Files,
        *,
        previous: Snapshot | None,  # noqa: ARG002 - of trees
        show: Show = show_nothing,
    ) -> None:
        """Store the contents that are not there yet, or have another size than they should."""
        there = self.target.sizes(PLACE)
        missing = {each.sha256: name for name, each in wanted.items() if there.get(key(each.sha256)) != each.bytes}
        with staged(folder, missing) as stage:
            self.target.copy(stage, PLACE, [key(sha256) for sha256 in missing], show=show)

    def compare(self, snapshot: Snapshot, names: Sequence[str], *, beside: Path | None) -> list[str]:  # noqa: ARG002 - of trees
        """Return which of the files are not there as the snapshot's manifest says; each object is read there once."""
        wanted = {key(snapshot.files[name].sha256): snapshot.files[name].sha256 for name in names}
        wrong = set(self.target.compare(PLACE, wanted)) if wanted else set()
        return [name for name in names if key(snapshot.files[name].sha256) in wrong]

    def mend(self, folder: Path, snapshot: Snapshot, names: Sequence[str]) -> None:
        """Store objects anew; that mends every snapshot that has them."""
        wanted = {snapshot.files[name].sha256: name for name in names}
        with staged(folder, wanted) as stage:
            self.target.copy(stage, PLACE, [key(sha256) for sha256 in wanted], is_anew=True)

    def fetch(self, snapshot: Snapshot, folder: Path, names: Sequence[str], *, show: Show = show_nothing) -> None:
        """Fetch objects, and give them the names that the snapshot has for them."""
        objects = folder / ".objects"
        self.target.fetch(PLACE, objects, only=sorted({key(snapshot.files[name].sha256) for name in names}), show=show)
        with told("name what was fetched", folder):
            for name in names:
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                (folder / name).unlink(missing_ok=True)
                shutil.copyfile(objects / key(snapshot.files[name].sha256), folder / name)
            shutil.rmtree(objects)

    def remove(self, snapshot_id: str) -> None:
        """Remove a snapshot's manifest; its objects go when the last snapshot that names them is gone."""
        self.target.remove(place(snapshot_id))

    def sweep(self, kept: Sequence[Snapshot]) -> None:
        """Remove the objects that no kept snapshot names."""
        named = {key(each.sha256) for snapshot in kept for each in snapshot.files.values()}
        self.target.delete(PLACE, sorted(self.target.sizes(PLACE).keys() - named))

    def unshared(self, snapshots: Sequence[Snapshot]) -> Mapping[str, list[str]]:
        """Return of each snapshot the files whose contents no newer one has."""
        found, seen = {}, set[str]()
        for snapshot in reversed(snapshots):
            found[snapshot.id] = [name for name, each in snapshot.files.items() if each.sha256 not in seen]
            seen |= {each.sha256 for each in snapshot.files.values()}
        return found


def key(sha256: str) -> str:
    """Return the name of an object: in 256 folders, since servers list one of thousands slowly."""
    return f"{sha256[:2]}/{sha256[2:]}"


@contextlib.contextmanager
def staged(folder: Path, wanted: Mapping[str, str]) -> Iterator[Path]:
    """Have a folder of links, by which files are found under their objects' names."""
    with tempfile.TemporaryDirectory() as stage:
        for sha256, name in wanted.items():
            path = Path(stage) / key(sha256)
            path.parent.mkdir(exist_ok=True)
            path.symlink_to(folder / name)
        yield Path(stage)
