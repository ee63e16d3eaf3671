"""The schema is a contract: what would break a client that fits the last release has to be announced."""

from pathlib import Path

import pytest
from graphql import build_schema
from graphql.utilities import find_breaking_changes

from api.schema import schema
from config.environment_values import ROOT

RELEASED = Path(__file__).parent / "released.graphql"
BREAKING = "### Breaking"


def breaking_changes(released: str, current: str) -> list[str]:
    """Return what of the released schema a client can't rely on any more."""
    found = find_breaking_changes(build_schema(released), build_schema(current))
    return [change.description for change in found]


def unreleased(changelog: str) -> str:
    """Return the part of the changelog that is about what was not released yet."""
    return changelog.split("\n## [")[1]


def announced(changelog: str) -> str:
    """Return what the changelog says about what breaks."""
    return unreleased(changelog).partition(BREAKING)[2].partition("\n### ")[0]


def test_what_breaks_a_client_is_announced() -> None:
    told = announced((ROOT / "CHANGELOG.md").read_text(encoding="utf-8"))
    changes = breaking_changes(RELEASED.read_text(encoding="utf-8"), schema.as_str())
    missing = [change for change in changes if change not in told]
    assert missing == [], f"announce under '{BREAKING}' in CHANGELOG.md, word for word"


@pytest.mark.parametrize(
    ("current", "count"),
    [
        ("type Query { a: Int! b(c: Int): Int d: Int }", 0),
        ("type Query { a: Int! b(c: Int!): Int }", 1),
        ("type Query { a: Int }", 2),
        ("type Query { a: Int! b(c: Int, e: Int!): Int }", 1),
        ("type Query { a: Int! b(c: Int, e: Int): Int }", 0),
    ],
)
def test_it_tells_breaking_changes_from_safe_ones(current: str, count: int) -> None:
    assert len(breaking_changes("type Query { a: Int! b(c: Int): Int }", current)) == count


def test_only_what_is_said_of_the_next_release_counts() -> None:
    changelog = "# C\n\n## [0.2.0] - unreleased\n\n### Breaking\n\n- x\n\n### Added\n\n- y\n\n## [0.1.0]\n\n### Breaking\n\n- z\n"
    assert announced(changelog).strip() == "- x"
