"""Where a photo's files lie, and who may be handed them.

`public/<token>/small.webp` is what nginx serves to anybody who has the name; `private/<token>/…` is served only after the
application has said yes. Originals are always private. A token has 128 random bits. No two versions of a file share a name.
"""

import secrets
from collections.abc import Sequence
from typing import IO

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction

from apps.gallery.images import SUFFIXES
from apps.gallery.models import RenditionSize, Visibility
from config.media.place import media

PUBLIC, PRIVATE = "public", "private"
SHARED = "load-"  # begins the folder of files that many rows name: those of `manage.py demo --photos`


def new_token() -> str:
    """Return a folder name that nobody can guess."""
    return secrets.token_hex(16)


def original_name(content_type: str) -> str:
    """Return a new name for an original."""
    return f"{PRIVATE}/{new_token()}/original.{SUFFIXES[content_type]}"


def rendition_name(size: RenditionSize, *, visibility: str) -> str:
    """Return a new name for a rendition of a photo with that visibility."""
    return f"{folder_of(visibility)}/{new_token()}/{size.lower()}.webp"


def folder_of(visibility: str) -> str:
    """Return the folder that renditions of that visibility belong in."""
    return PRIVATE if visibility == Visibility.PRIVATE else PUBLIC


def is_in_place(name: str, *, visibility: str) -> bool:
    """Tell whether a rendition lies where its photo's visibility says."""
    return name.startswith(folder_of(visibility) + "/")


def store(name: str, content: bytes) -> str:
    """Write a new file and return its name. The folder is fresh, so no reader can see it half-written under a known name."""
    return default_storage.save(name, ContentFile(content))


def opened(name: str) -> IO[bytes]:
    """Return a stored file, open for reading; raises OSError, or ValueError (SuspiciousFileOperation) for a name outside."""
    file: IO[bytes] = default_storage.open(name)
    return file


def signed(name: str, *, method: str) -> str:
    """Return the request by which nginx fetches a file from the bucket; empty where nginx has it itself. Raises as `opened`."""
    return media().signed(name, method=method)


def exists(name: str) -> bool:
    """Tell whether a file is stored under that name; raises ValueError (SuspiciousFileOperation) for a name outside."""
    return default_storage.exists(name)


def is_plain(name: str) -> bool:
    """Tell whether a name says where its file lies: with a `..` in it, one that begins with `public/` may be a private file's."""
    return not {"", ".", ".."} & set(name.split("/"))


def read(name: str) -> bytes:
    """Return a stored file's content; raises OSError."""
    with default_storage.open(name) as file:
        content: bytes = file.read()
        return content


def remove(names: Sequence[str]) -> None:
    """Delete files but shared ones; some may be gone already. What can't be deleted now, the worker tries again."""
    if left := delete_all(names):
        from apps.gallery.services import enqueue

        enqueue("gallery.delete_files", *left)


def delete_all(names: Sequence[str]) -> list[str]:
    """Delete files but shared ones; return the names of those that could not be."""
    return media().delete_all([name for name in names if not is_shared(name)])


def is_shared(name: str) -> bool:
    """Tell whether other rows may name this file too. A token is hexadecimal: it never begins like that."""
    return name.partition("/")[2].startswith(SHARED)


def delete(name: str) -> None:
    """Delete a file, if it is there; raises OSError."""
    default_storage.delete(name)


def remove_on_commit(names: Sequence[str]) -> None:
    """Delete files once the rows that named them are gone for good."""
    transaction.on_commit(lambda: remove(names), robust=True)
