"""The folders that sets lie in: found by their manifests, published by one rename, removed by one as well."""

import datetime
import re
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

from ops.backup import files, manifest
from ops.backup.manifest import Manifest, Offsite, Verification
from ops.errors import WRONG_USAGE, OperatorError

FORM = "%Y%m%dT%H%M%SZ"
NAME = re.compile(r"\d{8}T\d{6}Z")
PARTIAL = ".partial"


@dataclass(frozen=True, kw_only=True)
class DescribedSet:
    """What is known of a set, wherever it lies, whose manifest is as it was written."""

    manifest: Manifest
    verification: Verification | None
    is_pinned: bool = False
    is_before_restore: bool = False

    @property
    def id(self) -> str:
        """Its name, which is its time."""
        return self.manifest.id

    @property
    def at(self) -> datetime.datetime:
        """When it was begun."""
        return datetime.datetime.strptime(self.id, FORM).replace(tzinfo=datetime.UTC)

    @property
    def counts(self) -> bool:
        """Whether it counts as a backup: it has been restored, and was equal."""
        return self.verification is not None and self.verification.counts


@dataclass(frozen=True, kw_only=True)
class BackupSet(DescribedSet):
    """A set on this machine. `as_of` is the moment that it was recovered to; nothing where it is of the live database."""

    folder: Path
    offsite: Offsite | None = None
    as_of: str = ""


def moment_of(path: Path) -> str:
    """Return the moment that a set was recovered to; nothing where it is of the live database."""
    try:
        return (path / manifest.AS_OF).read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""


def folder_of(target: Path, database: str) -> Path:
    """Return the folder of a database's sets."""
    return target / escaped(database)


def escaped(database: str) -> str:
    """Return a folder's name for a database's, which may have any character, of which a folder's can't have all."""
    name = database.replace("%", "%25").replace("/", "%2F")
    return name if not name.startswith(".") else f"%2E{name[1:]}"


def found(folder: Path, *, database: str) -> list[BackupSet]:
    """Return a database's sets, the oldest first. What has no manifest that is as it was written is none."""
    if not folder.is_dir():
        return []
    each = [one(path) for path in sorted(folder.iterdir()) if NAME.fullmatch(path.name)]
    return [backup_set for backup_set in each if backup_set and backup_set.manifest.database == database]


def damaged(folder: Path, *, database: str) -> list[str]:
    """Return the names of folders that look like sets, and whose manifests are not as they were written."""
    known = {backup_set.id for backup_set in found(folder, database=database)}
    names = [path.name for path in sorted(folder.iterdir())] if folder.is_dir() else []
    return [name for name in names if NAME.fullmatch(name) and name not in known]


def one(path: Path) -> BackupSet | None:
    """Return the set in a folder."""
    manifest_found = manifest.read(path)
    if manifest_found is None:
        return None
    as_of = moment_of(path)
    return BackupSet(
        folder=path,
        manifest=manifest_found,
        verification=manifest.read_verification(path),
        is_pinned=(path / manifest.PIN).exists(),
        is_before_restore=bool(as_of) or (path / manifest.BEFORE_RESTORE).exists(),  # neither is a measure for others
        as_of=as_of,
        offsite=manifest.read_offsite(path),
    )


def named(folder: Path, name: str, *, database: str) -> BackupSet:
    """Return the set of a name, or the latest; raises OperatorError where there is none."""
    everything = found(folder, database=database)
    wanted = everything[-1:] if name == "latest" else [each for each in everything if each.id == name]
    if wanted:
        return wanted[0]
    if name in damaged(folder, database=database):
        raise OperatorError(
            f"Set {name} is damaged: its {manifest.MANIFEST} is not as it was written.",
            hint=f"See which files are: cd {folder / name} && sha256sum -c {manifest.SUMS}",
        )
    raise OperatorError(
        f"There is no set {name} in {folder}.", hint="See them: scripts/backup.sh --list", status=WRONG_USAGE
    )


def make_partial(folder: Path) -> Path:
    """Make the folder of a new set under a name that no reader looks at; its name is the time. Raises OSError."""
    folder.mkdir(mode=0o700, exist_ok=True)
    while True:
        name = datetime.datetime.now(tz=datetime.UTC).strftime(FORM)
        if not (folder / name).exists():
            break
        time.sleep(0.1)
    partial = folder / f"{name}{PARTIAL}"
    partial.mkdir(mode=0o700)
    return partial


def publish(partial: Path) -> BackupSet:
    """Give a complete set its name, once all of it is on the disk: it is there whole or not at all. Raises OSError."""
    for path in partial.iterdir():
        files.flush(path)
    files.flush(partial)
    folder = partial.with_name(partial.name.removesuffix(PARTIAL))
    partial.rename(folder)
    files.flush(folder.parent)
    files.flush(folder.parent.parent)
    published = one(folder)
    assert published is not None  # noqa: S101 - its manifest was written just now
    return published


def remove(backup_set: BackupSet) -> None:
    """Remove a set: first its name, so that no half of it is ever seen. Raises OSError."""
    partial = backup_set.folder.with_name(f"{backup_set.id}{PARTIAL}")
    backup_set.folder.rename(partial)
    files.flush(partial.parent)
    shutil.rmtree(partial)


def sweep(folder: Path) -> list[str]:
    """Remove what killed runs left; return the names. Only under the lock. Raises OSError."""
    if not folder.is_dir():
        return []
    left = [
        path
        for path in folder.iterdir()
        if path.name.endswith(PARTIAL) and NAME.fullmatch(path.name.removesuffix(PARTIAL))
    ]
    for path in left:
        shutil.rmtree(path)
    return [path.name for path in left]
