"""Looks at the env file and the secrets, as far as the standard library can: the image's own check comes after the build."""

import difflib
import os
import re
import stat
from collections.abc import Iterator

from config.variables import VARIABLES
from ops.deploy.first_time import MAY_BE_ABSENT, OWNERS
from ops.deploy.preflight.findings import Finding, error, ok, warning
from ops.deploy.site import Site

PLACEHOLDER = re.compile(r"change[-_]?me|example\.com", re.IGNORECASE)
CLOSED = stat.S_IRWXG | stat.S_IRWXO
TRUE = ("true", "1", "yes", "on")


def variables(site: Site, *, server_name: str) -> Iterator[Finding]:
    """Compare the env file with the declaration."""
    if not site.is_set_up:
        if server_name:
            yield ok("env file", f"is made by this first deploy, for {server_name}")
        else:
            yield error("env file", "there is no .env yet", hint="scripts/deploy.sh --server-name api.example.com")
        return
    texts = site.texts()
    if texts.get("DJANGO_DEBUG", "").lower() in TRUE:
        hint = "Move it away: mv .env .env.development - and deploy with --server-name."
        yield error("env file", f"{site.env_file} is a development's: DJANGO_DEBUG is true", hint=hint)
        return
    yield from missing(texts)
    yield from unknown(texts)
    yield from hosts(texts)
    mode = stat.S_IMODE(site.env_file.stat().st_mode)
    if mode & CLOSED:
        yield warning("env file", f"others may read it (mode {mode:o})", hint=f"chmod 600 {site.env_file}")
    else:
        yield ok("env file", f"{len(texts)} values")


def missing(texts: dict[str, str]) -> Iterator[Finding]:
    """Tell what has to be set and is not, or still is the template's."""
    for name, variable in VARIABLES.items():
        value = texts.get(name, "")
        if variable.is_required and not variable.made_from and not value and not texts.get(f"{name}_FILE"):
            yield error(name, "is not set", hint=variable.purpose)
        elif PLACEHOLDER.search(value):
            yield error(name, f"still is the template's: {value}", hint=f"Set it in .env. {variable.purpose}")


def unknown(texts: dict[str, str]) -> Iterator[Finding]:
    """Tell the names that nobody reads: misspelt, or of a version before."""
    for name in texts:
        bare = name.removesuffix("_FILE")
        if name in VARIABLES or bare in VARIABLES:
            continue
        like = difflib.get_close_matches(bare, VARIABLES, n=1, cutoff=0.6)
        hint = f"Did you mean {like[0]}?" if like else "Delete it: docs/configuration.md lists what is read."
        yield error(name, "is set, and nothing reads it", hint=hint)


def hosts(texts: dict[str, str]) -> Iterator[Finding]:
    """Tell the names that nginx answers to, and the application would refuse."""
    if not (written := texts.get("DJANGO_ALLOWED_HOSTS", "")):
        return
    allowed = [host.strip() for host in written.split(",")]
    absent = [name for name in texts.get("SERVER_NAME", "").split() if not any(has(host, name) for host in allowed)]
    if absent:
        hint = f"DJANGO_ALLOWED_HOSTS={','.join([*allowed, *absent])}"
        yield error("DJANGO_ALLOWED_HOSTS", f"lacks {', '.join(absent)}, which SERVER_NAME has", hint=hint)


def has(host: str, name: str) -> bool:
    """Tell whether an allowed host is a name's, as Django sees it: one that begins with a dot has all below it."""
    host, name = host.lower(), name.lower()
    return host in ("*", name, f".{name}") or (host.startswith(".") and name.endswith(host))


def secrets(site: Site) -> Iterator[Finding]:
    """Look at the files' owners and rights; what is in them is their users' business."""
    if not site.secrets.exists():
        if site.is_set_up:
            hint = f"Put it back from where it was kept safe: {site.secrets}"
            yield error("secrets", "the folder is not there, and the env file is", hint=hint)
        else:
            yield ok("secrets", "are made by this first deploy")
        return
    wrong = [problem for name, owner in OWNERS.items() if (problem := wrong_with(site, name, owner=owner))]
    for problem in wrong:
        yield problem
    if not wrong:
        yield ok("secrets", f"{len(OWNERS)} files, each its container's user's alone")


def wrong_with(site: Site, name: str, *, owner: int) -> Finding | None:
    """Return what is wrong with one file."""
    path = site.secrets / name
    try:
        found = os.stat(path)  # noqa: PTH116 - Path.stat() hides nothing more, and the tests count on one call
    except OSError as problem:
        if name in MAY_BE_ABSENT and not path.exists():
            return None
        return error(name, f"{path}: {problem.strerror}", hint="Put it back from where it was kept safe.")
    mode = stat.S_IMODE(found.st_mode)
    if mode & CLOSED:
        return error(name, f"others may read it (mode {mode:o})", hint=f"chmod 600 {path}")
    if found.st_uid != owner:
        return error(name, f"is user {found.st_uid}'s, and user {owner} has to read it", hint=f"chown {owner} {path}")
    return None
