"""What a set says of itself, and what a verification found: two files of JSON. A byte that was changed in either is noticed."""

import datetime
import hashlib
import json
from dataclasses import MISSING, asdict, dataclass, field, fields
from pathlib import Path

from ops.backup import files
from ops.backup.contents import Facts

FORMAT = 1
MANIFEST, SUMS, VERIFICATION, PIN = "manifest.json", "SHA256SUMS", "verification.json", "pinned"
OFFSITE = "offsite.json"
BEFORE_RESTORE = "before-restore"  # an empty file in a set that was taken of what a restore was about to replace
AS_OF = "as-of"  # in a set of a recovered cluster: the moment, until it has been switched to
DUMP, ROLES = "database.dump", "roles.sql"
COUNTS_FROM = 4


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """What a set has, and what was in the database at its snapshot. Written once.

    `files` are those that are there; of an encrypted one `plain` has name, size and hash of what it becomes. `recipients` are the
    public keys that it is encrypted to. `media` names the target and the snapshot of media that belong to it.
    """

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
    recipients: list[str] = field(default_factory=list)
    media: Facts | None = None
    format: int = FORMAT

    @property
    def is_encrypted(self) -> bool:
        """Whether its files can be read with a private key alone."""
        return bool(self.recipients)

    @property
    def bytes(self) -> int:
        """The size of the set's files."""
        return sum(int(each["bytes"]) for each in self.files.values())

    @property
    def rows(self) -> int:
        """How many rows the tables have together."""
        return sum(int(each["rows"]) for each in self.tables.values())


NAMES = {each.name for each in fields(Manifest)}
# An older set lacks what was added since, a newer one has more.
REQUIRED = {each.name for each in fields(Manifest) if each.default is MISSING and each.default_factory is MISSING}


@dataclass(frozen=True, kw_only=True)
class Verification:
    """What a verification reached: 1 hashes, 2 decoded, 3 restored, 4 equal to the manifest, 5 sound to PostgreSQL and application,
    6 the same out of its copy off this machine, in `recovery_seconds`.

    From 4 on a set counts as a backup. `notes` say what could not be looked at; `media` how many files the database names, how many
    of them a media snapshot lacks or has otherwise, and which. `hashed_at` is when the set's files were last seen to be as they were
    when it reached its level, where more could not be looked at.
    """

    level: int
    at: str
    manifest_sha256: str
    problem: str = ""
    hashed_at: str = ""
    seconds: Facts = field(default_factory=dict)
    is_amchecked: bool = False
    notes: list[str] = field(default_factory=list)
    media: Facts = field(default_factory=dict)
    recovery_seconds: float = 0

    @property
    def looked_at(self) -> str:
        """When the set was last looked at."""
        return max(self.at, self.hashed_at)

    @property
    def counts(self) -> bool:
        """Whether a set with it counts as a backup."""
        return self.level >= COUNTS_FROM


VERIFICATION_NAMES = {each.name for each in fields(Verification)}


@dataclass(frozen=True, kw_only=True)
class Offsite:
    """Where a set is off this machine, compared by checksum there. Its address has no secret."""

    target: str
    at: str
    manifest_sha256: str


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
    if not isinstance(found, dict) or not set(found) >= REQUIRED or found["id"] != folder.name:
        return None
    manifest = Manifest(**{name: value for name, value in found.items() if name in NAMES})
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
    verification = Verification(**{name: value for name, value in found.items() if name in VERIFICATION_NAMES})
    return verification if verification.manifest_sha256 == manifest_sha256 else None


def write_offsite(folder: Path, target: str) -> None:
    """Write beside the manifest at which target the set is, and since when. Raises OSError."""
    at = datetime.datetime.now(tz=datetime.UTC).isoformat(timespec="seconds")
    found = {"target": target, "at": at, "manifest_sha256": files.sha256(folder / MANIFEST)}
    files.replace(folder / OFFSITE, json.dumps(found, indent=1) + "\n")


def read_offsite(folder: Path) -> Offsite | None:
    """Return where the set is stored off this machine; None where it is not, or that was another manifest's."""
    try:
        found = Offsite(**json.loads((folder / OFFSITE).read_bytes()))
        return found if found.manifest_sha256 == files.sha256(folder / MANIFEST) else None
    except (OSError, ValueError, TypeError):
        return None


def own_hash(found: Facts) -> str:
    """Return the hash of what was found."""
    return hashlib.sha256(json.dumps(found, sort_keys=True).encode()).hexdigest()
