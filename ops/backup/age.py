"""The door to age, by pyrage: encrypts, decrypts, in pieces, so that memory does not grow with a file. Keys come as text."""

import hashlib
import importlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from ops.backup import files
from ops.backup.contents import Facts
from ops.backup.stopping import undisturbed
from ops.errors import WRONG_USAGE, OperatorError

DAMAGED = "See which files are whole: sha256sum -c SHA256SUMS"


class WrongKeyError(OperatorError):
    """The key that was given opens nothing here, which says nothing of the set."""


class Stream:
    """A file on its way through age: hashes what passes, and keeps what went wrong, of which age tells the words alone."""

    def __init__(self, file: BinaryIO, *, hear: Callable[[], None]) -> None:
        """Take a file, and what is called before each piece, which raises where a signal came."""
        self.file, self.hash, self.bytes, self.hear = file, hashlib.sha256(), 0, hear
        self.error: BaseException | None = None

    def read(self, size: int = -1) -> bytes:
        """Read a piece."""
        try:
            self.hear()
            return self.passed(self.file.read(size))
        except BaseException as error:
            self.error = error
            raise

    def write(self, piece: bytes) -> int:
        """Write a piece."""
        try:
            self.file.write(piece)
            return len(self.passed(piece))
        except BaseException as error:
            self.error = error
            raise

    def flush(self) -> None:
        """Flush the file."""
        self.file.flush()

    def passed(self, piece: bytes) -> bytes:
        """Add a piece to the hash."""
        self.hash.update(piece)
        self.bytes += len(piece)
        return piece

    @property
    def facts(self) -> Facts:
        """The size and hash of what passed."""
        return {"bytes": self.bytes, "sha256": self.hash.hexdigest()}


def library() -> Any:
    """Return pyrage; raises OperatorError where it is not installed."""
    try:
        return importlib.import_module("pyrage")
    except ImportError:
        raise OperatorError(
            "Cannot encrypt or decrypt: Python's pyrage is not installed.",
            hint="Run it in the backup container, or: python3 -m pip install pyrage",
        ) from None


def recipients(keys: Sequence[str]) -> list[Any]:
    """Return the public keys; raises OperatorError for one that was mistyped, by its checksum."""
    pyrage = library()
    found = []
    for key in keys:
        try:
            found.append(pyrage.x25519.Recipient.from_str(key))
        except pyrage.RecipientError:
            raise OperatorError(
                f"BACKUP_AGE_RECIPIENT has {key!r}, which is no public key of age: its checksum is not right.",
                hint="Copy it once more from where age-keygen printed it: age-keygen -y KEY_FILE",
                status=WRONG_USAGE,
            ) from None
    return found


def identities(text: str) -> list[Any]:
    """Return the private keys of a file that age-keygen wrote; raises OperatorError, which repeats none of it."""
    pyrage = library()
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    try:
        found = [pyrage.x25519.Identity.from_str(line) for line in lines]
    except pyrage.IdentityError:
        found = []
    if not found:
        raise WrongKeyError(
            "BACKUP_AGE_IDENTITY is no private key of age.",
            hint="Name the file that age-keygen wrote: BACKUP_AGE_IDENTITY_FILE=/path/to/key.txt",
            status=WRONG_USAGE,
        )
    return found


def throwaway() -> Any:
    """Return a private key that is nowhere but in memory."""
    return library().x25519.Identity.generate()


def encrypt(source: Path, target: Path, keys: Sequence[Any]) -> tuple[Facts, Facts]:
    """Encrypt a file into a new one, and flush that; return size and hash of both. Raises OSError, OperatorError."""
    pyrage = library()
    try:
        with source.open("rb") as plain, files.new(target) as sealed:
            return through(plain, sealed, lambda reader, writer: pyrage.encrypt_io(reader, writer, list(keys)))
    except pyrage.EncryptError as error:
        raise OperatorError(f"Cannot encrypt {source}: {error}.", hint=f"See the disk: df -h {target.parent}") from None


def decrypt(source: Path, target: BinaryIO, keys: Sequence[Any]) -> tuple[Facts, Facts]:
    """Decrypt a file into an open one; return size and hash of both. Raises OSError, and OperatorError for the wrong key."""
    pyrage = library()
    try:
        with source.open("rb") as sealed:
            return through(sealed, target, lambda reader, writer: pyrage.decrypt_io(reader, writer, list(keys)))
    except pyrage.DecryptError as error:
        raise WrongKeyError(
            f"Cannot decrypt {source}: none of the private keys that were given fits it ({error}).",
            hint="Give the one that belongs to the set's public keys, which its manifest.json names: BACKUP_AGE_IDENTITY_FILE=PATH",
        ) from None
    except OSError as error:
        if error.errno is not None:
            raise
        raise OperatorError(f"Cannot decrypt {source}: it is not as it was written ({error}).", hint=DAMAGED) from None


def through(source: BinaryIO, target: BinaryIO, move: Callable[[Stream, Stream], None]) -> tuple[Facts, Facts]:
    """Send a file through age. What went wrong beside it, a full disk or a signal, comes up as what it is.

    Signals are heard between pieces: raised anywhere in age's calls, their error would be words of age's.
    """
    with undisturbed() as hear:
        reader, writer = Stream(source, hear=hear), Stream(target, hear=hear)
        try:
            move(reader, writer)
        except BaseException:
            error = reader.error or writer.error
            if error is not None:
                raise error from None
            raise
        return reader.facts, writer.facts
