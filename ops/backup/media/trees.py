"""Snapshots as dated folders, where a target can link: each has every file under its name, and what did not change takes no room."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from ops.backup.media.catalogue import FILES, Files, Snapshot, place
from ops.backup.targets import Show, Target, show_nothing


class Trees:
    """`media/<id>/files/<name>`."""

    def __init__(self, target: Target) -> None:
        self.target = target

    def put(
        self, folder: Path, snapshot_id: str, wanted: Files, *, previous: Snapshot | None, show: Show = show_nothing
    ) -> None:
        """Copy what is new, and link what the snapshot before has with the same contents: size and time alone would not tell."""
        before = previous.files if previous else {}
        same = [name for name, each in wanted.items() if name in before and before[name].sha256 == each.sha256]
        fresh = sorted(wanted.keys() - set(same))
        if previous and same:
            self.target.copy(folder, files_of(snapshot_id), same, like=files_of(previous.id))
        self.target.copy(folder, files_of(snapshot_id), fresh, show=show)

    def compare(self, snapshot: Snapshot, names: Sequence[str], *, beside: Path | None) -> list[str]:
        """Return which of the files are not there as the snapshot's manifest says."""
        wanted = {name: snapshot.files[name].sha256 for name in names}
        return self.target.compare(files_of(snapshot.id), wanted, beside=beside) if wanted else []

    def mend(self, folder: Path, snapshot: Snapshot, names: Sequence[str]) -> None:
        """Store files anew. A link to a damaged one stays what it is: each snapshot that has it is mended by itself."""
        self.target.copy(folder, files_of(snapshot.id), names, is_anew=True)

    def fetch(self, snapshot: Snapshot, folder: Path, names: Sequence[str], *, show: Show = show_nothing) -> None:
        """Fetch files by their names."""
        self.target.fetch(files_of(snapshot.id), folder, only=names, show=show)

    def remove(self, snapshot_id: str) -> None:
        """Remove a snapshot; what another links to stays."""
        self.target.remove(place(snapshot_id))

    def sweep(self, kept: Sequence[Snapshot]) -> None:
        """Remove what no snapshot needs: nothing, as each has its own."""

    def unshared(self, snapshots: Sequence[Snapshot]) -> Mapping[str, list[str]]:
        """Return of each snapshot the files that it does not share with the next one: of the newest, all."""
        found: dict[str, list[str]] = {}
        newer: dict[str, str] = {}
        for snapshot in reversed(snapshots):
            found[snapshot.id] = [name for name, each in snapshot.files.items() if newer.get(name) != each.sha256]
            newer = {name: each.sha256 for name, each in snapshot.files.items()}
        return found


def files_of(snapshot_id: str) -> str:
    """Return the name of the folder of a snapshot's files."""
    return f"{place(snapshot_id)}/{FILES}"
