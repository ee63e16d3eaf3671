"""Fetches from the target off the machine what a recovery to a time takes: an archive as it was here, of the files that are needed."""

import datetime
import shutil
from collections.abc import Sequence
from pathlib import Path

from ops.backup import files
from ops.backup.progress import Progress
from ops.backup.targets import MANIFEST, Target
from ops.errors import REFUSED, OperatorError
from ops.wal import archive as archives
from ops.wal import bases, parcel, ship, times
from ops.wal.archive import Archive
from ops.wal.bases import Base


def fetch(
    target: Target, moment: datetime.datetime, *, into: Path, identity: str, progress: Progress, zone: str = "UTC"
) -> Path:
    """Fetch what leads to a time into a folder; return it, the root for `ops.wal.recover.at`. Raises OperatorError."""
    with files.told("fetch WAL", into):
        into.mkdir(mode=0o700, parents=True, exist_ok=True)
        with progress.step(
            "look off-site", f"Looking for what leads to {times.aloud(moment, zone=zone)} at {target.url}"
        ):
            chain = chain_to(target, moment, into, zone=zone)
        base = chain[-1]
        archive = archives.opened(into, system_identifier=base.system_identifier, segment_bytes=base.segment_bytes)
        place = f"{ship.FOLDER}/{base.system_identifier}"
        with progress.step("fetch base", f"Fetching base backup {base.id}, and what it builds on"):
            for link in chain:
                fetch_base(target, place, link, archive, identity=identity)
        with progress.step("fetch WAL", "Fetching the WAL after it"):
            for name in parcels(target, place, base, moment, into):
                fetch_segments(target, f"{place}/segments/{name}", archive, into, identity=identity)
    return into


def chain_to(target: Target, moment: datetime.datetime, into: Path, *, zone: str) -> Sequence[Base]:
    """Return the chain of the newest base backup before a time. Raises OSError, OperatorError."""
    found = [
        base
        for cluster in target.names(ship.FOLDER)
        for base in ship.bases_at(target, f"{ship.FOLDER}/{cluster}", into / ".looked-at")
    ]
    chains = [chain for base in found if base.at <= moment and (chain := bases.chain(base, found))]
    if not chains:
        oldest = min((base.at for base in found), default=None)
        what = (
            f"the oldest base backup there is of {times.aloud(oldest, zone=zone)}"
            if oldest
            else "there is no base backup"
        )
        raise OperatorError(
            f"Refusing to recover: {times.aloud(moment, zone=zone)} can't be reached from {target.url}: {what}.",
            hint="Restore a set: scripts/backup.sh --list",
            status=REFUSED,
        )
    return max(chains, key=lambda chain: chain[-1].at)


def fetch_base(target: Target, place: str, base: Base, archive: Archive, *, identity: str) -> None:
    """Fetch one base backup. Raises OSError, OperatorError."""
    folder, packed = archive.bases / base.id, archive.folder / f"base-{base.id}"
    if bases.read(folder):
        return
    for each in (folder, packed):
        shutil.rmtree(each, ignore_errors=True)
        each.mkdir(mode=0o700)
    target.fetch(f"{place}/base/{base.id}", packed)
    parcel.unpack(packed, folder, identity=identity)
    (folder / ship.renamed(bases.ABOUT)).rename(folder / bases.ABOUT)
    shutil.rmtree(packed)


def parcels(target: Target, place: str, base: Base, moment: datetime.datetime, into: Path) -> list[str]:
    """Return the names of the parcels of WAL from a base backup on, to the first that has everything until a time."""
    names = ship.names_of(target.names(f"{place}/segments"), first=base.first_segment, segment_bytes=base.segment_bytes)
    names.sort(key=lambda name: (name.split("-")[1][8:], name))  # by position, then by timeline
    folder, found = into / ".looked-at", []
    if names:
        target.fetch(f"{place}/segments", folder, only=[f"{name}/{MANIFEST}" for name in names])
    for name in names:
        found.append(name)
        until = parcel.about(folder / name)["received_until"]
        if until and datetime.datetime.fromisoformat(until) >= max(moment, base.at):
            break
    shutil.rmtree(folder, ignore_errors=True)
    return found


def fetch_segments(target: Target, name: str, archive: Archive, into: Path, *, identity: str) -> None:
    """Fetch one parcel of WAL. Raises OSError, OperatorError."""
    folder = into / ".parcel"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    target.fetch(name, folder)
    parcel.unpack(folder, archive.wal, identity=identity)
    shutil.rmtree(folder)
