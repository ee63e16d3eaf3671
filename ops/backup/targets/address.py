"""Takes a target's address apart, and shows one without its secrets. Opens no connection."""

import re
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote, urlsplit

from ops.errors import WRONG_USAGE, OperatorError

SCHEMES = ("file", "rsync", "ssh", "s3", "sftp", "webdav", "webdav+http", "rclone", "restic")
REMOTE_SHELL = re.compile(
    r"(?P<user>[A-Za-z0-9_][A-Za-z0-9_.-]*)@(?P<host>[A-Za-z0-9_.-]+|\[[0-9A-Fa-f:]+\]):(?P<path>.+)"
)
RCLONE = re.compile(r"rclone:(?P<host>[A-Za-z0-9_][A-Za-z0-9_.+@ -]*):(?P<path>.*)")
RESTIC = re.compile(r"restic:(?P<path>.+)")
PASSWORD_IN_URL = re.compile(r"(?<=://)([^/@\s:]*):[^/@\s]+@")
HINT = """It is one of file:///mnt/nas, rsync://host/module/path, user@host:/path, s3://bucket/prefix, sftp://user@host/path,
       webdav://host/path, rclone:REMOTE:path, restic:REPOSITORY: docs/backups.md has an example of each."""


@dataclass(frozen=True, kw_only=True)
class Address:
    """The parts of a target's address. Only `url`, which has no secret, is shown."""

    scheme: str
    url: str
    path: str
    host: str = ""
    port: int | None = None
    user: str = ""
    password: str = field(default="", repr=False)
    options: dict[str, str] = field(default_factory=dict, repr=False)


def parsed(text: str, *, variable: str) -> Address:
    """Return an address's parts; raises OperatorError where it is none."""
    if not text:
        raise OperatorError(f"{variable} is not set.", hint=HINT, status=WRONG_USAGE)
    if found := RESTIC.fullmatch(text):
        return Address(scheme="restic", url=masked(text), path=found["path"])
    if found := RCLONE.fullmatch(text):
        return Address(scheme="rclone", url=text, host=found["host"], path=found["path"])
    if "://" not in text and (found := REMOTE_SHELL.fullmatch(text)):
        return Address(scheme="ssh", url=text, user=found["user"], host=found["host"], path=beneath_root(found["path"]))
    return of_url(text, variable=variable)


def of_url(text: str, *, variable: str) -> Address:
    """Return the parts of an address with a scheme."""
    try:
        parts = urlsplit(text)
        port, host = parts.port, parts.hostname or ""
    except ValueError:
        raise wrong(variable, "is no address that can be parsed") from None
    if parts.scheme not in SCHEMES:
        raise wrong(variable, f"begins with {parts.scheme or 'no scheme'}, which is no target's")
    if (parts.scheme == "file") == bool(host) or parts.fragment:
        raise wrong(
            variable, "has no host" if parts.scheme != "file" else "has a host; three slashes go before a folder"
        )
    return Address(
        scheme=parts.scheme,
        url=masked(text).partition("?")[0],
        host=host,
        port=port,
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        path=unquote(parts.path),
        options=dict(parse_qsl(parts.query, keep_blank_values=True)),
    )


def beneath_root(path: str) -> str:
    """Return a path of ssh's that begins with a slash: one without is in the user's folder."""
    return path if path.startswith("/") else f"/~/{path.removeprefix('~/')}"


def masked(text: str) -> str:
    """Return a text in which no address has a password."""
    return PASSWORD_IN_URL.sub(r"\1:***@", text)


def wrong(variable: str, what: str) -> OperatorError:
    """Return the error of an address. It repeats none of its parts: there may be a password in it."""
    return OperatorError(f"{variable} {what}.", hint=HINT, status=WRONG_USAGE)
