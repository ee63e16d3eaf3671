"""How backups are, asked of the backup service at BACKUP_STATUS_URL. Raises nothing: a service that is away is told as such."""

import datetime
import http.client
import json
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings

TIMEOUT_SECONDS = 3.0
COUNTS_FROM = 4
# What was seen at each level, as docs/backups.md has it.
LEVELS = {
    0: "not verified",
    1: "hashes right",
    2: "can be read",
    3: "restored",
    4: "restored, and equal",
    5: "restored, equal, and sound",
    6: "restored from off this machine",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Backup:
    """A set: its size, how far it was verified and when last, whether a copy is elsewhere."""

    id: str
    at: datetime.datetime
    bytes: int
    level: int
    verified_at: datetime.datetime | None
    is_offsite: bool
    is_before_restore: bool

    @property
    def counts(self) -> bool:
        """Whether it was restored, and found equal."""
        return self.level >= COUNTS_FROM

    @property
    def proof(self) -> str:
        """What was seen of it."""
        return LEVELS.get(self.level, str(self.level))


@dataclass(frozen=True, kw_only=True, slots=True)
class Backups:
    """What the service says. `away` tells why it says nothing; `problems` are each a fact and a hint."""

    away: str = ""
    problems: list[dict[str, str]] = field(default_factory=list)
    sets: list[Backup] = field(default_factory=list)
    free_bytes: int | None = None
    next_due: datetime.datetime | None = None
    drill: dict[str, Any] | None = None

    @property
    def newest(self) -> Backup | None:
        """The newest that counts."""
        return next((each for each in self.sets if each.counts and not each.is_before_restore), None)


def ask() -> Backups:
    """Return what the service says, within seconds."""
    if not settings.BACKUP_STATUS_URL:
        return Backups(away="No backup service belongs to this installation (BACKUP_STATUS_URL).")
    try:
        health, sets = fetched("/health"), fetched("/sets")
        return as_backups(health, sets)
    except (OSError, http.client.HTTPException) as error:
        return Backups(away=f"The backup service does not answer ({type(error).__name__}).")
    except (ValueError, KeyError, TypeError):
        return Backups(away="The backup service answers in a way that this version does not know.")


def fetched(path: str) -> Any:
    """Return the JSON at a path of the service. 503 is its way of saying that something is wrong, and is an answer."""
    url = settings.BACKUP_STATUS_URL.rstrip("/") + path
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310 - the operator's own address
            return json.loads(answer.read())
    except urllib.error.HTTPError as answer:
        with answer:
            if answer.code != http.client.SERVICE_UNAVAILABLE:
                raise
            return json.loads(answer.read())


def as_backups(health: Any, sets: Any) -> Backups:
    """Return the service's answers as ours. Raises KeyError, TypeError, ValueError."""
    due = health["jobs"].get("db", {}).get("next_due")
    return Backups(
        problems=[{"what": str(each["what"]), "hint": str(each["hint"])} for each in health["problems"]],
        sets=[as_backup(each) for each in sets["sets"]],
        free_bytes=health["free_bytes"],
        next_due=moment(due),
        drill=health["drill"] and {**health["drill"], "at": moment(health["drill"]["at"])},
    )


def as_backup(told: dict[str, Any]) -> Backup:
    """Return one set."""
    return Backup(
        id=str(told["id"]),
        at=datetime.datetime.fromisoformat(told["at"]),
        bytes=int(told["bytes"]),
        level=int(told["level"]),
        verified_at=moment(told["verified_at"]),
        is_offsite=bool(told["is_offsite"]),
        is_before_restore=bool(told["is_before_restore"]),
    )


def moment(text: str | None) -> datetime.datetime | None:
    """Return a time."""
    return datetime.datetime.fromisoformat(text) if text else None
