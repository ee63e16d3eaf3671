"""Makes and damages sets for tests, and says which there are."""

import datetime
import shutil
from dataclasses import replace
from pathlib import Path

from ops.backup import files, manifest, sets
from ops.backup.back_up import every_set
from ops.backup.sets import FORM, BackupSet
from ops.backup.settings import Settings


def counting(settings: Settings) -> list[str]:
    """Return the ids of the sets that count."""
    return [each.id for each in every_set(settings) if each.counts]


def folder(settings: Settings) -> Path:
    """Return where the sets are."""
    return sets.folder_of(settings.folder, settings.database.name)


def left_over(settings: Settings) -> list[str]:
    """Return what lies there and is no set, scratch servers among it."""
    place = folder(settings)
    partial = [path.name for path in place.iterdir() if path.name.endswith(sets.PARTIAL)] if place.exists() else []
    return partial + ([".scratch"] if settings.scratch_folder.exists() else [])


def aged(backup_set: BackupSet, *, days: int) -> str:
    """Make an older set out of another; return its id."""
    name = (backup_set.at - datetime.timedelta(days=days)).strftime(FORM)
    older = backup_set.folder.with_name(name)
    older.mkdir()
    for each in backup_set.manifest.files:
        shutil.copyfile(backup_set.folder / each, older / each)
    manifest.write(older, replace(backup_set.manifest, id=name))
    assert backup_set.verification is not None
    own = files.sha256(older / manifest.MANIFEST)
    manifest.write_verification(older, replace(backup_set.verification, manifest_sha256=own))
    return name


def flip_a_bit(path: Path) -> None:
    """Change one bit in the middle of a file."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 4
    path.write_bytes(content)


def cut(path: Path) -> None:
    """Take a tenth of a file away."""
    content = path.read_bytes()
    path.write_bytes(content[: len(content) * 9 // 10])


def as_it_is(settings: Settings) -> dict[str, bytes]:
    """Return every byte of every set."""
    place = folder(settings)
    return {str(path.relative_to(place)): path.read_bytes() for path in sorted(place.rglob("*")) if path.is_file()}
