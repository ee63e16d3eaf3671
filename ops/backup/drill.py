"""Level 6: fetch a set from off this machine into an empty place, restore and compare it there, and note how long that took.

Nothing of what is here is used but settings and keys: it is what a new machine would do.
"""

import json
import time
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from ops.backup import encryption, files, lock, manifest, offsite, reached, sets, targets
from ops.backup.contents import Facts
from ops.backup.media import belonging, drilling
from ops.backup.progress import Progress
from ops.backup.sets import BackupSet
from ops.backup.settings import Settings
from ops.backup.verify import verify
from ops.errors import WRONG_USAGE, OperatorError

RECORD = "drill.json"
LEVEL = 6


@dataclass(frozen=True, kw_only=True)
class Drill:
    """The last drill: of which set, which level was proven out of its off-site copy, in how many seconds from nothing to proof.

    `media` says how many of its media files were fetched, of how many, and their bytes.
    """

    id: str
    at: str
    target: str
    level: int
    seconds: float
    problem: str = ""
    steps: Facts = field(default_factory=dict)
    media: Facts = field(default_factory=dict)

    @property
    def is_proof(self) -> bool:
        """Whether the copy was restored, and was equal."""
        return self.level >= manifest.COUNTS_FROM and not self.problem


def drill(settings: Settings, *, progress: Progress) -> Drill:
    """Do it; what came of it is written down either way. Raises OperatorError where the copy is not what was in the database."""
    target = target_of(settings)
    began = time.monotonic()
    with lock.held(settings.folder, what="drill"), encryption.fresh(place_of(settings)):
        fetched = offsite.fetch(
            target, "latest", database=settings.database.name, into=place_of(settings), progress=progress
        )
        (fetched.folder / manifest.VERIFICATION).unlink(
            missing_ok=True
        )  # what was proven here before is not what is proven now
        done = Done(target=target.url, began=began)
        try:
            media_manifest = belonging.manifest_of(settings, fetched, progress, into=place_of(settings) / "media")
            verify(
                fetched,
                scratch_folder=settings.scratch_folder,
                progress=progress,
                identity=settings.identity,
                media_manifest=media_manifest,
            )
            done.media = drilling.fetch(settings, fetched, place_of(settings) / "media-files", progress)
        except OperatorError as error:
            done.problem = str(error.args[0]).splitlines()[0]
            written(settings, fetched, done, progress)
            raise
        return written(settings, fetched, done, progress)


@dataclass(kw_only=True)
class Done:
    """A drill on its way, and what it found of media."""

    target: str
    began: float
    problem: str = ""
    media: Facts = field(default_factory=dict)


def target_of(settings: Settings) -> targets.Target:
    """Return where the copies are; raises OperatorError where there are none."""
    if not settings.offsite_target:
        raise OperatorError(
            "There is no copy off this machine: BACKUP_OFFSITE_TARGET is not set.",
            hint="Set it: docs/configuration.md says to what.",
            status=WRONG_USAGE,
        )
    return targets.of(settings.offsite_target)


def place_of(settings: Settings) -> Path:
    """Return the folder that a set is fetched into, beside the scratch server's."""
    return settings.scratch_folder.with_name(f"{settings.scratch_folder.name}-drill")


def written(settings: Settings, fetched: BackupSet, done: Done, progress: Progress) -> Drill:
    """Write down what came of it: for the service, and beside the set where that is here as well."""
    proven = manifest.read_verification(fetched.folder)
    level, problem = (proven.level, proven.problem) if proven else (0, "nothing was seen")
    problem = problem or done.problem
    found = Drill(
        id=fetched.id,
        at=reached.now(),
        target=done.target,
        level=LEVEL if level == LEVEL - 1 and not problem else level,
        seconds=round(time.monotonic() - done.began, 2),
        problem=problem,
        steps=dict(progress.seconds),
        media=done.media,
    )
    folder = sets.folder_of(settings.folder, settings.database.name)
    with files.told("write down what the drill found", folder):
        folder.mkdir(mode=0o700, exist_ok=True)
        files.replace(folder / RECORD, json.dumps(asdict(found), indent=1) + "\n")
    if found.level == LEVEL:
        note_beside(settings, found)
    return found


def note_beside(settings: Settings, found: Drill) -> None:
    """Write the level beside the set where that is on this machine too, and is the one that was fetched."""
    here = sets.one(sets.folder_of(settings.folder, settings.database.name) / found.id)
    if here is not None and here.verification is not None and here.counts:
        reached.write(here, replace(here.verification, level=LEVEL, recovery_seconds=found.seconds))


def last(settings: Settings) -> Drill | None:
    """Return the last drill; None where there was none, or its record can't be read."""
    path = sets.folder_of(settings.folder, settings.database.name) / RECORD
    try:
        return Drill(**json.loads(path.read_bytes()))
    except (OSError, ValueError, TypeError):
        return None


def as_text(found: Drill) -> str:
    """Return what a person is told."""
    begin = f"Set {found.id}, fetched from {found.target}"
    if found.is_proof:
        return (
            f"{begin}, was restored and compared: level {found.level}, {found.seconds:.0f} s from nothing to proof."
            + drilling.as_text(found.media)
        )
    return (
        f"{begin}, has the files that it was stored with. What is in them can't be seen without the private key: "
        "name it with BACKUP_AGE_IDENTITY_FILE, on a machine that has it."
    )
