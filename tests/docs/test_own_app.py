"""The example of docs/own-app.md, in a copy of the project."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from config.environment_values import ROOT

DOCUMENT = ROOT / "docs" / "own-app.md"
FILE = re.compile(r"^`(?P<path>[\w./]+)`:\n\n```python\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
LINE = re.compile(r'^\+(    "apps\.\w+",)$', re.MULTILINE)
LAST_APP = '    "apps.health",\n'
COPIED = (
    "api",
    "apps",
    "config",
    "embedded",
    "ops",
    "tests/asgi_client.py",
    "tests/conftest.py",
    "tests/graphql_client.py",
    "tests/sharing.py",
    "manage.py",
    "pyproject.toml",
)

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project with the example in it, as the document says."""
    root = tmp_path_factory.mktemp("own-app")
    for parent in (root, root.parent, root.parent.parent):
        parent.chmod(0o711)  # for a PostgreSQL that is another user's
    for name in COPIED:
        source, target = ROOT / name, root / name
        target.parent.mkdir(exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__", "node_modules"))
        else:
            shutil.copyfile(source, target)
    document = DOCUMENT.read_text(encoding="utf-8")
    for found in FILE.finditer(document):
        path = root / found["path"]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(found["text"], encoding="utf-8")
    settings = root / "config" / "settings.py"
    text = settings.read_text(encoding="utf-8")
    added = LINE.search(document)
    assert added is not None
    assert text.count(LAST_APP) == 1
    settings.write_text(text.replace(LAST_APP, f"{LAST_APP}{added[1]}\n"), encoding="utf-8")
    return root


@pytest.fixture(scope="module")
def run(copy: Path) -> Run:
    """Return what runs a Python module in the copy."""

    def run_in_copy(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", *arguments],
            cwd=copy,
            env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run_in_copy


def test_the_example_is_in_the_form_that_we_ask_for(copy: Path, run: Run) -> None:
    names = sorted({found["path"].split("/")[0] for found in FILE.finditer(DOCUMENT.read_text(encoding="utf-8"))})
    assert names == ["apps", "tests"]
    for check in (("check",), ("format", "--check")):
        done = run("ruff", *check, "--no-cache", "apps/journal", "tests/journal")
        assert done.returncode == 0, done.stdout + done.stderr


def test_the_example_is_migrated_served_and_passes_its_own_test(copy: Path, run: Run) -> None:
    done = run("django", "makemigrations", "journal", "--settings", "config.settings", "--pythonpath", ".")
    assert done.returncode == 0, done.stdout + done.stderr
    assert (copy / "apps" / "journal" / "migrations" / "0001_initial.py").exists()
    done = run("pytest", "tests/journal", "-q", "-p", "no:cacheprovider")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "3 passed" in done.stdout
