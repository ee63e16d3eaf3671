"""Finds the manifest of the media snapshot that a set belongs to, for a look at whether it has every file that the database names."""

from pathlib import Path

from ops.backup.media import catalogue
from ops.backup.media import settings as media_settings
from ops.backup.progress import Progress
from ops.backup.sets import BackupSet
from ops.backup.settings import Settings
from ops.errors import OperatorError


def manifest_of(
    settings: Settings, backup_set: BackupSet, progress: Progress, *, into: Path | None = None
) -> Path | None:
    """Return its path on this machine; None where the set belongs to none, or where, as is told, it can't be had.

    `into` is a folder for it that has nothing of what this machine knows already.
    """
    if not backup_set.manifest.media or not settings.media_target:
        return None
    media = media_settings.of(settings)
    try:
        (path,) = catalogue.manifests(media.target, [backup_set.manifest.media["snapshot"]], into or media.manifests)
        if path.exists() and catalogue.read(path) is not None:
            return path
        progress.say(f"  {path.parent.name}, the snapshot of media, has a manifest that is not as it was written")
    except OperatorError as error:
        progress.say(f"  {error.args[0]}")
    return None
