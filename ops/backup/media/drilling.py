"""Fetches files of a media snapshot for a drill: all, or, where these are many, others each time, up to an amount."""

import hashlib
import os
import shutil
from pathlib import Path

from ops.backup import files
from ops.backup.contents import Facts
from ops.backup.guards import megabytes
from ops.backup.media import catalogue, fetching
from ops.backup.media import settings as media_settings
from ops.backup.media.catalogue import Snapshot
from ops.backup.progress import Progress
from ops.backup.sets import BackupSet
from ops.backup.settings import Settings

MOST_BYTES = 2_000_000_000
ROOM_SHARE = 2  # half of what is free: the scratch server's is beside it


def fetch(settings: Settings, backup_set: BackupSet, into: Path, progress: Progress) -> Facts:
    """Fetch them, each as it was stored; return how many of how many. Nothing where the set has no media, or no target is set.

    Raises OperatorError where one is missing or has other contents.
    """
    if not backup_set.manifest.media or not settings.media_target:
        return {}
    target = media_settings.of(settings).target
    if target.url != backup_set.manifest.media["target"]:
        progress.say(f"  Its media are at {backup_set.manifest.media['target']}, which is not MEDIA_BACKUP_TARGET")
        return {}
    with progress.step("media", f"Fetching media of {backup_set.manifest.media['snapshot']} from {target.url}"):
        snapshot = catalogue.named(target, backup_set.manifest.media["snapshot"])
        with files.told("look how much room there is", into.parent):
            room = min(MOST_BYTES, shutil.disk_usage(into.parent).free // ROOM_SHARE)
        names = chosen(snapshot, most_bytes=room, salt=os.urandom(8))
        fetching.fetch(target, snapshot.id, into, only=names, show=progress.amount)
        fetched = sum(snapshot.files[name].bytes for name in names)
        return {"files": len(names), "of_files": len(snapshot.files), "bytes": fetched, "of_bytes": snapshot.bytes}


def chosen(snapshot: Snapshot, *, most_bytes: int, salt: bytes) -> list[str]:
    """Return the names of as many files as an amount has room for, in an order that nobody can foresee."""
    names, taken = [], 0
    for name in sorted(snapshot.files, key=lambda name: hashlib.sha256(salt + os.fsencode(name)).digest()):
        if taken + snapshot.files[name].bytes <= most_bytes:
            names.append(name)
            taken += snapshot.files[name].bytes
    return names


def as_text(found: Facts) -> str:
    """Return what was fetched, for people."""
    if not found:
        return ""
    amount = f"{megabytes(found['bytes'])} of {megabytes(found['of_bytes'])}"
    return f" Of its {found['of_files']:,} media files {found['files']:,} were fetched, {amount}: each is as it was stored."
