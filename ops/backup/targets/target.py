"""What every target can do, and how a folder is stored: its files, compared, then the one that says that they are all there."""

import hashlib
import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Container, Mapping, Sequence
from pathlib import Path

from ops.backup import files
from ops.errors import OperatorError

MANIFEST = "manifest.json"
SHOWN = 10
OF_RESTORES = ".restore"  # in a media folder, what scripts/restore_media.sh works in, and keeps
NOT_MEDIA = (OF_RESTORES, ".move")  # and what manage.py move_media works in
Show = Callable[[int, int], None]  # how many of how many bytes are done


def show_nothing(done: int, of: int) -> None:
    """Show no progress."""


class Target(ABC):
    """A place off this machine. Names are paths below it, with slashes; errors are OperatorErrors."""

    url: str
    variable: str
    room: Path | None = (
        None  # where what has to be sent here to be compared lies meanwhile; None: where temporary files are
    )

    @abstractmethod
    def copy(
        self,
        folder: Path,
        name: str,
        wanted: Sequence[str],
        *,
        like: str = "",
        is_anew: bool = False,
        show: Show = show_nothing,
    ) -> list[str]:
        """Copy some of a folder's files to `name/`; return those that vanished meanwhile.

        Where the folder `like` has the same file (size and time), it is linked instead, if the target can.
        `is_anew`: also over what looks the same.
        """

    @abstractmethod
    def compare(self, name: str, wanted: Mapping[str, str], *, beside: Path | None = None) -> list[str]:
        """Return the files (name to SHA-256) that are missing in `name/`, or have other contents; read at the target.

        `beside` is a folder whose files have these hashes. Some targets then need not send theirs here.
        """

    @abstractmethod
    def fetch(self, name: str, folder: Path, *, only: Sequence[str] | None = None, show: Show = show_nothing) -> None:
        """Copy `name/`, or the files that `only` names, into a folder, which may have a part of them. All of them have to be there."""

    @abstractmethod
    def names(self, prefix: str = "", *, last: str = MANIFEST) -> list[str]:
        """Return the names of the folders in `prefix/` that have their last file, sorted; none where there is no such place.

        Where `last` is empty, of all folders.
        """

    @abstractmethod
    def remove(self, name: str, *, last: str = MANIFEST) -> None:
        """Remove `name/`, the last file first, so that nobody takes the rest for a whole."""

    def store(
        self,
        folder: Path,
        name: str,
        *,
        last: str = MANIFEST,
        leave_out: Container[str] = (),
        show: Show = show_nothing,
    ) -> None:
        """Copy a folder to `name/`: its files, compared by checksum there; only then `last`, which says that they are all there."""
        with files.told(f"read {folder}", folder):
            wanted = {path: files.sha256(folder / path) for path in files_of(folder) if path not in leave_out}
        for part in ([path for path in wanted if path != last], [last]):
            self.copy(folder, name, part, show=show)
            self.prove(folder, name, {path: wanted[path] for path in part})

    def prove(self, folder: Path, name: str, wanted: Mapping[str, str]) -> None:
        """Compare; copy what is wrong once more, whatever it looks like; raise OperatorError where that did not help."""
        wrong = self.compare(name, wanted, beside=folder)
        if not wrong:
            return
        self.copy(folder, name, wrong, is_anew=True)
        if wrong := self.compare(name, {path: wanted[path] for path in wrong}, beside=folder):
            raise self.altered(name, wrong)

    def altered(self, name: str, wrong: Sequence[str]) -> OperatorError:
        """Return the error of a target that has something else than what was stored."""
        shown = ", ".join(repr(f"{name}/{path}") for path in wrong[:SHOWN]) + (", …" if wrong[SHOWN:] else "")
        return OperatorError(
            f"{self.url} does not have what was stored there: {len(wrong)} files are missing or have other contents: {shown}.",
            hint="Look at the target's disk and its log. What is on this machine is as it was.",
        )


def files_of(folder: Path) -> list[str]:
    """Return the paths of a folder's plain files, relative to it, sorted. Raises OSError."""
    return sorted(
        str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file() and not path.is_symlink()
    )


def different(folder: Path, wanted: Mapping[str, str]) -> list[str]:
    """Return the files that a folder of this machine lacks, or has with other contents. Raises OSError."""
    return [path for path, sha256 in wanted.items() if hash_or_nothing(folder / path) != sha256]


def hash_or_nothing(path: Path) -> str:
    """Return a file's hash, read from the disk itself where the system lets us; nothing where there is no file. Raises OSError."""
    try:
        with path.open("rb") as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
            return hashlib.file_digest(file, "sha256").hexdigest()
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return ""


def size_of(path: Path) -> int:
    """Return a file's size; zero where it has vanished. Raises OSError."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
