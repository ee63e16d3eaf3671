"""The commands of docs/containers.md, as they stand, in their order; nothing comes after them, as conftest.py orders it."""

import pytest

from config.environment_values import ROOT
from tests.docs.documents import Command, commands, matches
from tests.stack.compose import Compose, ended

pytestmark = pytest.mark.stack

COMMANDS = list(commands(ROOT / "docs" / "containers.md"))


@pytest.mark.parametrize("command", COMMANDS, ids=[f"line {command.line}" for command in COMMANDS])
def test_a_command_does_what_the_document_says(development: Compose, command: Command) -> None:
    text = command.text.replace("localhost:8080", f"localhost:{development.http_port}")
    words = ["bash", "-euo", "pipefail", "-c", text]
    found = ended(words, folder=development.folder, environment=development.environment, seconds=300)
    assert found.returncode == 0, found.stdout + found.stderr
    if command.output is not None:
        assert matches(found.stdout, command.output)
