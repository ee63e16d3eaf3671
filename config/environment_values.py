"""Turns a variable's text into its value, and says what is wrong with one that has none. Reads nothing."""

import re
from pathlib import Path

from config.declaration import Variable
from config.environment_forms import FORMS, WrongValueError

Value = str | bool | int | list[str] | Path

ROOT = Path(__file__).resolve().parent.parent
TRUE, FALSE = frozenset({"true", "1", "yes", "on"}), frozenset({"false", "0", "no", "off"})
CONTROL_CHARACTER = re.compile(r"[\x00-\x1f\x7f]")
PLACEHOLDER = re.compile(
    r"change[-_ ]?me|replace[-_ ]?me|place-?holder|your[-_ ]|<[^>]*>|django-insecure|example-secret", re.IGNORECASE
)
SECRET_KEY_LENGTH, SECRET_KEY_DISTINCT = 50, 5  # Django's own system check security.W009


def value_of(variable: Variable, text: str) -> Value:
    """Return the text's value; raises WrongValueError."""
    if text == "" and variable.default != "" and not variable.may_be_empty:
        raise WrongValueError("is empty")
    if CONTROL_CHARACTER.search(text):  # none has a use here, and in a mail's or a request's head they are an attack
        raise WrongValueError("has a line break or another control character in it")
    refuse_weak_secret(variable, text)
    if variable.kind == "flag":
        return flag_of(text)
    if variable.kind == "number":
        return number_of(variable, text)
    if variable.kind == "items":
        return items_of(variable, text)
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
    if not re.fullmatch(r"-?[0-9]{1,100}", text):
        raise WrongValueError(f"is {text!r}, which is not a whole number")
    number = int(text)
    if (variable.minimum is not None and number < variable.minimum) or (
        variable.maximum is not None and number > variable.maximum
    ):
        raise WrongValueError(f"is {number}, which is not between {variable.minimum} and {variable.maximum}")
    return number


def items_of(variable: Variable, text: str) -> list[str]:
    """Return what stands between the commas, each of the variable's form."""
    items = [item.strip() for item in text.split(",") if item.strip()]
    if variable.is_required and not items:
        raise WrongValueError("has nothing between its commas")
    for item in items:
        FORMS[variable.form](item)
    return items


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
