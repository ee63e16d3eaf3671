"""Media in two places, while they are moved from the one to the other: MEDIA_STORAGE_MOVE."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from django.conf import settings
from django.core.files.base import File
from django.core.files.storage import Storage

from config.media.bucket import BucketStorage
from config.media.folder import FolderStorage
from config.media.place import MediaAwayError, address

Answer = TypeVar("Answer")
Either = FolderStorage | BucketStorage


class MovingStorage(Storage):
    """New files go to the `new` place; what is not there is still in the `old` one. A file that is in both is the same in both."""

    def __init__(self) -> None:
        self.folder, self.bucket = FolderStorage(), BucketStorage()
        is_to_bucket = settings.MEDIA_STORAGE_MOVE == "to-bucket"
        self.new: Either = self.bucket if is_to_bucket else self.folder
        self.old: Either = self.folder if is_to_bucket else self.bucket

    def from_either(self, ask: Callable[[Either], Answer]) -> Answer:
        """Ask the new place, then the old one, then the new one again, since a file may have been moved meanwhile."""
        with contextlib.suppress(FileNotFoundError, MediaAwayError):
            return ask(self.new)
        with contextlib.suppress(FileNotFoundError):
            return ask(self.old)
        return ask(self.new)

    def _open(self, name: str, mode: str = "rb") -> File[Any]:
        return self.from_either(lambda place: place.open(name, mode))

    def _save(self, name: str, content: File[Any]) -> str:
        return self.new.save(name, content)

    def exists(self, name: str) -> bool:
        """Tell whether a file is in either place."""
        return self.new.exists(name) or self.old.exists(name)

    def size(self, name: str) -> int:
        """Return a file's size in bytes."""
        return self.from_either(lambda place: place.size(name))

    def get_modified_time(self, name: str) -> Any:
        """Return when a file was stored."""
        return self.from_either(lambda place: place.get_modified_time(name))

    def listdir(self, path: str) -> tuple[list[str], list[str]]:
        """Return the folders and the files that a folder has in either place."""
        folders, files = set[str](), set[str]()
        for place in (self.new, self.old):
            with contextlib.suppress(FileNotFoundError):
                more_folders, more_files = place.listdir(path)
                folders.update(more_folders)
                files.update(more_files)
        return sorted(folders), sorted(files)

    def delete(self, name: str) -> None:
        """Delete a file in both places: in the old one first, where who moves it looks again once it is copied."""
        self.old.delete(name)
        self.new.delete(name)

    def delete_all(self, names: Sequence[str]) -> list[str]:
        """Delete files in both places, in that order; return the names of those that could not be."""
        return sorted({*self.old.delete_all(names), *self.new.delete_all(names)})

    def url(self, name: str | None) -> str:
        """Return a file's address, which does not say where the file is."""
        return address(settings.MEDIA_URL, name)

    def signed(self, name: str, *, method: str) -> str:
        """Return the request that fetches a file from the bucket; empty where it lies in the folder."""
        return self.from_either(lambda place: signed_there(place, name, method=method))

    def look(self) -> str:
        """Return where media go, and ask whether the bucket is there."""
        return f"moved {settings.MEDIA_STORAGE_MOVE}, {self.bucket.look()}"


def signed_there(place: Either, name: str, *, method: str) -> str:
    """Return the request that fetches a file from its place; raises FileNotFoundError where it is not there."""
    if not place.exists(name):
        raise FileNotFoundError(name)
    return place.signed(name, method=method)
