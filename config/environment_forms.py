"""Says of a text whether it has the form that its variable asks for: an address, a host, a time zone, a cron line.

A check of an address repeats none of its parts: there may be a password in it.
"""

import datetime
import ipaddress
import re
import zoneinfo
from collections.abc import Callable
from email.utils import parseaddr
from urllib.parse import SplitResult, urlsplit

import environ
from cronsim import CronSim, CronSimError
from django.conf.locale import LANG_INFO

from config.backup_forms import AGE_RECIPIENT, COMPRESSION
from config.declaration import Form
from config.media.address import BucketAddressError, bucket_of
from config.redis_address import RedisAddressError, address_of

HOST = re.compile(r"\*|\.?[A-Za-z0-9_](?:[A-Za-z0-9._-]*[A-Za-z0-9_])?|\[[0-9A-Fa-f:.]+\]")
ORIGIN = re.compile(r"https?://(?:\*\.)?[A-Za-z0-9._-]+(?::[0-9]{1,5})?|https?://\[[0-9A-Fa-f:.]+\](?::[0-9]{1,5})?")
ADDRESS_PATH = re.compile(r"/?[A-Za-z0-9._~-]+(/[A-Za-z0-9._~-]+)*/")
WORD = re.compile(r"[A-Za-z0-9_-]+")
IMAGE = re.compile(r"[a-z0-9][a-z0-9._/:-]*(:[A-Za-z0-9._-]+)?(@sha256:[0-9a-f]{64})?")
CRON_FIELDS = 5  # cronsim would also take six, with seconds, which the backup's clock does not tell


class WrongValueError(ValueError):
    """The text is no value of its variable; the message says what one would be, and never repeats a secret."""


def parts_of(text: str, *, schemes: tuple[str, ...]) -> SplitResult:
    """Return a URL's parts; raises WrongValueError where there are none, or the scheme is another."""
    try:
        parts = urlsplit(text)
        _ = parts.hostname, parts.port  # both are parsed when they are asked for
    except ValueError:
        raise WrongValueError("is not a URL that can be parsed") from None
    if parts.scheme not in schemes:
        raise WrongValueError(f"is not a URL that begins with {' or '.join(f'{scheme}://' for scheme in schemes)}")
    if re.search(r"\s", text):
        raise WrongValueError("is a URL with a blank in it")
    return parts


def check_http(text: str) -> None:
    """Check the address that links begin with."""
    parts = parts_of(text, schemes=("http", "https"))
    if not parts.hostname:
        raise WrongValueError("is a URL without a host")
    if parts.query or parts.fragment:
        raise WrongValueError("has a ? or a # in it, and a path is put behind it")


def check_any_http(text: str) -> None:
    """Check an address that is used as it is, with whatever stands behind its host."""
    if not parts_of(text, schemes=("http", "https")).hostname:
        raise WrongValueError("is a URL without a host")


def check_postgres(text: str) -> None:
    """Check a database's URL: scheme, host, and a database's name."""
    parts = parts_of(text, schemes=("postgres", "postgresql"))
    if "%" in (parts.hostname or ""):
        raise WrongValueError("has a % in its host; a socket's folder is written postgres:////folder/name")
    if not environ.Env.db_url_config(text).get("NAME"):
        raise WrongValueError("is a URL without a database's name")


def check_redis(text: str) -> None:
    """Check Redis's URL: of a host, of a socket, or of Sentinels."""
    try:
        address_of(text)
    except RedisAddressError as error:
        raise WrongValueError(str(error)) from None


def check_bucket(text: str) -> None:
    """Check the address of a bucket of media."""
    try:
        bucket_of(text)
    except BucketAddressError as error:
        raise WrongValueError(str(error)) from None


def check_email_url(text: str) -> None:
    """Check a mail server's URL."""
    parts = parts_of(text, schemes=tuple(sorted(environ.Env.EMAIL_SCHEMES)))
    if parts.scheme.startswith("smtp") and not parts.hostname:
        raise WrongValueError("is a URL without a host")


def check_host(text: str) -> None:
    """Check a host's name or number, without scheme and port."""
    if not HOST.fullmatch(text):
        raise WrongValueError(f"has {text!r}, which is no host; one is api.example.com, without https:// and port")


def check_hosts(text: str) -> None:
    """Check hosts' names with blanks between them, of which there is at least one, and none is a star."""
    names = text.split()
    if not names or "*" in names:
        raise WrongValueError(
            f"is {text!r}; a name such as api.example.com is needed, or several with blanks between them"
        )
    for name in names:
        check_host(name)


