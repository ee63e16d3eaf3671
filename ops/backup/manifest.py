"""What a set says of itself, and what a verification found: two files of JSON. A byte that was changed in either is noticed."""

import hashlib
import json
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path

from ops.backup import files
from ops.backup.contents import Facts

FORMAT = 1
MANIFEST, SUMS, VERIFICATION, PIN = "manifest.json", "SHA256SUMS", "verification.json", "pinned"
DUMP, ROLES = "database.dump", "roles.sql"
COUNTS_FROM = 4


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """What a set has, and what was in the database at its snapshot. Written once."""

    id: str
    database: str
    versions: Facts
    snapshot: Facts
    locale: Facts
    extensions: Facts
    migrations: Facts
    tables: Facts
    sequences: Facts
    large_objects: Facts
    roles: Facts
    has_role_passwords: bool
    first_superuser: str
    without_rows: Facts
    database_bytes: int
    compression: str
    files: Facts
    seconds: Facts
    format: int = FORMAT

    @property
    def bytes(self) -> int:
        """The size of the set's files."""
        return sum(int(each["bytes"]) for each in self.files.values())

    @property
    def rows(self) -> int:
        """How many rows the tables have together."""
        return sum(int(each["rows"]) for each in self.tables.values())


@dataclass(frozen=True, kw_only=True)
class Verification:
    """What a verification reached: 1 hashes, 2 decoded, 3 restored, 4 equal to the manifest. From 4 on a set counts as a backup."""

    level: int
    at: str
    manifest_sha256: str
    problem: str = ""
    seconds: Facts = field(default_factory=dict)
    is_amchecked: bool = False

    @property
    def counts(self) -> bool:
        """Whether a set with it counts as a backup."""
        return self.level >= COUNTS_FROM


def write(folder: Path, manifest: Manifest) -> None:
    """Write the manifest, and the hashes of all files in the form of sha256sum. Raises OSError."""
    files.write(folder / MANIFEST, json.dumps(asdict(manifest), indent=1) + "\n")
    files.write(folder / SUMS, hashes(manifest, files.sha256(folder / MANIFEST)))


def hashes(manifest: Manifest, own_sha256: str) -> str:
    """Return the hashes of all files in the form of sha256sum."""
    each = {name: facts["sha256"] for name, facts in manifest.files.items()} | {MANIFEST: own_sha256}
    return "".join(f"{value}  {name}\n" for name, value in each.items())


def read(folder: Path) -> Manifest | None:
    """Return a folder's manifest; None where there is none, or it is not as it was written."""
    try:
        content = (folder / MANIFEST).read_bytes()
        sums = (folder / SUMS).read_text(encoding="utf-8")
        found = json.loads(content)
    except (OSError, ValueError):
        return None
    names = {each.name for each in fields(Manifest)}
    if not isinstance(found, dict) or set(found) != names or found["id"] != folder.name:
        return None
    manifest = Manifest(**found)
    return manifest if sums == hashes(manifest, hashlib.sha256(content).hexdigest()) else None


def write_verification(folder: Path, verification: Verification) -> None:
    """Write what a verification found beside the manifest, which stays as it was hashed. Raises OSError."""
    found = asdict(verification)
    files.replace(folder / VERIFICATION, json.dumps({**found, "sha256": own_hash(found)}, indent=1) + "\n")


def read_verification(folder: Path) -> Verification | None:
    """Return what the last verification found; None where there was none of this manifest, or a byte of it was changed."""
    try:
        found = json.loads((folder / VERIFICATION).read_bytes())
        manifest_sha256 = files.sha256(folder / MANIFEST)
    except (OSError, ValueError):
        return None
    if not isinstance(found, dict) or found.pop("sha256", "") != own_hash(found):
        return None
    return Verification(**found) if found["manifest_sha256"] == manifest_sha256 else None


def own_hash(found: Facts) -> str:
    """Return the hash of what was found."""
    return hashlib.sha256(json.dumps(found, sort_keys=True).encode()).hexdigest()
