"""The commands of docs/containers.md, as they stand, in their order."""

import subprocess
from collections.abc import Iterator

import pytest

from config.environment_values import ROOT
from tests.docs.documents import Command, commands, matches
from tests.stack.compose import Compose

pytestmark = pytest.mark.stack

COMMANDS = list(commands(ROOT / "docs" / "containers.md"))


@pytest.fixture(scope="module", autouse=True)
def as_it_was(development: Compose) -> Iterator[None]:
    """Leave the stack running, with the passwords of an empty environment."""
    yield
    (development.folder / ".env").unlink(missing_ok=True)
    development.run("down", "--volumes", "--timeout", "5")
    development.up()


@pytest.mark.parametrize("command", COMMANDS, ids=[f"line {command.line}" for command in COMMANDS])
def test_a_command_does_what_the_document_says(development: Compose, command: Command) -> None:
    text = command.text.replace("localhost:8080", f"localhost:{development.http_port}")
    found = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", text],
        cwd=development.folder,
        env=development.environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert found.returncode == 0, found.stdout + found.stderr
    if command.output is not None:
        assert matches(found.stdout, command.output)
