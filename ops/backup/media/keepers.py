"""How a target keeps snapshots: as folders that share what did not change, or as objects under their hashes."""

from ops.backup.media.objects import Objects
from ops.backup.media.trees import Trees
from ops.backup.targets import Target
from ops.backup.targets.rclone import RcloneTarget

Keeper = Trees | Objects


def keeper_of(target: Target) -> Keeper:
    """Return what keeps snapshots at a target."""
    return Objects(target) if isinstance(target, RcloneTarget) else Trees(target)
