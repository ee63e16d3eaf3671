"""Takes a snapshot, in passes: around a dump two, so that it has what was there before, and what came meanwhile."""

import datetime
import shutil
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from ops.backup import files
from ops.backup.media import catalogue, guards, scan
from ops.backup.media.catalogue import FOLDER, File, Snapshot, place
from ops.backup.media.keepers import Keeper, keeper_of
from ops.backup.media.settings import MediaSettings
from ops.backup.progress import Progress
from ops.backup.sets import FORM, NAME
from ops.backup.targets import MANIFEST
from ops.errors import OperatorError

ROUNDS = 3


@dataclass(kw_only=True)
class Run:
    """A snapshot on its way: `stored` is what is at the target under its id."""

    settings: MediaSettings
    progress: Progress
    id: str
    previous: Snapshot | None
    stored: dict[str, File] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)

    @property
    def keeper(self) -> Keeper:
        """What keeps snapshots at the target."""
        return keeper_of(self.settings.target)

    def copy(self, *, step: str) -> None:
        """Copy what is in the folder now; look again, and copy what changed meanwhile, until nothing has. What is gone stays."""
        with self.progress.step(step, f"Copying {self.settings.folder} to {self.settings.target.url}"):
            for _ in range(ROUNDS):
                found = self.look()
                changed = {name: each for name, each in found.items() if self.stored.get(name) != each}
                if not changed:
                    return
                self.put(changed)
            changed = {name: each for name, each in self.look().items() if self.stored.get(name, each) != each}
        if changed:
            raise OperatorError(
                f"Cannot copy {', '.join(map(repr, changed))}: contents change faster than they can be copied.",
                hint="Have them written under another name, and renamed when they are whole.",
            )

    def changed(self) -> dict[str, File]:
        """Return the files that the snapshot before does not have as they are now."""
        before = self.previous.files if self.previous else {}
        return {name: each for name, each in self.look().items() if before.get(name) != each}

    def look(self) -> dict[str, File]:
        """Look through the folder."""
        found = scan.scan(self.settings.folder, cache=self.settings.hashes)
        self.left_out = found.left_out
        return found.files

    def put(self, changed: dict[str, File]) -> None:
        """Store files that are new, or have other contents than this run has stored."""
        again = [name for name in changed if name in self.stored]
        new = {name: each for name, each in changed.items() if name not in self.stored}
        self.keeper.put(self.settings.folder, self.id, new, previous=self.previous, show=self.progress.amount)
        if again:
            self.keeper.mend(self.settings.folder, Snapshot(id=self.id, files=changed), again)
        self.stored |= changed

    def publish(self) -> Snapshot:
        """Compare what is new with what is at the target, then store the manifest: from then on the snapshot is there."""
        with self.progress.step("media compare", f"Comparing what is new at {self.settings.target.url}"):
            self.prove()
        with self.progress.step("media manifest", f"Storing the manifest of {self.id}"):
            snapshot = Snapshot(id=self.id, files=dict(sorted(self.stored.items())), left_out=self.left_out)
            return self.write(snapshot)

    def prove(self) -> None:
        """Compare; store once more what is wrong; leave out what vanished before it was copied; raise OperatorError at the rest."""
        before = self.previous.files if self.previous else {}
        fresh = [name for name, each in self.stored.items() if name not in before or before[name].sha256 != each.sha256]
        wrong = self.compare(fresh)
        if not wrong:
            return
        now = self.look()
        mendable = [name for name in wrong if now.get(name) == self.stored[name]]
        if mendable:
            self.keeper.mend(self.settings.folder, Snapshot(id=self.id, files=self.stored), mendable)
        wrong = self.compare(wrong)
        for name in [name for name in wrong if name not in now]:
            del self.stored[name]
            wrong.remove(name)
        if wrong:
            raise self.settings.target.altered(place(self.id), wrong)

    def compare(self, names: list[str]) -> list[str]:
        """Return which of the files the target does not have as they were stored."""
        snapshot, now = Snapshot(id=self.id, files=self.stored), self.look()
        here = [name for name in names if now.get(name) == self.stored[name]]
        wrong = self.keeper.compare(snapshot, here, beside=self.settings.folder)
        gone = sorted(set(names) - set(here))
        return wrong + self.keeper.compare(snapshot, gone, beside=None)

    def write(self, snapshot: Snapshot) -> Snapshot:
        """Store the manifest; keep it here too."""
        with tempfile.TemporaryDirectory() as folder, files.told("write the manifest", Path(folder)):
            files.write(Path(folder) / MANIFEST, catalogue.text(snapshot))
            self.settings.target.store(Path(folder), place(snapshot.id))
        known = self.settings.manifests / snapshot.id
        with files.told("keep the manifest", known):
            known.mkdir(mode=0o700, parents=True, exist_ok=True)
            files.replace(known / MANIFEST, catalogue.text(snapshot))
        return snapshot


def begin(
    settings: MediaSettings, progress: Progress, *, despite_lost_files: bool = False, is_dry: bool = False
) -> Run:
    """Look at folder and target, then begin a snapshot. What a run that was killed had stored is taken over, unless it `is_dry`."""
    settings.refresh(progress)
    guards.source(settings.folder)
    target = settings.target
    with files.told("make room for what is known of media", settings.known):
        settings.known.mkdir(mode=0o700, exist_ok=True)
        for path in settings.known.glob(f"{tempfile.gettempprefix()}*"):
            shutil.rmtree(path)  # a killed run's
    with progress.step("media look", f"Looking at {settings.folder} and at {target.url}"):
        there = catalogue.ids(target)
        guards.same_target(target, there, settings.known_ids, cache=settings.manifests)
        before = catalogue.named(target, "latest", cache=settings.manifests) if there else None
        now = scan.scan(settings.folder, cache=settings.hashes, show=progress.files)
        if not despite_lost_files:
            guards.lost_files(now.files, before, folder=settings.folder)
    own_id = "" if is_dry else new_id(settings, there, progress)
    return Run(settings=settings, progress=progress, id=own_id, previous=before)


def new_id(settings: MediaSettings, there: list[str], progress: Progress) -> str:
    """Return the id of a new snapshot, or of one that a killed run left and that is newer than any other; others are removed."""
    left = [name for name in settings.target.names(FOLDER, last="") if NAME.fullmatch(name) and name not in there]
    continued = left[-1] if left and left[-1] > max(there, default="") else ""
    for name in left:
        if name != continued:
            progress.say(f"Removing {name}, which a killed run left")
            settings.target.remove(place(name))
    if continued:
        progress.say(f"Going on with {continued}, which a killed run left")
        return continued
    while (name := datetime.datetime.now(tz=datetime.UTC).strftime(FORM)) in there:
        time.sleep(0.1)
    return name


def take(settings: MediaSettings, *, progress: Progress, despite_lost_files: bool = False) -> Snapshot:
    """Take a snapshot by itself."""
    run = begin(settings, progress, despite_lost_files=despite_lost_files)
    run.copy(step="media copy")
    return run.publish()
