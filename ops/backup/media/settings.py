"""What a run over the media goes by, and where it keeps what it knows of a target."""

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

from ops.backup import targets
from ops.backup.retention import Rules
from ops.backup.sets import NAME
from ops.backup.settings import Settings
from ops.backup.targets import Target

FOLDER = ".media"
VARIABLE = "MEDIA_BACKUP_TARGET"


@dataclass(frozen=True, kw_only=True)
class MediaSettings:
    """The folder, the target, the rules; `known` is where hashes and manifests are kept that were computed or fetched before."""

    folder: Path
    target: Target = field(repr=False)
    rules: Rules
    known: Path

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
    return MediaSettings(folder=settings.media_folder, target=target, rules=settings.rules, known=known)
