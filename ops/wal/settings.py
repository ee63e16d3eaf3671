"""Reads this package's settings from the environment, beside those of backups."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ops.backup import settings as backup
from ops.backup.settings import Settings
from ops.errors import REFUSED, OperatorError
from ops.wal.archive import ROOT


@dataclass(frozen=True, kw_only=True)
class WalSettings:
    """What receiving WAL and base backups go by."""

    backup: Settings
    days: int
    full_days: int
    switch_seconds: int

    @property
    def offsite(self) -> str:
        """The target off the machine, empty where there is none."""
        return self.backup.offsite_target

    @property
    def root(self) -> Path:
        """Where the archives are."""
        return self.backup.folder / ROOT


def is_on(environment: Mapping[str, str]) -> bool:
    """Tell whether WAL is to be received."""
    return backup.flag(environment, "DB_PITR")


def read(environment: Mapping[str, str]) -> WalSettings:
    """Return the settings; raises OperatorError with what is wrong."""
    return WalSettings(
        backup=backup.read(environment),
        days=backup.number(environment, "DB_PITR_DAYS"),
        full_days=backup.number(environment, "DB_PITR_FULL_DAYS"),
        switch_seconds=backup.number(environment, "DB_PITR_SWITCH_SECONDS"),
    )


def require_on(environment: Mapping[str, str]) -> None:
    """Raise OperatorError where WAL is not to be received."""
    if not is_on(environment):
        raise OperatorError(
            "Refusing to receive WAL: DB_PITR is false.",
            hint="Set DB_PITR=true for the database and the backup service, and start both anew: docker compose up -d",
            status=REFUSED,
        )
