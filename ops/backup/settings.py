"""Reads this package's settings from the environment, by the declaration in config/variables.py. The rest takes arguments."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from config.variables import VARIABLES
from ops.backup.database import Database
from ops.backup.retention import Rules
from ops.errors import WRONG_USAGE, OperatorError

COMPRESSION = re.compile(r"gzip(:[1-9])?|zstd(:([1-9]|1[0-9]|2[0-2]))?")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What a backup goes by. `scratch_folder` is where the scratch server's data lie while it runs."""

    database: Database
    folder: Path
    compression: str
    must_be_mount: bool
    scratch_folder: Path
    rules: Rules


def read(environment: Mapping[str, str]) -> Settings:
    """Return the settings; raises OperatorError with what is wrong."""
    folder = Path(text(environment, "DB_BACKUPS_DIR")).absolute()
    scratch = text(environment, "DB_BACKUP_SCRATCH_DIR")
    return Settings(
        database=Database.of_url(text(environment, "DATABASE_URL")),
        folder=folder,
        compression=compression(environment),
        must_be_mount=flag(environment, "DB_BACKUPS_ON_MOUNT"),
        scratch_folder=Path(scratch).absolute() / "slipway-scratch" if scratch else folder / ".scratch",
        rules=Rules(
            days=number(environment, "DB_BACKUP_RETENTION_DAYS"),
            daily=number(environment, "DB_BACKUP_KEEP_DAILY"),
            weekly=number(environment, "DB_BACKUP_KEEP_WEEKLY"),
            monthly=number(environment, "DB_BACKUP_KEEP_MONTHLY"),
            least=number(environment, "DB_BACKUP_MIN_KEEP"),
        ),
    )


def text(environment: Mapping[str, str], name: str) -> str:
    """Return a variable's value, from `NAME_FILE` where that is set, else its default."""
    path = environment.get(f"{name}_FILE")
    if path:
        try:
            return Path(path).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise wrong(f"Cannot read {name}_FILE, {path}: {error}.", hint="See its rights: ls -l") from None
    value = environment.get(name) or VARIABLES[name].default
    if value is None:
        raise wrong(f"{name} is not set.", hint=f"Set it, or {name}_FILE: docs/configuration.md says to what.")
    return value


def number(environment: Mapping[str, str], name: str) -> int:
    """Return a variable that is a whole number within its bounds."""
    value, declared = text(environment, name), VARIABLES[name]
    least, most = declared.minimum or 0, declared.maximum or 0
    if not re.fullmatch(r"[0-9]{1,9}", value) or not least <= int(value) <= most:
        raise wrong(f"{name} is {value!r}.", hint=f"It is a whole number from {least} to {most}.")
    return int(value)


def flag(environment: Mapping[str, str], name: str) -> bool:
    """Return a variable that is true or false. A guard that was misspelt must not be taken for one that is off."""
    value = text(environment, name).lower()
    if value not in ("true", "false"):
        raise wrong(f"{name} is {value!r}.", hint="It is true or false.")
    return value == "true"


def compression(environment: Mapping[str, str]) -> str:
    """Return how pg_dump compresses."""
    value = text(environment, "DB_BACKUP_COMPRESSION")
    if not COMPRESSION.fullmatch(value):
        raise wrong(
            f"DB_BACKUP_COMPRESSION is {value!r}.", hint="It is gzip, gzip:1 to gzip:9, zstd, or zstd:1 to zstd:22."
        )
    return value


def wrong(message: str, *, hint: str) -> OperatorError:
    """Return the error of a setting."""
    return OperatorError(message, hint=hint, status=WRONG_USAGE)
