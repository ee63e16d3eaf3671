"""All documents: what they name is there, and what they tell to run can be run."""

import re
import shlex
from pathlib import Path
from urllib.parse import unquote

import pytest

from config import environment_command
from config.environment_values import ROOT
from tests.docs.documents import anchors, commands, documents, fences, links, named_paths

DOCUMENTS = documents()
NAMES = [str(path.relative_to(ROOT)) for path in DOCUMENTS]
DECISIONS = sorted((ROOT / "docs" / "decisions").iterdir())
TARGET = re.compile(r"\bmake ([a-z][a-z-]*)")
# What a document names that is no file of the repository: made by a run, the example of docs/own-app.md, or a pattern.
MADE = (
    ".bench/",
    ".data/",
    ".venv/",
    "secrets/",
    ".deploy/",
    "apps/journal/",
    "tests/journal/",
    "requirements/*",
    "apps/<area>/",
)
NO_PATHS = {
    "application/json",
    "application/graphql-response+json",
    "text/event-stream",
    "multipart/form-data",
    "admin/",
    "public/",
    "private/",
    "media/<time>/manifest.json",
    "db/<database>/<time>",
}  # media types, addresses, storage, targets of backups
FOREIGN = re.compile(r"\bpypi\.|npmjs|/(?:root|home|work|tmp)/")

every_document = pytest.mark.parametrize("path", DOCUMENTS, ids=NAMES)


def targets() -> set[str]:
    """Return what the Makefile can make."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    return set(re.findall(r"^([a-z][a-z-]*):", makefile, re.MULTILINE))


def test_every_document_that_a_newcomer_looks_for_is_there() -> None:
    wanted = {"README.md", "CHANGELOG.md", "CONTRIBUTING.md", "docs/api.md", "docs/architecture.md", "docs/own-app.md"}
    assert wanted <= set(NAMES)
    assert (ROOT / "LICENSE").read_text(encoding="utf-8").startswith("MIT License")


def test_the_readme_begins_with_the_two_commands_and_a_picture() -> None:
    beginning = "\n".join((ROOT / "README.md").read_text(encoding="utf-8").splitlines()[:30])
    assert "\nmake run\n" in beginning
    assert "`make test`" in beginning or "\nmake test" in beginning
    assert "](docs/wall.png)" in beginning


@every_document
def test_every_link_leads_somewhere(path: Path) -> None:
    for target in links(path):
        name, _, anchor = target.partition("#")
        found = (path.parent / unquote(name)) if name else path
        assert found.exists(), target
        assert not anchor or anchor in anchors(found), target


@every_document
def test_every_path_that_is_named_is_there(path: Path) -> None:
    named = [name for name in named_paths(path) if not name.startswith(MADE) and name not in NO_PATHS]
    assert [name for name in named if not exists(name, beside=path)] == []


def exists(name: str, *, beside: Path) -> bool:
    """Tell whether a path is there, from the root, from the document's folder, or in some app's."""
    places = [ROOT, beside.parent, *(ROOT / "apps").iterdir(), ROOT / "api", ROOT / "config"]
    return any((place / name).exists() for place in places)


@every_document
def test_every_make_target_that_is_named_is_there(path: Path) -> None:
    in_code = re.findall(r"`([^`\n]+)`", path.read_text(encoding="utf-8")) + fences(path)
    named = {target for code in in_code for target in TARGET.findall(code)}
    assert named <= targets(), named - targets()


def test_the_readme_lists_every_target() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"^\| `make ([a-z-]+)` \|", readme, re.MULTILINE))
    assert listed == targets() - {"help", "check-requirements"}


@every_document
def test_no_document_names_a_machine_of_ours_or_a_registry(path: Path) -> None:
    assert FOREIGN.findall(path.read_text(encoding="utf-8")) == []


def test_the_check_of_an_env_file_is_as_the_documents_say(capsys: pytest.CaptureFixture[str]) -> None:
    lines = [line for each in commands(ROOT / "docs" / "configuration.md") for line in each.text.splitlines()]
    assert lines
    for line in lines:
        words = shlex.split(line)
        assert words[:3] == ["python", "-m", "config.environment"]
        arguments = [str(ROOT / word) if word.startswith(".env") else word for word in words[3:]]
        assert environment_command.main(arguments) == environment_command.WRONG  # placeholders where secrets go
        assert "DJANGO_SECRET_KEY" in capsys.readouterr().err


@pytest.mark.parametrize("path", DECISIONS, ids=[path.name for path in DECISIONS])
def test_a_decision_is_short_and_its_file_has_its_title(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    title = re.sub(r"[^a-z0-9]+", "-", lines[0].removeprefix("# ").lower())
    assert re.fullmatch(rf"\d{{4}}-{title}\.md", path.name)
    assert [line for line in lines if line.startswith("## ")] == ["## Context", "## Decision", "## Consequences"]
    assert len(lines) <= 25


def test_decisions_are_numbered_without_a_gap_and_listed() -> None:
    assert [int(path.name[:4]) for path in DECISIONS] == list(range(1, len(DECISIONS) + 1))
    architecture = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    assert all(f"(decisions/{path.name})" in architecture for path in DECISIONS)
