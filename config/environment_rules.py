"""What no single variable's type can say: values that contradict each other, and names that nobody reads."""

import difflib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from config.environment_values import Value
from config.variables import VARIABLES

# Read by Django or by tools of ours, not declared as configuration.
FOREIGN_NAMES = frozenset(
    {"DJANGO_SETTINGS_MODULE", "DJANGO_COLORS", "DJANGO_WATCHMAN_TIMEOUT", "DJANGO_RUNSERVER_HIDE_WARNING"}
)
FOREIGN_PREFIXES = ("DJANGO_SUPERUSER_",)
OWN_PREFIXES = ("DJANGO_", "GRAPHQL_", "SECURE_", "CSRF_", "MEDIA_", "EMAIL_", "PASSWORD_RESET_", "BACKUP_", "ALERT_")
# Other programs use these too: desktops set SESSION_MANAGER, Kubernetes DB_PORT and REDIS_PORT, CI services LOG_DIR.
SHARED_PREFIXES = (
    "DB_", "DATABASE_", "REDIS_", "CACHE_", "STATIC_", "SESSION_", "LOGIN_", "LOG_", "TLS_", "USE_", "SITE_", "SERVER_", "ADMIN_",
    "ACME_",
)  # fmt: skip
LIKENESS = 0.8
DEVELOPMENT_ONLY = "development-only"  # part of each secret that docker-compose.yml has a default for
OWN_ADDRESSES = {
    "graphql": "the API",
    "health": "the health check",
    "metrics": "what Prometheus reads",
    "-": "what nginx keeps to itself",
}


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
        like = meant_by(name, likeness=0.6)
        hint = f"Did you mean {like}?" if like else "Delete it; docs/configuration.md lists what is read."
        problems.append(Problem(name, "is set, and nothing reads it", hint))
    return problems


def meant_by(name: str, *, likeness: float) -> str:
    """Return the declared name that another is most like, or nothing."""
    bare = name.removesuffix("_FILE")
    like = difflib.get_close_matches(bare, VARIABLES, n=1, cutoff=likeness)
    return like[0] + name[len(bare) :] if like else ""


def unknown_in_file(file: Mapping[str, str]) -> list[Problem]:
    """Return the names of an env file that nothing reads: all of the file is meant for us."""
    return unknown(set(file) - known_names())


def unknown_in_process(process: Mapping[str, str]) -> list[Problem]:
    """Return the names of a process's environment that are ours by their looks, and that nothing reads.

    Other programs' variables are there too: of those with a prefix that is not ours alone, only near misses are told.
    """
    candidates = set(process) - known_names() - FOREIGN_NAMES
    return unknown(name for name in candidates if is_own(name))


def is_own(name: str) -> bool:
    """Tell whether an undeclared name was surely meant for us."""
    if name.startswith(FOREIGN_PREFIXES):
        return False
    return name.startswith(OWN_PREFIXES) or (
        name.startswith(SHARED_PREFIXES) and bool(meant_by(name, likeness=LIKENESS))
    )


def problems_across(values: Mapping[str, Value]) -> list[Problem]:
    """Return where values contradict each other; a value that is itself wrong is not there, and contradicts nothing."""
    return [
        *debug_in_production(values),
        *hosts(values),
        *tls(values),
        *places(values),
        *bucket(values),
        *addresses(values),
        *email(values),
        *only_for_development(values),
    ]


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


def only_for_development(values: Mapping[str, Value]) -> list[Problem]:
    """The secrets of docker-compose.yml are public, and so is the password of the demo's people."""
    if values.get("DJANGO_DEBUG") is not False:
        return []
    hint = "Set one of your own: python3 -c 'import secrets; print(secrets.token_urlsafe(48))'"
    public = [name for name, value in values.items() if VARIABLES[name].is_secret and DEVELOPMENT_ONLY in str(value)]
    problems = [
        Problem(name, "has development's public secret in it, and DJANGO_DEBUG is false", hint) for name in public
    ]
    if values.get("LOAD_DEMO"):
        hint = "Set LOAD_DEMO=false: everybody knows the password of the demo's people."
        problems.append(Problem("LOAD_DEMO", "is true, and DJANGO_DEBUG is false", hint))
    return problems


