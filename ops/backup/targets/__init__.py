"""Where copies go, off this machine: one way to store, compare, fetch and remove, whatever the address says."""

import os
from collections.abc import Mapping
from pathlib import Path

from ops.backup.targets import address as addresses
from ops.backup.targets import remote
from ops.backup.targets.address import Address
from ops.backup.targets.file import FileTarget
from ops.backup.targets.rclone import RcloneTarget
from ops.backup.targets.restic import ResticTarget
from ops.backup.targets.rsync import RsyncTarget
from ops.backup.targets.ssh import SshTarget
from ops.backup.targets.target import MANIFEST, Show, Target, show_nothing

__all__ = ["MANIFEST", "Show", "Target", "of", "show_nothing"]


def of(
    url: str,
    *,
    variable: str = "BACKUP_OFFSITE_TARGET",
    environment: Mapping[str, str] = os.environ,
    room: Path | None = None,
) -> Target:
    """Return the target of an address, which `variable` has; raises OperatorError where it is none.

    `environment` has what an address does not: keys, and passwords that are variables of their own. `room` is a folder for what has
    to be sent here to be compared. Nothing is connected to.
    """
    found = made(addresses.parsed(url, variable=variable), variable, environment)
    found.room = room
    return found


def made(address: Address, variable: str, environment: Mapping[str, str]) -> Target:
    """Return the target of an address, by its scheme."""
    if address.scheme == "file":
        return FileTarget(address, variable=variable)
    if address.scheme == "ssh":
        return SshTarget(address, variable=variable, environment=environment)
    if address.scheme == "rsync":
        return RsyncTarget(address, variable=variable)
    if address.scheme == "restic":
        return ResticTarget(address, variable=variable, environment=environment)
    return RcloneTarget(remote.of(address, variable=variable, environment=environment), variable=variable)
