"""`python -m config.environment`: check an env file, write the files made from the declaration, make a `.env`. Starts nothing."""

import argparse
import json
import os
import secrets
import sys
from pathlib import Path

from config.env_file import load
from config.environment import examine
from config.environment_files import own_env_file, written_files
from config.environment_rules import Problem, unknown_in_file
from config.environment_values import ROOT, TRUE
from config.variables import VARIABLES

FINE, WRONG, UNUSABLE = 0, 1, 2
LEFT_TO_RUN = frozenset(name for name, variable in VARIABLES.items() if variable.is_left_to_run)
MADE_FROM = {name: variable.made_from for name, variable in VARIABLES.items() if variable.made_from}


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit status."""
    options = parser().parse_args(arguments)
    if options.verb == "check":
        return check(options.file, is_json=options.json)
    if options.verb == "write":
        return write(is_check=options.check)
    return init(options.file)


def parser() -> argparse.ArgumentParser:
    """Return what reads the command line."""
    root = argparse.ArgumentParser(
        prog="python -m config.environment",
        description="The environment's declaration: check a file against it, or write it.",
    )
    verbs = root.add_subparsers(dest="verb", required=True, metavar="VERB")
    checks = verbs.add_parser(
        "check", help="say all that is wrong with an env file; exit 0 fine, 1 wrong, 2 not readable"
    )
    checks.add_argument("file", type=Path, help="the env file, such as .env.prod")
    checks.add_argument("--json", action="store_true", help="tell the problems as JSON, on standard output")
    writes = verbs.add_parser("write", help="write the env files, docs/configuration.md and Kubernetes' (`make env`)")
    writes.add_argument("--check", action="store_true", help="write nothing; exit 1 where a file differs")
    inits = verbs.add_parser("init", help="write .env for development with a fresh secret, where there is none")
    inits.add_argument("file", type=Path, nargs="?", default=ROOT / ".env", help="another file than .env")
    return root


def check(path: Path, *, is_json: bool) -> int:
    """Say all that is wrong with an env file."""
    try:
        texts, problems = load(path)
    except (OSError, UnicodeDecodeError) as error:
        sys.stderr.write(
            f"error: Cannot read {path}: {error}\n hint: Give the path of an env file, such as .env.prod\n"
        )
        return UNUSABLE
    is_development = texts.get("DJANGO_DEBUG", "").lower() in TRUE
    left_out = LEFT_TO_RUN if is_development else made_by_compose(texts)
    values, found = examine(texts, left_out=left_out)
    problems += found + unknown_in_file(texts)
    starts = "`make run` starts a server of its own" if is_development else "Docker Compose starts a server of its own"
    notes = [f"{name} is not set: {starts}." for name in sorted(left_out - set(values))]
    report(path, problems, notes=[] if problems else notes, is_json=is_json)
    return WRONG if problems else FINE


def made_by_compose(texts: dict[str, str]) -> frozenset[str]:
    """Return the variables that Docker Compose makes out of others, which the file has."""
    return frozenset(name for name, source in MADE_FROM.items() if texts.get(source) or texts.get(f"{source}_FILE"))


def report(path: Path, problems: list[Problem], *, notes: list[str], is_json: bool) -> None:
    """Tell the problems, for a person or for a program."""
    if is_json:
        told = [problem._asdict() for problem in problems]
        sys.stdout.write(json.dumps({"file": str(path), "problems": told, "notes": notes}, indent=2) + "\n")
    elif problems:
        sys.stderr.write(f"error: {path} has {len(problems)} problem{'s' if len(problems) > 1 else ''}.\n")
        sys.stderr.write("\n".join(str(problem) for problem in problems) + "\n")
    else:
        sys.stdout.write("".join(f"{line}\n" for line in [f"{path} is fine.", *notes]))


def write(*, is_check: bool) -> int:
    """Write the files made from the declaration, or say which differ."""
    different = [
        path for path, text in written_files().items() if not path.exists() or path.read_text(encoding="utf-8") != text
    ]
    for path in different:
        if is_check:
            sys.stderr.write(f"error: {path.relative_to(ROOT)} differs from config/variables.py.\n hint: make env\n")
        else:
            path.parent.mkdir(exist_ok=True)
            path.write_text(written_files()[path], encoding="utf-8")
            sys.stdout.write(f"Wrote {path.relative_to(ROOT)}\n")
    return WRONG if is_check and different else FINE


def init(path: Path) -> int:
    """Write a `.env` for development, which only its owner can read; leave one that is there alone."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        sys.stdout.write(f"{path.name} is there already; nothing was changed.\n")
        return FINE
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(own_env_file(secrets.token_urlsafe(48)))
    sys.stdout.write(f"Wrote {path.name} with a fresh secret.\n")
    return FINE
