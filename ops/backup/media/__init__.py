"""Snapshots of the media folder at a target: what a run stores, compares, keeps and fetches."""

from ops.backup.media.catalogue import Snapshot, snapshots
from ops.backup.media.fetching import fetch
from ops.backup.media.taking import take

__all__ = ["Snapshot", "fetch", "snapshots", "take"]
