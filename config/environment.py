"""The environment: read once, checked whole, handed out by name. `python -m config.environment --help` is its command.

A variable comes from the process's environment, else from the env file (`.env` at the project's root; ENV_FILE names another,
ENV_FILE= none). Any can come from a file instead: NAME_FILE holds the path. config.variables declares them all.
"""

import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import environ

from config.declaration import Variable
from config.env_file import load
from config.environment_forms import WrongValueError
from config.environment_rules import Problem, problems_across, unknown_in_file, unknown_in_process
from config.environment_values import ROOT, Value, value_of
from config.variables import VARIABLES

__all__ = [
    "ConfigurationError",
    "Environment",
    "Problem",
    "development_values",
    "email_settings",
    "examine",
    "read",
]

Wanted = TypeVar("Wanted")


class ConfigurationError(Exception):
    """The environment is not fit to start with; `problems` is all that is wrong with it."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__(problems)
        self.problems = problems

    def __str__(self) -> str:
        count = len(self.problems)
        head = f"error: Refusing to start: the environment has {count} problem{'s' if count > 1 else ''}."
        return "\n".join([head, *(str(problem) for problem in self.problems)])


class Environment:
    """The values, each under its variable's name and kind; asking for another kind is a bug."""

    def __init__(self, values: Mapping[str, Value], *, texts: Mapping[str, str] | None = None) -> None:
        self._values, self._texts = values, texts or {}

    def _get(self, name: str, kind: type[Wanted]) -> Wanted:
        value = self._values[name]
        if not isinstance(value, kind):
            raise TypeError(f"{name} is a {type(value).__name__}, not a {kind.__name__}")
        return value

    def file_behind(self, name: str) -> str:
        """Return the path of the file that a value came from, empty where it came from none."""
        return self._texts.get(f"{name}_FILE", "")

    def text(self, name: str) -> str:
        """Return a text, empty where the variable is not set and may be."""
        return self._get(name, str)

    def flag(self, name: str) -> bool:
        """Return true or false."""
        return self._get(name, bool)

    def number(self, name: str) -> int:
        """Return a whole number."""
        return self._get(name, int)

    def items(self, name: str) -> list[str]:
        """Return a list of texts."""
        return self._get(name, list)

    def path(self, name: str) -> Path:
        """Return an absolute path."""
        return self._get(name, Path)


def read(process: Mapping[str, str] | None = None) -> Environment:
    """Return the environment; raises ConfigurationError with all that is wrong."""
    process = os.environ if process is None else process
    file, problems = texts_of_file(process)
    texts = {**file, **process}
    values, found = examine(texts)
    problems += found + unknown_in_process(process) + unknown_in_file(file)
    if problems:
        raise ConfigurationError(problems)
    return Environment(values, texts=texts)


def texts_of_file(process: Mapping[str, str]) -> tuple[dict[str, str], list[Problem]]:
    """Return what the env file says, and what is wrong with the file itself."""
    named = process.get("ENV_FILE")
    path = Path(named) if named else ROOT / ".env"
    if named == "" or (named is None and not path.exists()):
        return {}, []
    try:
        return load(path)
    except (OSError, UnicodeDecodeError) as error:
        return {}, [
            Problem(
                "ENV_FILE",
                f"names {path}, which cannot be read: {error}",
                "Correct the path, or set ENV_FILE= for none.",
            )
        ]


def examine(
    texts: Mapping[str, str], *, left_out: frozenset[str] = frozenset()
) -> tuple[dict[str, Value], list[Problem]]:
    """Return the values of all variables, and all that is wrong; those of `left_out` need not be there."""
    values: dict[str, Value] = {}
    problems: list[Problem] = []
    for variable in VARIABLES.values():
        try:
            text = text_for(variable, texts)
            if text is None and variable.name in left_out:
                continue
            values[variable.name] = value_of(variable, required(text))
        except WrongValueError as error:
            problems.append(Problem(variable.name, str(error), hint_for(variable)))
    return values, problems + problems_across(values)


def text_for(variable: Variable, texts: Mapping[str, str]) -> str | None:
    """Return a variable's text, from NAME or from the file that NAME_FILE names; None where it is not set."""
    path = texts.get(f"{variable.name}_FILE")
    if path is None:
        return texts.get(variable.name, variable.default)
    if texts.get(variable.name):
        raise WrongValueError(f"is set, and {variable.name}_FILE as well; one of them has to go")
    if not path:
        raise WrongValueError(f"is to come from a file, and {variable.name}_FILE names none")
    try:
        text = Path(path).read_text(encoding="utf-8").removesuffix("\n").removesuffix("\r")
    except (OSError, UnicodeDecodeError) as error:
        raise WrongValueError(f"is to come from the file {path!r}, which cannot be read: {error}") from None
    if not text and variable.kind != "items":  # a list may have nothing in it
        raise WrongValueError(f"is to come from the file {path!r}, which is empty")
    return text


def required(text: str | None) -> str:
    """Return the text; raises WrongValueError where there has to be one and is none."""
    if text is None:
        raise WrongValueError("is not set")
    return text


def hint_for(variable: Variable) -> str:
    """Return what to do about a variable that is wrong, and what it is for."""
    if variable.is_secret:
        return f"Set {variable.name}, or {variable.name}_FILE to the path of a file that holds it. {variable.purpose}"
    example = variable.example or variable.default
    return f"{variable.purpose} For example: {variable.name}={example}" if example else variable.purpose


def development_values() -> dict[str, str]:
    """Return the texts of a development environment with a fresh secret, without the servers' addresses."""
    texts = {
        variable.name: variable.development if variable.development is not None else variable.default or ""
        for variable in VARIABLES.values()
        if not variable.is_left_to_run
    }
    return {**texts, "DJANGO_SECRET_KEY": secrets.token_urlsafe(48)}


def email_settings(env: Environment) -> dict[str, Any]:
    """Return Django's EMAIL_ settings, from EMAIL_URL or from the single variables; with neither, mail goes to the log."""
    if url := env.text("EMAIL_URL"):
        settings: dict[str, Any] = environ.Env.email_url_config(url)
        return settings
    if not env.text("EMAIL_HOST"):
        return {"EMAIL_BACKEND": "django.core.mail.backends.console.EmailBackend"}
    return {
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_HOST": env.text("EMAIL_HOST"),
        "EMAIL_PORT": env.number("EMAIL_PORT"),
        "EMAIL_HOST_USER": env.text("EMAIL_USER"),
        "EMAIL_HOST_PASSWORD": env.text("EMAIL_PASS"),
        "EMAIL_USE_TLS": env.flag("EMAIL_USE_TLS"),
    }


if __name__ == "__main__":
    from config.environment_command import main

    raise SystemExit(main())
