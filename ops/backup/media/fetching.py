"""Fetches a snapshot's files, whole and as they were."""

import os
from collections.abc import Sequence
from pathlib import Path

from ops.backup import files
from ops.backup.media import catalogue
from ops.backup.media.catalogue import File, Snapshot
from ops.backup.media.keepers import keeper_of
from ops.backup.targets import Show, Target, show_nothing
from ops.backup.targets.target import SHOWN
from ops.errors import WRONG_USAGE, OperatorError


def fetch(
    target: Target,
    snapshot_id: str,
    into: Path,
    *,
    only: Sequence[str] | None = None,
    cache: Path | None = None,
    show: Show = show_nothing,
) -> Snapshot:
    """Fetch a snapshot's files, or those that `only` names, into a folder; what it has already as it should be is not sent again.

    Every file is hashed when it is there; raises OperatorError where one is not as it was stored, and leaves that one out.
    """
    snapshot = catalogue.named(target, snapshot_id, cache=cache)
    wanted = list(snapshot.files if only is None else only)
    if unknown := [name for name in wanted if name not in snapshot.files]:
        raise OperatorError(
            f"Snapshot {snapshot.id} has no {', '.join(map(repr, unknown[:SHOWN]))}.",
            hint="See its manifest.",
            status=WRONG_USAGE,
        )
    with files.told("fetch the media", into):
        into.mkdir(mode=0o700, parents=True, exist_ok=True)
        missing = [name for name in wanted if not is_there(into / name, snapshot.files[name])]
        if missing:
            keeper_of(target).fetch(snapshot, into, missing, show=show)
        wrong = [name for name in missing if not is_there(into / name, snapshot.files[name])]
        for name in wrong:
            (into / name).unlink(missing_ok=True)
        for name in missing:
            if name not in wrong:
                os.utime(into / name, (snapshot.files[name].mtime,) * 2)
    if wrong:
        raise target.altered(catalogue.place(snapshot.id), wrong)
    return snapshot


def is_there(path: Path, file: File) -> bool:
    """Tell whether a file has the size and hash that it should. Raises OSError."""
    return path.is_file() and path.stat().st_size == file.bytes and files.sha256(path) == file.sha256
