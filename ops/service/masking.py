"""Takes secrets out of what is logged and sent: the values of all variables that are secret; of an address, the password."""

from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import unquote, urlsplit

from config.variables import VARIABLES

MASK = "***"
# Their host and path are what a log is read for.
REDIS = ("REDIS_URL", "CACHE_REDIS_URL", "BROKER_REDIS_URL", "CHANNELS_REDIS_URL")
ADDRESSES = frozenset({*REDIS, "DATABASE_URL", "EMAIL_URL", "MEDIA_BACKUP_TARGET", "BACKUP_OFFSITE_TARGET"})
LEAST_LENGTH = 5  # shorter ones would take ordinary words apart, and are no secrets


def mask(environment: Mapping[str, str]) -> Callable[[str], str]:
    """Return what takes the environment's secrets out of a text."""
    secrets = sorted(found(environment), key=len, reverse=True)

    def without_secrets(text: str) -> str:
        for secret in secrets:
            text = text.replace(secret, MASK)
        return text

    return without_secrets


def found(environment: Mapping[str, str]) -> set[str]:
    """Return every text that is not to be seen."""
    values = {name: value(environment, name) for name, variable in VARIABLES.items() if variable.is_secret}
    texts = {text for name, text in values.items() if name not in ADDRESSES}
    texts |= {text for address in values.values() for text in passwords(address)}
    return {text for text in texts if len(text) >= LEAST_LENGTH}


def value(environment: Mapping[str, str], name: str) -> str:
    """Return a variable's value, from its file where it has one."""
    path = environment.get(f"{name}_FILE")
    if not path:
        return environment.get(name, "")
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return ""


def passwords(address: str) -> set[str]:
    """Return the secrets in an address, as they stand there and as they are meant: its password, and its query's values."""
    try:
        parts = urlsplit(address)
        found = [parts.password or "", *(text.partition("=")[2] for text in parts.query.split("&"))]
    except ValueError:
        return set()
    return {text for each in found for text in (each, unquote(each))}
