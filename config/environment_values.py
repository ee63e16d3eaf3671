"""Turns a variable's text into its value, and says what is wrong with one that has none. Reads nothing."""

import datetime
import re
import zoneinfo
from collections.abc import Callable
from email.utils import parseaddr
from pathlib import Path
from urllib.parse import urlsplit

import environ
from cronsim import CronSim, CronSimError
from django.conf.locale import LANG_INFO

from config.variables import Form, Variable

Value = str | bool | int | list[str] | Path

ROOT = Path(__file__).resolve().parent.parent
TRUE, FALSE = frozenset({"true", "1", "yes", "on"}), frozenset({"false", "0", "no", "off"})
PLACEHOLDER = re.compile(
    r"change[-_ ]?me|place-?holder|your[-_ ]|<[^>]*>|django-insecure|example-secret", re.IGNORECASE
)
SECRET_KEY_LENGTH, SECRET_KEY_DISTINCT = 50, 5  # Django's own system check security.W009


class WrongValueError(ValueError):
    """The text is no value of its variable; the message says what one would be, and never repeats a secret."""


def value_of(variable: Variable, text: str) -> Value:
    """Return the text's value; raises WrongValueError."""
    if text == "" and variable.default != "":
        raise WrongValueError("is empty")
    refuse_weak_secret(variable, text)
    if variable.kind == "flag":
        return flag_of(text)
    if variable.kind == "number":
        return number_of(variable, text)
    if variable.kind == "items":
        return [item.strip() for item in text.split(",") if item.strip()]
    if variable.kind == "path":
        return path_of(text)
    return text_of(variable, text)


def flag_of(text: str) -> bool:
    """Return true or false."""
    if text.lower() not in TRUE | FALSE:
        raise WrongValueError(f"is {text!r}, which is neither true nor false")
    return text.lower() in TRUE


def number_of(variable: Variable, text: str) -> int:
    """Return a whole number within the variable's bounds."""
    if not re.fullmatch(r"-?\d{1,18}", text):
        raise WrongValueError(f"is {text!r}, which is not a whole number")
    number = int(text)
    if (variable.minimum is not None and number < variable.minimum) or (
        variable.maximum is not None and number > variable.maximum
    ):
        raise WrongValueError(f"is {number}, which is not between {variable.minimum} and {variable.maximum}")
    return number


def path_of(text: str) -> Path:
    """Return an absolute path; one that is not is under the project's root."""
    return ROOT / text


def text_of(variable: Variable, text: str) -> str:
    """Return a text that has its variable's form."""
    if variable.choices and text not in variable.choices:
        raise WrongValueError(f"is {text!r}, which is none of {', '.join(variable.choices)}")
    if text:
        FORMS[variable.form](text)
    return text


def refuse_weak_secret(variable: Variable, text: str) -> None:
    """Raise WrongValueError for a secret that was never set, or that can be guessed."""
    if not variable.is_secret or not text:
        return
    if PLACEHOLDER.search(text):
        raise WrongValueError("still is the placeholder")
    if variable.name == "DJANGO_SECRET_KEY" and (len(text) < SECRET_KEY_LENGTH or len(set(text)) < SECRET_KEY_DISTINCT):
        raise WrongValueError(
            f"has {len(text)} characters, {len(set(text))} of them different; "
            f"at least {SECRET_KEY_LENGTH} and {SECRET_KEY_DISTINCT} are needed"
        )


def check_url(*schemes: str, needs_host: bool = True) -> Callable[[str], None]:
    """Return what checks a URL's scheme, host and port. It names none of the URL's parts: there may be a password in it."""

    def check(text: str) -> None:
        try:
            parts = urlsplit(text)
            host, _ = parts.hostname, parts.port
        except ValueError:
            raise WrongValueError("is not a URL that can be parsed") from None
        if parts.scheme not in schemes:
            raise WrongValueError(f"is not a URL that begins with {' or '.join(scheme + '://' for scheme in schemes)}")
        if needs_host and not host:
            raise WrongValueError("is a URL without a host")

    return check


def check_postgres(text: str) -> None:
    """Check a database's URL: scheme, host, and a database's name."""
    check_url("postgres", "postgresql", needs_host=False)(text)
    if not environ.Env.db_url_config(text).get("NAME"):
        raise WrongValueError("is a URL without a database's name")


def check_email_url(text: str) -> None:
    """Check a mail server's URL."""
    try:
        environ.Env.email_url_config(text)
    except Exception:  # noqa: BLE001 - the library raises several; none is fit to show
        schemes = ", ".join(sorted(environ.Env.EMAIL_SCHEMES))
        raise WrongValueError(f"is not a mail server's URL; the schemes are {schemes}") from None


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


def check_cron(text: str) -> None:
    """Check a cron line of five fields."""
    try:
        CronSim(text, datetime.datetime.now(tz=datetime.UTC))
    except CronSimError as error:
        raise WrongValueError(f"is {text!r}, which is not a cron line: {error}") from None


def check_address_path(text: str) -> None:
    """Check the path part of an address of ours."""
    if not re.fullmatch(r"/?[A-Za-z0-9._~-]+(/[A-Za-z0-9._~-]+)*/", text):
        raise WrongValueError(f"is {text!r}; a path such as files/ with a slash at its end is needed")


def check_email_address(text: str) -> None:
    """Check a sender, with or without a name."""
    if "@" not in parseaddr(text)[1]:
        raise WrongValueError(f"is {text!r}, which is no address such as Slipway <noreply@example.com>")


FORMS: dict[Form, Callable[[str], None]] = {
    "plain": lambda _: None,
    "postgres": check_postgres,
    "redis": check_url("redis", "rediss", "unix", needs_host=False),
    "email": check_email_url,
    "http": check_url("http", "https"),
    "time zone": check_time_zone,
    "language": check_language,
    "cron": check_cron,
    "address path": check_address_path,
    "email address": check_email_address,
}
