"""A folder of this machine: a network's that is mounted, or another disk. Needs no program."""

import ctypes
import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from ops.backup.files import told
from ops.backup.targets import target
from ops.backup.targets.address import Address
from ops.backup.targets.target import MANIFEST, Show, Target, show_nothing, size_of
from ops.errors import REFUSED, OperatorError

UNFINISHED = ".unfinished"


class FileTarget(Target):
    """A folder that has to be there: where a disk is not mounted, nothing is made in its place."""

    def __init__(self, address: Address, *, variable: str) -> None:
        self.url, self.variable = address.url, variable
        self.folder = Path(address.path)
        self.has_to_be_mounted = address.options.get("mounted") == "true"

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
        """Copy each file under another name first; a file that is there is whole."""
        vanished, done = [], 0
        with told(f"write to {self.variable}", self.folder):
            into, linked = self.place(name), self.place(like) if like else None
            folders = {os.path.dirname(path) for path in wanted}  # noqa: PTH120 - thousands of them: Path is slow
            for each in folders:
                (into / each).mkdir(mode=0o700, parents=True, exist_ok=True)
            sizes = {path: size_of(folder / path) for path in wanted}
            whole = sum(sizes.values())
            for path in wanted:
                if not put(folder / path, into / path, linked / path if linked else None, is_anew=is_anew):
                    vanished.append(path)
                done += sizes[path]
                show(done, whole)
            sync(into if into.is_dir() else self.folder)
        return vanished

    def compare(self, name: str, wanted: Mapping[str, str], *, beside: Path | None = None) -> list[str]:  # noqa: ARG002 - reads here anyway
        """Hash the files."""
        with told(f"read {self.variable}", self.folder):
            return target.different(self.place(name), wanted)

    def fetch(self, name: str, folder: Path, *, only: Sequence[str] | None = None, show: Show = show_nothing) -> None:
        """Copy the files; those that are there already with the same size and time are left."""
        with told(f"fetch from {self.variable}", self.folder):
            source = self.place(name)
            if not source.is_dir():
                raise OperatorError(
                    f"Cannot fetch {name}: {self.url} has none.", hint="See what there is: scripts/backup.sh --list"
                )
            wanted = target.files_of(source) if only is None else only
            sizes = {path: size_of(source / path) for path in wanted}
            done, whole = 0, sum(sizes.values())
            for path in wanted:
                (folder / path).parent.mkdir(parents=True, exist_ok=True)
                if not put(source / path, folder / path, None, is_anew=False):
                    raise OperatorError(
                        f"Cannot fetch {name}/{path}: {self.url} does not have it.",
                        hint=f"See its folder: ls -l {source}",
                    )
                done += sizes[path]
                show(done, whole)

    def names(self, prefix: str = "", *, last: str = MANIFEST) -> list[str]:
        """Look which folders have the last file; all where `last` is empty."""
        with told(f"read {self.variable}", self.folder):
            folder = self.place(prefix)
            each = sorted(folder.iterdir()) if folder.is_dir() else []
            return [path.name for path in each if path.is_dir() and (not last or (path / last).is_file())]

    def remove(self, name: str, *, last: str = MANIFEST) -> None:
        """Remove the last file, then the rest."""
        with told(f"remove {name} from {self.variable}", self.folder):
            (self.place(name) / last).unlink(missing_ok=True)
            shutil.rmtree(self.place(name), ignore_errors=False)

    def place(self, name: str) -> Path:
        """Return a name's folder; raises OperatorError where the target itself is not there."""
        if not self.folder.is_dir():
            raise self.absent(f"there is no folder {self.folder}")
        if self.has_to_be_mounted and not self.folder.is_mount():
            raise self.absent(f"{self.folder} is not a mount point")
        return self.folder / name

    def absent(self, what: str) -> OperatorError:
        """Return the error of a target that is not there."""
        return OperatorError(
            f"Refusing to use {self.variable}: {what}.", hint=f"Mount it: mount {self.folder}", status=REFUSED
        )


def put(source: Path, path: Path, like: Path | None, *, is_anew: bool) -> bool:
    """Copy or link one file; tell whether its source was there. Raises OSError."""
    try:
        found = source.stat()
        if not is_anew and is_same(path, found):
            return True
        unfinished = path.with_name(f".{path.name[:200]}{UNFINISHED}")
        unfinished.unlink(missing_ok=True)
        if like is None or is_anew or not is_same(like, found) or not is_linked(like, unfinished):
            shutil.copyfile(source, unfinished)
            os.utime(unfinished, ns=(found.st_mtime_ns, found.st_mtime_ns))
            unfinished.chmod(0o600)
    except FileNotFoundError:
        if source.exists():
            raise
        return False
    unfinished.replace(path)
    return True


def is_linked(like: Path, path: Path) -> bool:
    """Link a file; tell whether the file system can."""
    try:
        path.hardlink_to(like)
    except OSError:
        return False
    return True


def is_same(path: Path, found: os.stat_result) -> bool:
    """Tell whether a file has the size and time of another."""
    try:
        own = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    return (own.st_size, own.st_mtime_ns // 1_000_000_000) == (found.st_size, found.st_mtime_ns // 1_000_000_000)


def sync(folder: Path) -> None:
    """Wait until what was written to a folder's file system is on its disk: one call, where flushing each file would take minutes."""
    syncfs = getattr(ctypes.CDLL(None, use_errno=True), "syncfs", None)
    if syncfs is None:
        os.sync()
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        if syncfs(descriptor):
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number), str(folder))
    finally:
        os.close(descriptor)
