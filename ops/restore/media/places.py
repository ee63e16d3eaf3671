"""Where a restore works: a folder inside the media folder, which renames need, that nobody else may look into and no backup copies."""

import os
from dataclasses import dataclass
from pathlib import Path

from ops.backup import files
from ops.backup.sets import PARTIAL
from ops.backup.targets.target import NOT_MEDIA, OF_RESTORES
from ops.errors import REFUSED, OperatorError

INCOMING, KEPT = "incoming-", "kept-"
ENTRIES = ".entries"
FOLDER_MODE, FILE_MODE = 0o755, 0o644  # as the application makes them: nginx is another user


@dataclass(frozen=True, kw_only=True)
class Places:
    """The media folder, and what restores have in it."""

    folder: Path

    @property
    def work(self) -> Path:
        """The folder of restores."""
        return self.folder / OF_RESTORES

    def partial(self, snapshot_id: str) -> Path:
        """Return where a snapshot is fetched to."""
        return self.work / f"{INCOMING}{snapshot_id}{PARTIAL}"

    def entries(self) -> list[str]:
        """Return the names in the media folder itself, without ours. Raises OSError."""
        return sorted(name for name in os.listdir(self.folder) if name not in NOT_MEDIA)  # noqa: PTH208 - names of any bytes

    def of_kind(self, kind: str) -> list[Path]:
        """Return what restores have left of a kind, the oldest first; what is not complete is left out. Raises OSError."""
        found = self.work.iterdir() if self.work.is_dir() else []
        return sorted(path for path in found if path.name.startswith(kind) and not path.name.endswith(PARTIAL))

    def make(self, path: Path, *, mode: int = 0o700) -> None:
        """Make a folder of restores, or one in it, with the media folder's owner. Raises OSError."""
        if not path.is_dir():
            if path != self.work:
                self.make(path.parent, mode=mode if path.parent != self.work else 0o700)
            path.mkdir()
            path.chmod(mode)
            self.give(path)

    def give(self, path: Path) -> None:
        """Give a file or folder to who has the media folder, where we are root: the application has to write there. Raises OSError."""
        if os.geteuid() == 0:
            owner = self.folder.stat()
            os.chown(path, owner.st_uid, owner.st_gid)


def writable(folder: Path) -> Places:
    """Return the places of a folder; raises OperatorError where it is not there, or can't be written."""
    if not folder.is_dir():
        raise refused(f"there is no folder {folder}", hint="Mount it, make it, or set MEDIA_ROOT.")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise refused(
            f"{folder} can't be written by user {os.geteuid()}",
            hint="Run scripts/restore_media.sh on the host, not in the backup service's container, which has it read-only.",
        )
    return Places(folder=folder)


def like_the_application_s(places: Places, root: Path) -> None:
    """Give what was fetched the rights and the owner that the application's files have. Raises OSError."""
    for folder, _, names in os.walk(root):
        if Path(folder) != root:
            Path(folder).chmod(FOLDER_MODE)
            places.give(Path(folder))
        for name in names:
            path = Path(folder) / name
            if path.stat().st_nlink == 1:  # else it is the live file itself
                path.chmod(FILE_MODE)
                places.give(path)
                files.flush(path)
        files.flush(Path(folder))


def refused(message: str, *, hint: str) -> OperatorError:
    """Return the error of a restore of media that does not begin."""
    return OperatorError(f"Refusing to restore media: {message}. Nothing was changed.", hint=hint, status=REFUSED)
