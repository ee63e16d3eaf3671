"""What a run over the media goes by, and where it keeps what it knows of a target."""

import hashlib
import os
from dataclasses import dataclass, field
from pathlib import Path

from ops.backup import targets
from ops.backup.media import bucket as buckets
from ops.backup.media.bucket import MediaBucket
from ops.backup.progress import Progress
from ops.backup.retention import Rules
from ops.backup.sets import NAME
from ops.backup.settings import Settings
from ops.backup.targets import Target

FOLDER = ".media"
VARIABLE = "MEDIA_BACKUP_TARGET"


@dataclass(frozen=True, kw_only=True)
class MediaSettings:
    """The folder, the target, the rules; `known` is where hashes and manifests are kept that were computed or fetched before.

    Where media are in a `bucket`, the folder is the copy of it.
    """

    folder: Path
    target: Target = field(repr=False)
    rules: Rules
    known: Path
    bucket: MediaBucket | None = None

    def refresh(self, progress: Progress) -> None:
        """Where media are in a bucket, bring the folder to what that has now."""
        if self.bucket:
            self.bucket.refresh(progress)

    @property
    def manifests(self) -> Path:
        """Where the manifests of the target's snapshots are; each target has a folder of its own."""
        return self.known / hashlib.sha256(self.target.url.encode()).hexdigest()[:16]

    @property
    def hashes(self) -> Path:
        """The file of the hashes that were computed."""
        return self.known / "hashes.json"

    @property
    def known_ids(self) -> list[str]:
        """The snapshots that were seen at the target."""
        found = self.manifests.iterdir() if self.manifests.is_dir() else []
        return sorted(path.name for path in found if NAME.fullmatch(path.name))


def of(settings: Settings) -> MediaSettings:
    """Return the settings; raises OperatorError where the target's address is none."""
    known = settings.folder / FOLDER
    target = targets.of(settings.media_target, variable=VARIABLE, room=known)
    bucket = bucket_of(settings)
    folder = bucket.mirror if bucket else settings.media_folder
    return MediaSettings(folder=folder, target=target, rules=settings.rules, known=known, bucket=bucket)


def bucket_of(settings: Settings) -> MediaBucket | None:
    """Return the bucket that media are in, where they are in one."""
    return buckets.of(os.environ, known=settings.folder / FOLDER, folder=settings.media_folder)
