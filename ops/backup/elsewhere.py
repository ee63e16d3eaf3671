"""Which sets are off this machine: by one look at the target's list, and where it can't be reached by what was written down here."""

from collections.abc import Sequence
from dataclasses import dataclass

from ops.backup import offsite, sets, targets
from ops.backup.contents import Facts
from ops.backup.sets import BackupSet
from ops.backup.settings import Settings
from ops.errors import OperatorError


@dataclass(frozen=True, kw_only=True)
class Elsewhere:
    """What a target has: the ids of whole sets, or why it can't be asked. `target` is empty where there is none."""

    target: str = ""
    ids: frozenset[str] = frozenset()
    problem: str = ""

    def has(self, backup_set: BackupSet) -> bool | None:
        """Tell whether a set is there; None where that is written down here, and the target can't be asked."""
        if self.target and not self.problem:
            return backup_set.id in self.ids
        return None if self.is_noted(backup_set) else False

    def is_noted(self, backup_set: BackupSet) -> bool:
        """Tell whether it is written down that a set was stored there: where no target is set, at any."""
        return backup_set.offsite is not None and self.target in ("", backup_set.offsite.target)

    def word(self, backup_set: BackupSet) -> str:
        """Say it in a word."""
        is_there = self.has(backup_set)
        if is_there is None:
            return "noted"
        return "yes" if is_there else "gone" if self.is_noted(backup_set) else "no"

    def facts(self, backup_set: BackupSet) -> Facts:
        """Return what a program is told of a set; `is_there` is null where it is written down alone."""
        noted = backup_set.offsite
        return {
            "is_there": self.has(backup_set),
            "target": noted.target if noted else None,
            "stored_at": noted.at if noted else None,
        }

    def alone(self, here: Sequence[str]) -> list[str]:
        """Return the sets that are there, and not here."""
        return sorted(self.ids - set(here))

    def lines(self, here: Sequence[str]) -> list[str]:
        """Return what is to be said beside the table."""
        if self.problem:
            return [
                "",
                f"off-site: {self.problem}",
                'A set that is "noted" was stored there, by what was written down here.',
            ]
        alone = self.alone(here)
        return ["", f"off-site alone, at {self.target}: {', '.join(alone)}"] if alone else []

    def as_facts(self, here: Sequence[str]) -> Facts | None:
        """Return what a program is told of the target."""
        if not self.target:
            return None
        return {
            "target": self.target,
            "is_reached": not self.problem,
            "problem": self.problem,
            "alone": self.alone(here),
        }


def look(settings: Settings) -> Elsewhere:
    """Ask the target for its list. Where it has no answer, that is told, and no error: what is here is shown all the same."""
    if not settings.offsite_target:
        return Elsewhere()
    place = offsite.VARIABLE
    try:
        target = targets.of(settings.offsite_target, variable=offsite.VARIABLE)
        place = target.url
        names = target.names(offsite.folder_of(settings.database.name))
    except OperatorError as error:
        return Elsewhere(target=place, problem=" ".join(str(error.args[0]).split()))
    return Elsewhere(target=place, ids=frozenset(name for name in names if sets.NAME.fullmatch(name)))
