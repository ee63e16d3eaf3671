"""Folders that servers can be started in, and a copy of the project to run as a user would."""

import contextlib
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from embedded.stack import ROOT, Stack
from tests.embedded.clone import Clone

NOT_COPIED = shutil.ignore_patterns(
    ".git", ".venv", ".data", ".env", ".*_cache", "__pycache__", "node_modules", "tests", "docs"
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder for one system's data."""
    return tmp_path / "data"


@pytest.fixture
def make_stack() -> Iterator[Callable[..., Stack]]:
    """Return what makes a stack that is stopped in the end."""
    made: list[Stack] = []

    def make(folder: Path, **options: object) -> Stack:
        made.append(Stack(folder, environment=dict(os.environ, DATABASE_URL="", REDIS_URL=""), **options))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for stack in made:
        stack.stop()


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clone]:
    """A copy of the project in a folder that only we may enter. No process of it may outlive the tests."""
    root = tmp_path_factory.mktemp("clones") / "slip way"  # a blank in a path is where command lines break
    shutil.copytree(ROOT, root, ignore=NOT_COPIED)
    found = Clone(root)
    yield found
    found.end()
    assert found.processes() == []


def is_gone(process_id: int) -> bool:
    """Tell whether a process has ended."""
    with contextlib.suppress(psutil.NoSuchProcess):
        return psutil.Process(process_id).status() == psutil.STATUS_ZOMBIE
    return True
