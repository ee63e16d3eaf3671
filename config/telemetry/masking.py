"""Takes out of texts what nobody outside may read: our own secrets, and what looks like somebody's password, token or address."""

import re
from functools import cache
from typing import Any
from urllib.parse import quote, unquote

from django.conf import settings

from config.redis_address import RedisAddress, address_of

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
        *(text for url in redis_urls() for text in secrets_of(address_of(url))),
    }
    texts = {text for each in found if each for text in (str(each), unquote(str(each)), quote(str(each), safe=""))}
    return tuple(sorted((text for text in texts if len(text) >= SECRET_MIN_LENGTH), key=len, reverse=True))


def redis_urls() -> tuple[str, ...]:
    """Return the addresses of every Redis."""
    return (settings.CACHE_REDIS_URL, settings.BROKER_REDIS_URL, settings.CHANNELS_REDIS_URL)


def secrets_of(address: RedisAddress) -> tuple[str, str]:
    """Return the passwords in an address."""
    return (address.password, address.sentinel_password)


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
