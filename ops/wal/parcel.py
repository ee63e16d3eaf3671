"""A folder on its way to a target or back: files, encrypted where keys are given, and, last, a manifest with their hashes."""

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from ops.backup import age, encryption, files
from ops.backup.contents import Facts
from ops.backup.targets import MANIFEST
from ops.errors import OperatorError
from ops.wal.take import described


def pack(folder: Path, sources: Mapping[str, Path], about: Facts, *, recipients: Sequence[str]) -> None:
    """Fill a new folder. Raises OSError, OperatorError."""
    plain = folder / "plain"
    for place in (folder, plain):
        place.mkdir(mode=0o700)
    for name, path in sources.items():
        os.link(path, plain / name)
    if recipients:
        facts = encryption.seal(plain, folder, list(sources), recipients=recipients)
    else:
        facts = {name: described(plain / name) for name in sources}
    for name in sources:
        if not recipients:
            (plain / name).rename(folder / name)
        else:
            (plain / name).unlink()
    plain.rmdir()
    files.write(folder / MANIFEST, json.dumps({"about": about, "files": facts}, indent=1) + "\n")


def about(folder: Path) -> Facts:
    """Return what a parcel is said to be. Raises OSError, OperatorError."""
    return dict(contents(folder)["about"])


def contents(folder: Path) -> Facts:
    """Return a parcel's manifest. Raises OSError, OperatorError."""
    try:
        found = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        return {"about": dict(found["about"]), "files": dict(found["files"])}
    except (ValueError, KeyError, TypeError):
        raise damaged(folder, MANIFEST) from None


def unpack(folder: Path, into: Path, *, identity: str) -> None:
    """Move a parcel's files into a folder, as they were before they were packed. Raises OSError, OperatorError."""
    for name, facts in contents(folder)["files"].items():
        path = folder / name
        if not path.is_file() or files.sha256(path) != facts["sha256"]:
            raise damaged(folder, name)
        if "plain" not in facts:
            path.rename(into / name)
            continue
        require_identity(identity)
        encryption.unseal(path, into, facts["plain"], age.identities(identity))
        path.unlink()


def require_identity(identity: str) -> None:
    """Raise OperatorError where there is no private key."""
    if not identity:
        raise OperatorError(
            "WAL off the machine is encrypted, and no private key was given.",
            hint="Name the key's file: BACKUP_AGE_IDENTITY_FILE=/path/to/key.txt",
        )


def damaged(folder: Path, name: str) -> OperatorError:
    """Return the error of a file that is not as it was stored."""
    return OperatorError(
        f"{folder.name}/{name} is not as it was stored.",
        hint="Name an earlier time, or restore a set: scripts/backup.sh --list",
    )
