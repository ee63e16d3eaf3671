"""Files that are on the disk when a function returns, their hashes, and a disk's errors in an operator's words."""

import contextlib
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from ops.errors import OperatorError

PIECE_BYTES = 1 << 20


@contextlib.contextmanager
def told(what: str, path: Path) -> Iterator[None]:
    """Turn an error of the disk into an operator's, which says what could not be done."""
    try:
        yield
    except OSError as error:
        raise OperatorError(
            f"Cannot {what}: {error.filename or path}: {error.strerror}.",
            hint=f"See the disk and its rights: df -h {path}",
        ) from None


def write(path: Path, text: str) -> None:
    """Write a new file, its owner's alone, and flush it. Raises OSError."""
    with new(path) as file:
        file.write(text.encode())


@contextlib.contextmanager
def new(path: Path) -> Iterator[BinaryIO]:
    """Open a new file, its owner's alone, that is on the disk when the block is left. Raises OSError."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb", buffering=PIECE_BYTES) as file:
        yield file
        file.flush()
        os.fsync(file.fileno())


def replace(path: Path, text: str) -> None:
    """Write a file whole or not at all, over an older one. Raises OSError."""
    fresh = path.with_name(f".{path.name}.fresh")
    fresh.unlink(missing_ok=True)
    write(fresh, text)
    fresh.replace(path)
    flush(path.parent)


def flush(path: Path) -> None:
    """Wait until a file, or a folder's list of names, is on the disk. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sha256(path: Path) -> str:
    """Return a file's SHA-256. Raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