def check_host_and_port(text: str) -> None:
    """Raise WrongValueError for what is not host:port."""
    if not re.fullmatch(r"[A-Za-z0-9._-]+:[0-9]{1,5}", text):
        raise WrongValueError(f"is {text!r}, which is no host with a port; one is nginx:8443")


def check_origin(text: str) -> None:
    """Check an origin: a scheme and a host, perhaps a port."""
    if not ORIGIN.fullmatch(text):
        raise WrongValueError(f"has {text!r}, which is no origin; one is https://app.example.com, without a path")


def check_time_zone(text: str) -> None:
    """Check that the zone exists."""
    try:
        zoneinfo.ZoneInfo(text)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise WrongValueError(f"is {text!r}, which is no time zone; one is Europe/Amsterdam") from None


def check_language(text: str) -> None:
    """Check that Django knows the language."""
    if text.lower() not in LANG_INFO and text.lower().split("-")[0] not in LANG_INFO:
        raise WrongValueError(f"is {text!r}, which is no language that Django knows; one is en-gb")


def check_compression(text: str) -> None:
    """Check how dumps are compressed."""
    if not COMPRESSION.fullmatch(text):
        raise WrongValueError(f"is {text!r}, which is none of none, gzip, gzip:1 to gzip:9, zstd, zstd:1 to zstd:22")


def check_age_recipient(text: str) -> None:
    """Check a public key of age. A private one is not repeated."""
    if text.startswith("AGE-SECRET-KEY-"):
        raise WrongValueError("has a private key of age; the public one, which begins with age1, is meant")
    if not AGE_RECIPIENT.fullmatch(text):
        raise WrongValueError(f"has {text!r}, which is no public key of age: age1 and 58 letters and digits")


def check_cron(text: str) -> None:
    """Check a cron line of five fields."""
    if len(text.split()) != CRON_FIELDS:
        raise WrongValueError(
            f"is {text!r}, which is not a cron line: it has {len(text.split())} fields instead of five"
        )
    try:
        CronSim(text, datetime.datetime.now(tz=datetime.UTC))
    except CronSimError as error:
        raise WrongValueError(f"is {text!r}, which is not a cron line: {error}") from None


def check_address_path(text: str) -> None:
    """Check the path part of an address of ours."""
    if not ADDRESS_PATH.fullmatch(text):
        raise WrongValueError(f"is {text!r}; a path such as files/ with a slash at its end is needed")


def check_email_address(text: str) -> None:
    """Check a sender, with or without a name."""
    if "@" not in parseaddr(text)[1]:
        raise WrongValueError(f"is {text!r}, which is no address such as Slipway <noreply@example.com>")


def check_network(text: str) -> None:
    """Check a network of addresses."""
    try:
        ipaddress.ip_network(text)
    except ValueError:
        raise WrongValueError(
            f"has {text!r}, which is no network; one is 10.0.0.0/8, a single address 10.0.0.1"
        ) from None


def size_check(pattern: re.Pattern[str], *, example: str) -> Callable[[str], None]:
    """Return a check for an amount of memory in the spelling of who reads it."""

    def check_size(text: str) -> None:
        if not pattern.fullmatch(text):
            raise WrongValueError(f"is {text!r}, which is no amount of memory; one is {example}")

    return check_size


def check_image(text: str) -> None:
    """Check the name of a container image."""
    if not IMAGE.fullmatch(text):
        raise WrongValueError(f"is {text!r}, which is no image; one is registry.example.com/postgres:18")


def check_word(text: str) -> None:
    """Check a text that goes into an address or a name as it is."""
    if not WORD.fullmatch(text):
        raise WrongValueError("has a character in it that is no letter, no digit, no - and no _")


FORMS: dict[Form, Callable[[str], None]] = {
    "plain": lambda _: None,
    "postgres": check_postgres,
    "redis": check_redis,
    "bucket": check_bucket,
    "email": check_email_url,
    "http": check_http,
    "any http": check_any_http,
    "host": check_host,
    "hosts": check_hosts,
    "host and port": check_host_and_port,
    "origin": check_origin,
    "time zone": check_time_zone,
    "language": check_language,
    "compression": check_compression,
    "age recipient": check_age_recipient,
    "cron": check_cron,
    "address path": check_address_path,
    "email address": check_email_address,
    "network": check_network,
    "memory size": size_check(re.compile("[1-9][0-9]*[mg]"), example="512m or 2g"),
    "PostgreSQL size": size_check(re.compile("[1-9][0-9]*(kB|MB|GB)"), example="256MB"),
    "Redis size": size_check(re.compile("[1-9][0-9]*(mb|gb)"), example="192mb"),
    "image": check_image,
    "word": check_word,
}
