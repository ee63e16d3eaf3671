"""What every place of media can do beyond what Django asks of a storage."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Protocol, cast

from django.conf import settings
from django.core.files.storage import FileSystemStorage, default_storage


class MediaAwayError(OSError):
    """The place of media does not answer, or not as it has to: not the file's fault. The message has no secret in it."""


class Place(Protocol):
    """A place of media. Names are those of Django's storages; raises OSError, or ValueError for a name that leads outside."""

    def delete_all(self, names: Sequence[str]) -> list[str]:
        """Delete files, some of which may be gone already; return the names of those that could not be. Raises nothing."""

    def signed(self, name: str, *, method: str) -> str:
        """Return the request that fetches a file from its bucket; empty where it lies in the folder."""

    def look(self) -> str:
        """Ask whether media can be had, and return that in words; raises MediaAwayError with why not."""


def has_bucket_alone() -> bool:
    """Tell whether media are in a bucket, and nowhere else."""
    return bool(settings.MEDIA_STORAGE_URL) and settings.MEDIA_STORAGE_MOVE == "none"


def media() -> Place:
    """Return the place of media."""
    return cast("Place", default_storage)


@lru_cache(maxsize=10_000)
def address(base_url: str | None, name: str | None) -> str:
    """Return the address of a file below another one. It depends on nothing else, and is asked for again and again."""
    return FileSystemStorage(location="/", base_url=base_url).url(name)
