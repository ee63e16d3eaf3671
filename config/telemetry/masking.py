"""Takes out of texts what nobody outside may read: our own secrets, and what looks like somebody's password, token or address."""

import re
from functools import cache
from typing import Any
from urllib.parse import unquote, urlsplit

from django.conf import settings

MASK = "[masked]"
SECRET_MIN_LENGTH = 6
# name=value, name: value, 'name': 'value'; and addresses, which PostgreSQL repeats in its errors.
NAMED = re.compile(
    r"""(?ix) \b ([\w-]* (?:password|passwd|secret|token|authorization|cookie|api[_-]?key) [\w-]*) (["']?\s*[=:]\s*)
    ( "[^"]*" | '[^']*' | (?:Bearer|Basic)\s+\S+ | [^\s,;)}\]]+ )"""
)
IN_ADDRESS = re.compile(r"(?<=://)[^\s/@]*@")
EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")


@cache
def secrets() -> tuple[str, ...]:
    """Return our secrets, the longest first, as they are and as they stand in addresses."""
    found = {
        settings.SECRET_KEY,
        settings.DATABASES["default"].get("PASSWORD"),
        getattr(settings, "EMAIL_HOST_PASSWORD", ""),
        urlsplit(settings.REDIS_URL).password,
    }
    texts = {str(each) for each in found if each} | {unquote(str(each)) for each in found if each}
    return tuple(sorted((text for text in texts if len(text) >= SECRET_MIN_LENGTH), key=len, reverse=True))


def masked(text: str) -> str:
    """Return a text without secrets."""
    for secret in secrets():
        text = text.replace(secret, MASK)
    text = IN_ADDRESS.sub(f"{MASK}@", text)
    text = NAMED.sub(lambda match: f"{match[1]}{match[2]}{MASK}", text)
    return EMAIL.sub(MASK, text)


def all_masked(value: Any) -> Any:
    """Return a value of JSON with every text in it masked."""
    if isinstance(value, str):
        return masked(value)
    if isinstance(value, dict):
        return {key: all_masked(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [all_masked(each) for each in value]
    return value
