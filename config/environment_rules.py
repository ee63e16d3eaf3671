"""What no single variable's type can say: values that contradict each other, and names that nobody reads."""

import difflib
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from config.environment_values import Value
from config.variables import VARIABLES

# Read by Django or by tools of ours, not declared as configuration.
FOREIGN_NAMES = frozenset(
    {"DJANGO_SETTINGS_MODULE", "DJANGO_COLORS", "DJANGO_WATCHMAN_TIMEOUT", "DJANGO_RUNSERVER_HIDE_WARNING"}
)
FOREIGN_PREFIXES = ("DJANGO_SUPERUSER_",)
OWN_PREFIX = "DJANGO_"
PREFIXES = (
    "DJANGO_", "DB_", "DATABASE_", "MEDIA_", "STATIC_", "EMAIL_", "GRAPHQL_", "TLS_", "SECURE_", "CSRF_", "SESSION_",
    "LOGIN_", "CACHE_", "LOG_", "REDIS_", "PASSWORD_RESET_",
)  # fmt: skip
LIKENESS = 0.8


class Problem(NamedTuple):
    """What is wrong with one variable, and what to do. `message` goes on after the name: "is not set"."""

    name: str
    message: str
    hint: str

    def __str__(self) -> str:
        return f"\n  {self.name} {self.message}.\n    hint: {self.hint}"


def known_names() -> set[str]:
    """Return every name that is read, in both spellings."""
    return set(VARIABLES) | {f"{name}_FILE" for name in VARIABLES} | {"ENV_FILE"}


def unknown(names: Iterable[str]) -> list[Problem]:
    """Return a problem for each name, with the declared name that it was perhaps meant to be."""
    problems = []
    for name in sorted(names):
        like = difflib.get_close_matches(name, VARIABLES, n=1, cutoff=0.6)
        hint = f"Did you mean {like[0]}?" if like else "Delete it; docs/configuration.md lists what is read."
        problems.append(Problem(name, "is set, and nothing reads it", hint))
    return problems


def unknown_in_file(file: Mapping[str, str]) -> list[Problem]:
    """Return the names of an env file that nothing reads: all of the file is meant for us."""
    return unknown(set(file) - known_names())


def unknown_in_process(process: Mapping[str, str]) -> list[Problem]:
    """Return the names of a process's environment that are ours by their looks, and that nothing reads.

    Other programs' variables are there too: of those with a prefix as common as LOG_, only near misses are told.
    """
    candidates = {name for name in process if name.startswith(PREFIXES)} - known_names() - FOREIGN_NAMES
    return unknown(
        name
        for name in candidates
        if not name.startswith(FOREIGN_PREFIXES)
        and (name.startswith(OWN_PREFIX) or difflib.get_close_matches(name, VARIABLES, n=1, cutoff=LIKENESS))
    )


def problems_across(values: Mapping[str, Value]) -> list[Problem]:
    """Return where values contradict each other; a value that is itself wrong is not there, and contradicts nothing."""
    return [*debug_in_production(values), *hosts(values), *tls(values), *email(values)]


def debug_in_production(values: Mapping[str, Value]) -> list[Problem]:
    """DEBUG shows the server's inside to strangers, and the flags of production make a development server useless."""
    flags = (
        "SECURE_PROXY_SSL_HEADER",
        "SESSION_COOKIE_SECURE",
        "CSRF_COOKIE_SECURE",
        "USE_TLS",
        "SECURE_HSTS_SECONDS",
    )
    on = [name for name in flags if values.get(name)]
    if values.get("DJANGO_DEBUG") and on:
        hint = "In production set DJANGO_DEBUG=false; in development switch those off, as .env.example does."
        return [Problem("DJANGO_DEBUG", f"is true together with production's {', '.join(on)}", hint)]
    return []


def hosts(values: Mapping[str, Value]) -> list[Problem]:
    """A star lets a request choose the host that goes into links and caches."""
    allowed = values.get("DJANGO_ALLOWED_HOSTS")
    if isinstance(allowed, list) and "*" in allowed and not values.get("DJANGO_DEBUG"):
        hint = "Name the hosts: DJANGO_ALLOWED_HOSTS=api.example.com"
        return [Problem("DJANGO_ALLOWED_HOSTS", "is *, which lets a request name any host", hint)]
    return []


def tls(values: Mapping[str, Value]) -> list[Problem]:
    """TLS needs a certificate, its key, and the name that they are for."""
    needed = ("TLS_CERT_PATH", "TLS_KEY_PATH", "SERVER_NAME")
    missing = [name for name in needed if name in values and not values[name]]
    if not values.get("USE_TLS"):
        return []
    return [Problem(name, "is empty, and USE_TLS is true", "Set it, or set USE_TLS=false.") for name in missing]


def email(values: Mapping[str, Value]) -> list[Problem]:
    """One way to name the mail server."""
    if values.get("EMAIL_URL") and values.get("EMAIL_HOST"):
        return [Problem("EMAIL_HOST", "is set, and EMAIL_URL as well", "Keep one of the two.")]
    if (values.get("EMAIL_USER") or values.get("EMAIL_PASS")) and not (
        values.get("EMAIL_HOST") or values.get("EMAIL_URL")
    ):
        return [Problem("EMAIL_HOST", "is not set, though EMAIL_USER or EMAIL_PASS is", "Set EMAIL_HOST as well.")]
    return []
