"""docs/api.md: its commands, run in order as they stand, and its tables."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from config.environment_values import ROOT
from embedded.stack import Stack
from tests.docs.documents import Command, commands, matches

DOCUMENT = ROOT / "docs" / "api.md"
COMMANDS = list(commands(DOCUMENT))
MARK = "\x1e"
CODE_IN_PYTHON = re.compile(r'(?:^    code = |"code": )"([A-Z_]+)"', re.MULTILINE)


@pytest.fixture(scope="module")
def printed(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """What each block of commands printed, all of them run in one shell."""
    done = subprocess.run(
        ["bash", "-c", "set -euo pipefail\n" + "".join(f"printf '{MARK}'\n{as_run(each, stack)}" for each in COMMANDS)],
        cwd=ROOT,
        env=os.environ | {"TMPDIR": str(tmp_path_factory.mktemp("tutorial"))},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    parts = done.stdout.split(MARK)[1:]
    failed = COMMANDS[len(parts) - 1] if parts else COMMANDS[0]
    assert done.returncode == 0, f"line {failed.line}:\n{failed.text}\n{parts[-1:]}\n{done.stderr}"
    return parts


def as_run(command: Command, stack: Stack) -> str:
    """Return a block with the test's own system and interpreter in place of those of `make run`."""
    return command.text.replace("http://127.0.0.1:8000", stack.url).replace(".venv/bin/python", sys.executable)


@pytest.mark.parametrize("number", range(len(COMMANDS)), ids=[f"line {command.line}" for command in COMMANDS])
def test_a_command_prints_what_the_document_shows(number: int, printed: list[str]) -> None:
    expected = COMMANDS[number].output
    assert matches(printed[number], expected or ""), printed[number]


def test_the_tutorial_shows_the_way_from_a_new_account_to_a_deleted_photo() -> None:
    text = "".join(command.text for command in COMMANDS)
    steps = ("register", "login", "createAlbum", "photoChanged", "uploadPhotos", "renditions", "deletePhoto", "Bearer")
    assert [text.index(step) for step in steps] == sorted(text.index(step) for step in steps)


def test_the_table_of_codes_has_those_that_the_code_has() -> None:
    sources: list[Path] = [path for folder in ("api", "config", "apps") for path in (ROOT / folder).rglob("*.py")]
    in_code = {code for path in sources for code in CODE_IN_PYTHON.findall(path.read_text(encoding="utf-8"))}
    in_table = set(re.findall(r"^\| `([A-Z_]+)` \|", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE))
    assert in_table == in_code


def test_the_limits_are_those_of_the_settings() -> None:
    from django.conf import settings

    lines = DOCUMENT.read_text(encoding="utf-8").partition("## Limits")[2]
    assert f"| {settings.GRAPHQL_MAX_PAGE_SIZE} | `GRAPHQL_MAX_PAGE_SIZE`" in lines
    assert f"| {settings.REQUEST_MAX_BYTES // 2**20} MiB | `REQUEST_MAX_BYTES`" in lines
    assert f"| {settings.GRAPHQL_MAX_REQUEST_BYTES // 2**10} KiB | `GRAPHQL_MAX_REQUEST_BYTES`" in lines
    assert f"| {settings.GRAPHQL_MAX_FILES} | `GRAPHQL_MAX_FILES`" in lines
    assert f"| {settings.GRAPHQL_MAX_COST:,} | `GRAPHQL_MAX_COST`" in lines
    assert f"| {settings.GRAPHQL_TIMEOUT_SECONDS} s | `GRAPHQL_TIMEOUT_SECONDS`" in lines
    assert f"| {settings.MEDIA_MAX_BYTES // 2**20} MiB | `MEDIA_MAX_BYTES`" in lines
    assert f"| {settings.MEDIA_MAX_PIXELS:,} pixels | `MEDIA_MAX_PIXELS`" in lines
    assert f"| {settings.LOGIN_MAX_FAILURES}, then {settings.LOGIN_LOCKOUT_SECONDS // 60} minutes |" in lines
