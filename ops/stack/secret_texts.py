"""The texts of a production's secrets: read, made anew, and written where the containers that run see them too. Talks to no server."""

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ops.deploy.site import Site
from ops.errors import REFUSED, OperatorError

KEY, DATABASE, REDIS = "key", "db", "redis"
NAMES = {
    KEY: ("django_secret_key", "django_secret_key_fallbacks"),
    DATABASE: ("db_password", "database_url", "postgres_password"),
    REDIS: ("redis_password", "redis_url"),
}
KEPT_KEYS = 2


@dataclass(frozen=True, kw_only=True)
class Change:
    """The texts of files before and after, by the files' names."""

    before: Mapping[str, str]
    after: Mapping[str, str]


def planned(site: Site, what: tuple[str, ...], *, forgets_key: bool) -> Change:
    """Return what becomes of the files; raises OperatorError where one can't be read."""
    before = {name: read(site.secrets / name) for each in what for name in NAMES[each]}
    after: dict[str, str] = {}
    if KEY in what:
        old = [] if forgets_key else [before["django_secret_key"], *before["django_secret_key_fallbacks"].split(",")]
        after["django_secret_key"] = secrets.token_urlsafe(48)
        after["django_secret_key_fallbacks"] = ",".join([key for key in old if key][:KEPT_KEYS])
    for server, password, address in (
        (DATABASE, "db_password", "database_url"),
        (REDIS, "redis_password", "redis_url"),
    ):
        if server in what:
            after[password] = secrets.token_urlsafe(32)
            after[address] = before[address].replace(before[password], after[password])
    if DATABASE in what:
        after["postgres_password"] = secrets.token_urlsafe(32)
    return Change(before=before, after=after)


def read(path: Path) -> str:
    """Return a file's text without its line's end; raises OperatorError where we may not read it."""
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise OperatorError(
            f"Refusing to go on: cannot read {path}: {error.strerror}. Nothing was changed.",
            hint="The files of secrets are their containers' users' alone. Run this as root: sudo scripts/stack.sh",
            status=REFUSED,
        ) from None


def write(folder: Path, texts: Mapping[str, str]) -> None:
    """Write files in place: a container has the file itself, and would not see another of its name. Raises OperatorError.

    A text and the one before have the same length as a rule, and go to the disk in one piece.
    """
    for name, text in texts.items():
        content = f"{text}\n".encode()
        try:
            descriptor = os.open(folder / name, os.O_WRONLY)
            try:
                os.pwrite(descriptor, content, 0)
                os.ftruncate(descriptor, len(content))
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        except OSError as error:
            raise OperatorError(
                f"Cannot write {folder / name}: {error.strerror}.",
                hint=f"See its rights and the disk: ls -ln {folder}; df -h {folder}",
            ) from None
