"""Reads this package's settings from the environment, by the declaration in config/variables.py. The rest takes arguments."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from config.backup_forms import AGE_RECIPIENT, COMPRESSION
from config.environment_values import ROOT
from config.variables import VARIABLES
from ops.backup.database import Database
from ops.backup.retention import Rules
from ops.errors import WRONG_USAGE, OperatorError


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What a backup goes by. `scratch_folder` is where the scratch server's data lie while it runs.

    `recipients` are the public keys that sets are encrypted to, `identity` is the private one where it was given. The targets are
    addresses, which may have a password; empty where there is none.
    """

    database: Database
    folder: Path
    compression: str
    must_be_mount: bool
    scratch_folder: Path
    rules: Rules
    recipients: tuple[str, ...] = ()
    identity: str = field(default="", repr=False)
    media_folder: Path = Path()
    media_target: str = field(default="", repr=False)
    offsite_target: str = field(default="", repr=False)
    stall_seconds: float = 900

    @property
    def plain_folder(self) -> Path:
        """Where the files of an encrypted set are in plain, while they are needed."""
        return self.scratch_folder.with_name(f"{self.scratch_folder.name}-plain")


def read(environment: Mapping[str, str]) -> Settings:
    """Return the settings; raises OperatorError with what is wrong."""
    folder = Path(text(environment, "DB_BACKUPS_DIR")).absolute()
    scratch = text(environment, "DB_BACKUP_SCRATCH_DIR")
    return Settings(
        database=database(environment),
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
        recipients=recipients(environment),
        identity=text(environment, "BACKUP_AGE_IDENTITY"),
        media_folder=ROOT / text(environment, "MEDIA_ROOT"),
        media_target=text(environment, "MEDIA_BACKUP_TARGET"),
        offsite_target=text(environment, "BACKUP_OFFSITE_TARGET"),
        stall_seconds=number(environment, "DB_BACKUP_STALL_SECONDS"),
    )


def database(environment: Mapping[str, str]) -> Database:
    """Return the database; its password comes from POSTGRES_PASSWORD where the address has none."""
    found = Database.of_url(text(environment, "DATABASE_URL"))
    password = text(environment, "POSTGRES_PASSWORD")
    if "password" in found.parameters or not password:
        return found
    return Database(parameters={**found.parameters, "password": password})


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


def optional(environment: Mapping[str, str], name: str) -> str | None:
    """Return a variable's value, or None where it is not set."""
    return text(environment, name) if environment.get(name) or environment.get(f"{name}_FILE") else None


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
            f"DB_BACKUP_COMPRESSION is {value!r}.",
            hint="It is gzip, gzip:1 to gzip:9, zstd, zstd:1 to zstd:22, or none.",
        )
    return value


def recipients(environment: Mapping[str, str]) -> tuple[str, ...]:
    """Return the public keys that sets are encrypted to. What is no key, a private one above all, is not repeated."""
    found = [key.strip() for key in text(environment, "BACKUP_AGE_RECIPIENT").split(",") if key.strip()]
    if not all(AGE_RECIPIENT.fullmatch(key) for key in found):
        raise wrong(
            "BACKUP_AGE_RECIPIENT has something that is no public key of age.",
            hint="One begins with age1 and has 58 letters and digits behind it: age-keygen -y KEY_FILE",
        )
    return tuple(found)


def wrong(message: str, *, hint: str) -> OperatorError:
    """Return the error of a setting."""
    return OperatorError(message, hint=hint, status=WRONG_USAGE)
