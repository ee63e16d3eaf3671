"""Writes down beside a set what a verification of it reached."""

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from ops.backup import files, manifest
from ops.backup.application import Said
from ops.backup.manifest import Verification
from ops.backup.progress import Progress
from ops.backup.sets import BackupSet


class Work(Protocol):
    """What a verification on its way tells of itself."""

    backup_set: BackupSet
    progress: Progress
    level: int
    is_amchecked: bool
    said: Said
    steps: Sequence[str]


DRILLED = 6


def note(work: Work, *, problem: str = "") -> Verification:
    """Write down what was reached. That a drill has restored the same files from elsewhere stays so while they are sound."""
    before = manifest.read_verification(work.backup_set.folder)
    is_drilled = work.level == DRILLED - 1 and not problem and before is not None and before.level == DRILLED
    return write(
        work.backup_set,
        Verification(
            level=DRILLED if is_drilled else work.level,
            at=now(),
            manifest_sha256=files.sha256(work.backup_set.folder / manifest.MANIFEST),
            problem=problem,
            seconds=seconds(work.steps, work.progress.seconds),
            is_amchecked=work.is_amchecked,
            notes=[*work.said.notes, *work.said.about_media],
            media=work.said.media,
            recovery_seconds=before.recovery_seconds if is_drilled and before else 0,
        ),
    )


def hashes(work: Work) -> Verification:
    """Write down that the files are what they were when the set reached its level, or level 1 where it had reached none."""
    before = manifest.read_verification(work.backup_set.folder)
    return note(work) if before is None else write(work.backup_set, replace(before, hashed_at=now()))


def write(backup_set: BackupSet, found: Verification) -> Verification:
    """Write a verification beside its set."""
    with files.told("write down what the verification found", backup_set.folder):
        manifest.write_verification(backup_set.folder, found)
    return found


def seconds(steps: Sequence[str], found: Mapping[str, float]) -> dict[str, float]:
    """Return how long the steps of a verification took."""
    return {name: found[name] for name in steps if name in found}


def now() -> str:
    """Return the time."""
    return datetime.datetime.now(tz=datetime.UTC).isoformat(timespec="seconds")
