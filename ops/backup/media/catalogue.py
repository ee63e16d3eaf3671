"""A media snapshot's manifest: every file's size, time and hash. A snapshot is there once its manifest is."""

import datetime
import hashlib
import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from ops.backup.sets import FORM, NAME
from ops.backup.targets import MANIFEST, Target
from ops.errors import WRONG_USAGE, OperatorError

FORMAT = 1
FOLDER = "media"
FILES, OBJECTS = "files", "objects"


@dataclass(frozen=True, kw_only=True)
class File:
    """A file of a snapshot; `mtime` is in whole seconds."""

    bytes: int
    sha256: str
    mtime: int


Files = Mapping[str, File]


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """A snapshot at a target. `left_out` is what was neither a file nor a folder."""

    id: str
    files: Files
    left_out: Sequence[str] = field(default_factory=list)
    is_pinned: bool = False
    counts: bool = True
    is_before_restore: bool = False

    @property
    def at(self) -> datetime.datetime:
        """When it was begun."""
        return datetime.datetime.strptime(self.id, FORM).replace(tzinfo=datetime.UTC)

    @property
    def bytes(self) -> int:
        """The size of its files."""
        return sum(each.bytes for each in self.files.values())


def place(snapshot_id: str) -> str:
    """Return the name of a snapshot's folder at a target."""
    return f"{FOLDER}/{snapshot_id}"


def text(snapshot: Snapshot) -> str:
    """Return a manifest: JSON with a hash of its own, so that a byte that was changed is noticed."""
    files = {name: asdict(each) for name, each in snapshot.files.items()}
    content = json.dumps(
        {"format": FORMAT, "id": snapshot.id, "left_out": list(snapshot.left_out), "files": files}, indent=0
    )
    return json.dumps({"sha256": hashlib.sha256(content.encode()).hexdigest()})[:-1] + ", " + content[1:] + "\n"


def parsed(written: bytes) -> Snapshot | None:
    """Return the snapshot of a manifest; None where it is not as it was written."""
    try:
        found = json.loads(written)
        sha256 = found.pop("sha256")
        if sha256 != hashlib.sha256(json.dumps(found, indent=0).encode()).hexdigest():
            return None
        files = {name: File(**each) for name, each in found["files"].items()}
        return Snapshot(id=found["id"], left_out=found["left_out"], files=files)
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def ids(target: Target) -> list[str]:
    """Return the ids of the snapshots at a target, the newest last; those too whose manifest is damaged."""
    return [name for name in target.names(FOLDER) if NAME.fullmatch(name)]


def snapshots(target: Target, *, cache: Path | None = None) -> list[Snapshot]:
    """Return the snapshots at a target, the newest last. What has no manifest that is as it was written is none.

    `cache` is a folder in which manifests that were fetched once are kept, and what is there is not fetched again.
    """
    with tempfile.TemporaryDirectory() as folder:
        found = [read(path) for path in manifests(target, ids(target), cache or Path(folder))]
    return [each for each in found if each is not None]


def manifests(target: Target, wanted: Sequence[str], cache: Path) -> list[Path]:
    """Return the paths of snapshots' manifests on this machine, once those that are not there are fetched."""
    paths = [cache / each / MANIFEST for each in wanted]
    missing = [each for each, path in zip(wanted, paths, strict=True) if not path.exists()]
    if missing:
        cache.mkdir(mode=0o700, parents=True, exist_ok=True)
        target.fetch(FOLDER, cache, only=[f"{each}/{MANIFEST}" for each in missing])
    return paths


def read(path: Path) -> Snapshot | None:
    """Return the snapshot of a manifest's file."""
    found = parsed(path.read_bytes())
    return found if found is not None and found.id == path.parent.name else None


def named(target: Target, snapshot_id: str, *, cache: Path | None = None) -> Snapshot:
    """Return the snapshot of an id, or the latest; raises OperatorError where there is none."""
    there = ids(target)
    wanted = there[-1:] if snapshot_id == "latest" else [each for each in there if each == snapshot_id]
    with tempfile.TemporaryDirectory() as folder:
        found = [read(path) for path in manifests(target, wanted, cache or Path(folder))]
    if found and found[0] is not None:
        return found[0]
    is_damaged = "has a damaged manifest" if wanted else "is not there"
    raise OperatorError(
        f"Snapshot {snapshot_id} of media at {target.url} {is_damaged}. There are: {', '.join(there) or 'none'}.",
        hint="See them: scripts/backup.sh --list",
        status=WRONG_USAGE,
    )