def hosts(values: Mapping[str, Value]) -> list[Problem]:
    """A star lets a request choose the host that goes into links and caches."""
    allowed = values.get("DJANGO_ALLOWED_HOSTS")
    if isinstance(allowed, list) and "*" in allowed and not values.get("DJANGO_DEBUG"):
        hint = "Name the hosts: DJANGO_ALLOWED_HOSTS=api.example.com"
        return [Problem("DJANGO_ALLOWED_HOSTS", "is *, which lets a request name any host", hint)]
    return []


def tls(values: Mapping[str, Value]) -> list[Problem]:
    """TLS needs a certificate and its key."""
    if not values.get("USE_TLS"):
        return []
    if values.get("TLS_MODE") == "acme" and values.get("ACME_STAGING") and values.get("ACME_SERVER"):
        hint = "Keep one of the two: ACME_STAGING is for Let's Encrypt, which is asked where ACME_SERVER is empty."
        return [Problem("ACME_STAGING", "is true, and ACME_SERVER names another authority", hint)]
    if values.get("TLS_MODE", "files") != "files":
        return []
    missing = [name for name in ("TLS_CERT_PATH", "TLS_KEY_PATH") if values.get(name) == ""]
    return [Problem(name, "is empty, and USE_TLS is true", "Set it, or set USE_TLS=false.") for name in missing]


def places(values: Mapping[str, Value]) -> list[Problem]:
    """Static files are thrown away and collected anew, so uploads must not lie among them."""
    static, media = values.get("STATIC_ROOT"), values.get("MEDIA_ROOT")
    if isinstance(static, Path) and isinstance(media, Path) and nested(static, media):
        hint = "Give each a folder of its own: STATIC_ROOT=/srv/static MEDIA_ROOT=/srv/media"
        return [Problem("MEDIA_ROOT", f"is {media}, and STATIC_ROOT is {static}; one lies in the other", hint)]
    return []


def bucket(values: Mapping[str, Value]) -> list[Problem]:
    """A bucket needs somebody whom it lets in, and what else is said of it needs a bucket."""
    url = "MEDIA_STORAGE_URL"
    if url not in values:
        return []
    keys = ("MEDIA_STORAGE_ACCESS_KEY_ID", "MEDIA_STORAGE_SECRET_ACCESS_KEY")
    if values[url]:
        missing = [name for name in keys if values.get(name) == ""]
        return [Problem(name, f"is empty, and {url} is set", f"Set it, or {name}_FILE.") for name in missing]
    if values.get("MEDIA_STORAGE_MOVE") in ("to-bucket", "to-folder"):
        hint = f"Set {url}, in either direction; when all is moved back, set MEDIA_STORAGE_MOVE=none first."
        return [Problem("MEDIA_STORAGE_MOVE", f"is {values['MEDIA_STORAGE_MOVE']}, and {url} is empty", hint)]
    return []


def addresses(values: Mapping[str, Value]) -> list[Problem]:
    """Two things cannot be at one address."""
    hint = "Choose another path; graphql/, health/, metrics/ and -/ are taken."
    problems = []
    taken = dict(OWN_ADDRESSES)
    for name in ("STATIC_URL", "MEDIA_URL", "ADMIN_URL", "MEDIA_ACCEL_LOCATION"):
        path = str(values.get(name, "")).strip("/")
        if path and path in taken:
            problems.append(Problem(name, f"is {path}/, where {taken[path]} is", hint))
        taken.setdefault(path, name)
    return problems


def nested(one: Path, other: Path) -> bool:
    """Tell whether two folders are the same, or one lies in the other."""
    return one.is_relative_to(other) or other.is_relative_to(one)


def email(values: Mapping[str, Value]) -> list[Problem]:
    """One way to name the mail server."""
    if values.get("EMAIL_URL") and values.get("EMAIL_HOST"):
        return [Problem("EMAIL_HOST", "is set, and EMAIL_URL as well", "Keep one of the two.")]
    if (values.get("EMAIL_USER") or values.get("EMAIL_PASS")) and not (
        values.get("EMAIL_HOST") or values.get("EMAIL_URL")
    ):
        return [Problem("EMAIL_HOST", "is not set, though EMAIL_USER or EMAIL_PASS is", "Set EMAIL_HOST as well.")]
    return []
