"""Media around a dump: copied before it and after it, so that the snapshot has every file that the dump can name."""

import datetime
from collections.abc import Collection
from pathlib import Path

from ops.backup.contents import Facts
from ops.backup.media import upkeep
from ops.backup.media.settings import MediaSettings
from ops.backup.media.taking import Run, begin
from ops.backup.progress import Progress
from ops.backup.targets import MANIFEST
from ops.errors import OperatorError


class Around:
    """A snapshot of media around one dump. What goes wrong is kept for later: a target that is away must not cost the dump."""

    def __init__(self, settings: MediaSettings | None, progress: Progress, *, despite_lost_files: bool = False) -> None:
        self.settings, self.progress, self.despite_lost_files = settings, progress, despite_lost_files
        self.run: Run | None = None
        self.problem: OperatorError | None = None
        self.manifest: Path | None = None  # on this machine, once the snapshot is there

    @classmethod
    def nothing(cls) -> "Around":
        """Return what takes no snapshot."""
        return cls(None, Progress())

    def before(self) -> None:
        """Copy what is there before the dump."""
        if self.settings is None:
            return
        try:
            self.run = begin(self.settings, self.progress, despite_lost_files=self.despite_lost_files)
            self.run.copy(step="media before")
        except OperatorError as error:
            self.note(error)

    def after(self) -> Facts | None:
        """Copy what came meanwhile, and store the manifest; return what the set's manifest says of it."""
        if self.run is None or self.problem:
            return None
        try:
            self.run.settings.refresh(self.progress)
            self.run.copy(step="media after")
            snapshot = self.run.publish()
        except OperatorError as error:
            self.note(error)
            return None
        self.manifest = self.run.settings.manifests / snapshot.id / MANIFEST
        return {"target": self.run.settings.target.url, "snapshot": snapshot.id}

    def keep(self, *, needed: Collection[str]) -> None:
        """Compare the day's share, and remove what no rule keeps."""
        if self.settings is None or self.problem:
            return
        now = datetime.datetime.now(tz=datetime.UTC)
        try:
            upkeep.check(self.settings, self.progress, day=now.date())
            upkeep.prune(self.settings, self.progress, needed=needed, now=now)
        except OperatorError as error:
            self.note(error)

    def note(self, error: OperatorError) -> None:
        """Keep an error, and tell it."""
        self.problem = error
        self.progress.say(f"{error}")

    def raise_problem(self) -> None:
        """Raise what went wrong."""
        if self.problem:
            raise self.problem
