"""docs/graphql.md: each clause of a specification has a test that is there, or says why we do otherwise."""

import ast
import re

import pytest

from config.environment_values import ROOT

SECTIONS = (ROOT / "docs" / "graphql.md").read_text(encoding="utf-8").split("\n## ")[1:]
HOME = re.compile(r"[Tt]ests are\s+in\s+\[`(tests/[\w/]+\.py)`\]")
NAMED = re.compile(r"`(?:(?P<path>tests/[\w/]+\.py)::)?(?P<name>Test\w+(?:::test_\w+)?|test_\w+)`")
WITH_CLAUSES = [section for section in SECTIONS if "\n| clause |" in section]

every_section = pytest.mark.parametrize("section", SECTIONS, ids=[section.partition("\n")[0] for section in SECTIONS])


def names_in(path: str) -> set[str]:
    """Return the names of a file's tests, `Class`, `Class::test` or `test`."""
    found: set[str] = set()
    for node in ast.parse((ROOT / path).read_text(encoding="utf-8")).body:
        if isinstance(node, (ast.ClassDef, ast.FunctionDef)):
            found.add(node.name)
        if isinstance(node, ast.ClassDef):
            found |= {f"{node.name}::{each.name}" for each in node.body if isinstance(each, ast.FunctionDef)}
    return found


def clauses_of(section: str) -> list[str]:
    """Return the rows of a section's table of clauses."""
    _, _, table = section.partition("\n| clause |")
    return table.partition("\n\n")[0].splitlines()[2:]


@every_section
def test_every_test_that_is_named_is_there(section: str) -> None:
    home = HOME.search(section)
    for found in NAMED.finditer(section):
        path = found["path"] or (home[1] if home else "")
        assert path, f"no file is named for {found['name']}"
        assert found["name"] in names_in(path), found[0]


def test_every_clause_has_a_test_or_a_reason() -> None:
    rows = [row for section in WITH_CLAUSES for row in clauses_of(section)]
    assert [row for row in rows if not NAMED.search(row.split(" | ")[-1]) and "otherwise: " not in row] == []


def test_every_specification_has_its_table() -> None:
    titles = [section.partition("\n")[0] for section in WITH_CLAUSES]
    assert titles == ["GraphQL over HTTP", "WebSockets", "Server-sent events", "Uploads", "Relay"]
