"""Sets that only who has a private key can read: sealed while they are written, opened into a folder that goes again.

A file is encrypted from a folder that is not the set's, so that no set ever has a plain one, and no copy of a set either. It counts as
encrypted once it was decrypted again, from the disk, with one more key, made for that and never written down: the payload is the
same for every key, so that only the few bytes that wrap its key for the others are taken on trust.
"""

import contextlib
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from ops.backup import age, files, scratch
from ops.backup.contents import Facts
from ops.backup.sets import BackupSet
from ops.backup.settings import Settings
from ops.errors import OperatorError

SUFFIX = ".age"
HINT = "This set does not count as a backup. See the others: scripts/backup.sh --list"


@contextlib.contextmanager
def workroom(settings: Settings) -> Iterator[Path | None]:
    """Give a folder for what is plain of a set that is being taken; None where sets are not encrypted. It goes with the block."""
    if not settings.recipients:
        yield None
        return
    folder = settings.plain_folder
    with fresh(folder):
        yield folder


@contextlib.contextmanager
def fresh(folder: Path) -> Iterator[None]:
    """Make an empty folder, its owner's alone, and remove it when the block is left."""
    with files.told("make a folder for plain files", folder):
        scratch.sweep(folder)
        folder.mkdir(mode=0o700)
    try:
        yield
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def seal(plain: Path, partial: Path, names: Sequence[str], *, recipients: Sequence[str]) -> Facts:
    """Encrypt files into the folder of a new set; return what the manifest says of each. Raises OSError, OperatorError."""
    keys, proof = age.recipients(recipients), age.throwaway()
    return {f"{name}{SUFFIX}": sealed(plain / name, partial / f"{name}{SUFFIX}", [*keys, proof.to_public()], proof)
            for name in names}  # fmt: skip


def sealed(source: Path, target: Path, keys: Sequence[object], proof: object) -> Facts:
    """Encrypt one file, and decrypt it again."""
    plain, encrypted = age.encrypt(source, target, keys)
    with Path("/dev/null").open("wb") as nowhere:
        read, decrypted = age.decrypt(target, nowhere, [proof])
    if (read, decrypted) != (encrypted, plain):
        raise OperatorError(
            f"{target} decrypted is not {source}. No set was made.", hint="See the disk, and begin anew."
        )
    return {**encrypted, "plain": {"name": source.name, **plain}}


@contextlib.contextmanager
def opened(backup_set: BackupSet, *, identity: str, into: Path) -> Iterator[Path]:
    """Give the folder in which a set's files are plain: its own, or `into`, made for it, which goes with the block.

    `identity` is the text of a file of age's private keys. Raises OperatorError where it is needed and missing or the wrong one, and
    where a file decrypted is not what was encrypted.
    """
    if not backup_set.manifest.is_encrypted:
        yield backup_set.folder
        return
    require_identity(backup_set, identity)
    keys = age.identities(identity)
    with fresh(into):
        for name, facts in backup_set.manifest.files.items():
            unseal(backup_set.folder / name, into, facts["plain"], keys)
        yield into


def require_identity(backup_set: BackupSet, identity: str) -> None:
    """Raise OperatorError where there is no private key."""
    if not identity:
        raise OperatorError(
            f"Set {backup_set.id} is encrypted, and no private key was given.",
            hint="Name the key's file: BACKUP_AGE_IDENTITY_FILE=/path/to/key.txt. Its public keys: "
            + ", ".join(backup_set.manifest.recipients),
        )


def unseal(source: Path, into: Path, plain: Facts, keys: Sequence[object]) -> None:
    """Decrypt one file."""
    target = into / plain["name"]
    try:
        with files.told(f"decrypt {source}", target), files.new(target) as file:
            found = decrypted(source, file, keys)
    except BaseException:
        target.unlink(missing_ok=True)
        raise
    if found != {"bytes": plain["bytes"], "sha256": plain["sha256"]}:
        raise OperatorError(f"{source} decrypted is not what was encrypted.", hint=HINT)


def decrypted(source: Path, file: BinaryIO, keys: Sequence[object]) -> Facts:
    """Decrypt a file; return size and hash of what came out."""
    return age.decrypt(source, file, keys)[1]
