"""Writes what is made from the declaration: the env files, docs/configuration.md, Kubernetes' file. Reads no environment."""

import re
import textwrap
from collections.abc import Callable
from pathlib import Path

from config import kubernetes_files
from config.declaration import Group, Variable
from config.environment_values import ROOT
from config.variables import GROUPS, VARIABLES

WIDTH = 100
HEAD_OF_EXAMPLE = (
    "The environment of development. `make run` copies it to .env with fresh secrets where there is no .env.",
    "Written by `make env` from config/variables.py: change it there. A value with a $ is written with $$.",
)
HEAD_OF_OWN = (
    "The environment of this clone, made from .env.example with a secret of its own. It is yours: change what you like.",
    "Git leaves it out. A value with a $ is written with $$. See what is wrong with it:",
    "    python -m config.environment check .env",
)
HEAD_OF_PRODUCTION = (
    "The environment of production. The first deploy makes .env out of it, which git leaves out, and the files of the secrets:",
    "    scripts/deploy.sh --server-name api.example.com",
    "See what is wrong with it, or with a .env that was changed: python -m config.environment check .env.prod",
    "Written by `make env` from config/variables.py: change it there. Any variable may come from a file instead:",
    "NAME_FILE=/path. A value with a $ is written with $$.",
)
HEAD_OF_PAGE = """# Configuration

Everything that may differ between machines is a variable of the environment, declared once in `config/variables.py`. From that
come this page, `.env.example`, `.env.prod` and `kubernetes/base/configuration.env` (`make env` writes them all), and the checks at
every start.

- A variable comes from the process's environment, else from `.env` at the project's root. `ENV_FILE=path` names another file,
  `ENV_FILE=` none.
- Any variable can come from a file: `NAME_FILE=/run/secrets/name`. The file has to be there and not be empty; a newline at
  its end is cut off.
- An env file means here what it means to Docker Compose: `$$` is a dollar sign, ` #` begins a comment, single quotes keep a
  value as it is, and in double quotes `\\n` is a new line. What Compose would change without a word is refused: a single `$`.
- Names that nobody reads are refused, with the name that was perhaps meant: every one of an env file, and in the process's
  environment those that begin as ours do (`DJANGO_`, `GRAPHQL_`, `MEDIA_`, …). Prefixes that other programs use too (`DB_`,
  `LOG_`, `SESSION_`, …) are refused there only where the name is nearly one of ours.
- Defaults are production's. A variable without one has to be set, and the application refuses to start without it.
- All that is wrong is told at once. To check a file without starting anything:

```sh
python -m config.environment check .env.prod
```

It exits with 0 where the file is fine, 1 where it is not, and 2 where it cannot be read.
"""


def comment(text: str) -> list[str]:
    """Return a text as comment lines; what is between backticks stays on one, to be copied."""
    held = re.sub(r"`[^`]*`", lambda code: code[0].replace(" ", "\0"), text)
    lines = textwrap.wrap(held, WIDTH - 2, break_long_words=False, break_on_hyphens=False)
    return [f"# {line}".replace("\0", " ") for line in lines]


def facts(variable: Variable) -> str:
    """Return a variable's default, and what development makes of it, as a sentence."""
    default = required(variable) if variable.is_required else f"Default: {variable.default or 'empty'}"
    development = ""
    if variable.development is not None and variable.development != variable.default and not variable.is_secret:
        development = f" In development: {variable.development or 'empty'}."
    bounds = f", {variable.minimum} to {variable.maximum}" if variable.kind == "number" else ""
    choices = f", one of {', '.join(variable.choices)}" if variable.choices else ""
    return f"{default}{bounds}{choices}.{development}"


def required(variable: Variable) -> str:
    """Return the words for a variable without a default."""
    return f"Required; Docker Compose makes it from {variable.made_from}" if variable.made_from else "Required"


def quoted(value: str) -> str:
    """Return a value as it is written in an env file."""
    value = value.replace("$", "$$")
    return f'"{value}"' if " " in value or "#" in value else value


def example_line(variable: Variable) -> str:
    """Return a variable's line in `.env.example`; what `make run` sees to itself is commented out."""
    if variable.is_left_to_run:
        return f"# {variable.name}={variable.example}"
    value = variable.development if variable.development is not None else variable.default
    return f"{variable.name}={quoted(value or '')}"


def production_line(variable: Variable) -> str:
    """Return a variable's line in `.env.prod`; a default is commented out, a secret is a file that the first deploy makes."""
    if variable.is_secret and variable.example is not None:
        return f"{'# ' if variable.made_from else ''}{variable.name}_FILE=secrets/{variable.name.lower()}"
    if variable.example is not None:
        return f"{'# ' if variable.made_from else ''}{variable.name}={quoted(variable.example)}"
    return f"# {variable.name}={quoted(variable.default or '')}"


def env_file(head: tuple[str, ...], line_of: Callable[[Variable], str]) -> str:
    """Return an env file's text; `line_of` gives a variable's line."""
    lines = [f"# {line}" for line in head]
    for group in GROUPS:
        lines += ["", "", f"# --- {group.title} {'-' * (WIDTH - 7 - len(group.title))}"]
        for variable in group.variables:
            lines += ["", *comment(variable.purpose), *comment(facts(variable)), line_of(variable)]
    return "\n".join(lines) + "\n"


def table_row(variable: Variable) -> str:
    """Return a variable's row on the page."""
    default = "**required**" if variable.is_required else f"`{variable.default}`" if variable.default else "empty"
    development = variable.development
    shown = "a fresh secret" if variable.name == "DJANGO_SECRET_KEY" else f"`{development}`" if development else ""
    shown = "started by `make run`" if variable.is_left_to_run else shown
    bounds = f" {variable.minimum} to {variable.maximum}." if variable.kind == "number" else ""
    choices = f" One of {', '.join(f'`{choice}`' for choice in variable.choices)}." if variable.choices else ""
    secret = " Secret." if variable.is_secret else ""
    readers = ", ".join(variable.services) or "`make run`"
    return f"| `{variable.name}` | {variable.purpose}{bounds}{choices}{secret} | {default} | {shown} | {readers} |"


def section(group: Group) -> str:
    """Return a group's section on the page."""
    head = f"## {group.title}\n\n| variable | what it is for | default | in development | read by |\n| --- | --- | --- | --- | --- |\n"
    return head + "\n".join(table_row(variable) for variable in group.variables) + "\n"


def page() -> str:
    """Return docs/configuration.md."""
    return "\n".join([HEAD_OF_PAGE, *(section(group) for group in GROUPS)])


def written_files() -> dict[Path, str]:
    """Return the text of every file that is made from the declaration, by its path."""
    return {
        ROOT / ".env.example": env_file(HEAD_OF_EXAMPLE, example_line),
        ROOT / ".env.prod": env_file(HEAD_OF_PRODUCTION, production_line),
        ROOT / "docs" / "configuration.md": page(),
        ROOT / "kubernetes/base/configuration.env": kubernetes_files.configuration(),
        ROOT / "kubernetes/components/backup/configuration.env": kubernetes_files.backup_configuration(),
    }


def own_env_file(secret_key: str) -> str:
    """Return `.env.example` with a secret of its own in place of the placeholder."""
    placeholder = VARIABLES["DJANGO_SECRET_KEY"].development or ""
    return env_file(HEAD_OF_OWN, example_line).replace(placeholder, secret_key)
