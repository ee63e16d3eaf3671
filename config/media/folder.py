"""Media in a folder, as Django stores them."""

import contextlib
import logging
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from django.core.files.storage import FileSystemStorage

from config.media.place import address

logger = logging.getLogger("slipway.media")


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

    def names(self) -> Iterator[str]:
        """Yield the name of every file. What begins with a dot beside them all is not media: restores keep things there."""
        for folder, folders, files in os.walk(self.location):
            place = Path(folder).relative_to(self.location)
            if place == Path():
                folders[:] = [each for each in folders if not each.startswith(".")]
            folders.sort()
            yield from (str(place / each) for each in sorted(files) if place != Path() or not each.startswith("."))
