"""Media in a folder, as Django stores them."""

import contextlib
import hashlib
import logging
import os
import secrets
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

from django.core.files.storage import FileSystemStorage

from config.media.place import address

logger = logging.getLogger("slipway.media")

PIECE_BYTES = 256 * 1024


class FolderStorage(FileSystemStorage):
    """Django's own, with addresses kept; a file's folder goes with the last file in it."""

    def url(self, name: str | None) -> str:
        """Return a file's address; raises ValueError where there is no MEDIA_URL."""
        return address(self.base_url, name)

    def delete_all(self, names: Sequence[str]) -> list[str]:
        """Delete files, one by one; return the names of those that could not be."""
        return [name for name in names if not self.is_deleted(name)]

    def is_deleted(self, name: str) -> bool:
        """Delete a file, and its folder where nothing else is in it; tell whether it is gone."""
        try:
            self.delete(name)
        except OSError as error:
            logger.warning("cannot delete a file", extra={"file": name, "error": str(error)})
            return False
        self.tidy(name)
        return True

    def tidy(self, name: str) -> None:
        """Remove the folder that a file was in, where it is empty and not the one of all media."""
        folder = Path(self.path(name)).parent
        if folder != Path(self.location):
            with contextlib.suppress(OSError):  # somebody has another file there
                folder.rmdir()

    def signed(self, name: str, *, method: str) -> str:  # noqa: ARG002 - a bucket's
        """Return nothing: nginx has the folder. Raises FileNotFoundError where the file is not there."""
        if not self.exists(name):
            raise FileNotFoundError(name)
        return ""

    def look(self) -> str:
        """Return in words where media are; that the folder can be written is a system check."""
        return f"in the folder {self.location}"

    def files(self) -> Iterator[tuple[str, int]]:
        """Yield the name and the size of every file. What begins with a dot beside them all is not media: restores work there."""
        for folder, folders, names in os.walk(self.location):
            place = Path(folder).relative_to(self.location)
            if place == Path():
                folders[:] = [each for each in folders if not each.startswith(".")]
                names = [each for each in names if not each.startswith(".")]  # noqa: PLW2901 - what is left of them
            folders.sort()
            for each in sorted(names):
                with contextlib.suppress(FileNotFoundError):
                    yield str(place / each), (Path(folder) / each).lstat().st_size

    def put(self, name: str, content: IO[bytes]) -> None:
        """Store a file under exactly this name: nobody sees it half written. Raises FileExistsError where there is one."""
        path, partial = Path(self.path(name)), self.work / f"{secrets.token_hex(8)}.partial"
        self.work.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            with partial.open("xb") as file:
                shutil.copyfileobj(content, file, PIECE_BYTES)
                file.flush()
                os.fsync(file.fileno())
            partial.chmod(self.file_permissions_mode or 0o644)
            path.parent.mkdir(parents=True, exist_ok=True)
            os.link(partial, path)
        finally:
            partial.unlink(missing_ok=True)

    def sha256(self, name: str) -> str:
        """Return a file's hash, in hexadecimal, by reading it."""
        with Path(self.path(name)).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    @property
    def work(self) -> Path:
        """A folder beside the files, which is not media, for what is not whole yet."""
        return Path(self.location) / ".move"
