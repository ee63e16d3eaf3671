"""What is looked at before media are copied: a folder that lost its files, a target that is not the one of the last time."""

from collections.abc import Collection, Sequence
from pathlib import Path

from ops.backup.media.catalogue import Snapshot
from ops.backup.targets import Target
from ops.errors import REFUSED, OperatorError

LEAST_FILES = 20  # a folder that has fewer loses half of them on an ordinary day


def source(folder: Path) -> None:
    """Raise OperatorError where there is no folder of media."""
    if not folder.is_dir():
        raise refused(f"there is no folder {folder}", hint="Mount it, or set MEDIA_ROOT.")


def lost_files(now: Collection[str], last: Snapshot | None, *, folder: Path) -> None:
    """Raise OperatorError where the folder is empty, or has lost more than half of the last snapshot's files."""
    if last is None or not last.files:
        return
    left = sum(1 for name in last.files if name in now)
    if now and (len(last.files) < LEAST_FILES or left * 2 >= len(last.files)):
        return
    raise refused(
        f"{folder} has {left} of the {len(last.files)} files of snapshot {last.id}. None was made, and none removed",
        hint=f"See whether it is mounted: ls {folder}. Where it is right, add --despite-lost-files.",
    )


def same_target(target: Target, there: Sequence[str], known: Sequence[str], *, cache: Path) -> None:
    """Raise OperatorError where a target has none of the snapshots that were stored there: it is another one, or not mounted."""
    if known and not set(known) & set(there):
        raise refused(
            f"{target.url} has none of the {len(known)} snapshots that were stored there, the last of them {known[-1]}",
            hint=f"See whether it is mounted. Where it is to begin anew: rm -r {cache}",
        )


def refused(message: str, *, hint: str) -> OperatorError:
    """Return the error of a guard."""
    return OperatorError(f"Refusing to back up media: {message}.", hint=hint, status=REFUSED)
