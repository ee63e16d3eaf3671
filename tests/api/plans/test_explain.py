"""`manage.py explain` on a real database: who answers, by which SQL, and what it says to what it cannot run."""

import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from api.plans.parameters import LIST_MAX
from apps.accounts.models import User
from apps.gallery.models import Album
from tests.gallery.conftest import add_rows

NESTED = "{ albums { edges { node { title photos { edges { node { tags { name } } } } } } } }"


@pytest.fixture(autouse=True)
def album(ada: User) -> Album:
    """A public album with three photos."""
    album = Album.objects.create(owner=ada, title="Hills", visibility="PUBLIC")
    add_rows(album, 3, tags=("hill",))
    return album


def explained(*arguments: str, **options: Any) -> str:
    out = io.StringIO()
    call_command("explain", *arguments, stdout=out, **options)
    return out.getvalue()


def test_kept_statements_and_postgresqls_plan_of_them(settings: Settings) -> None:
    settings.DATABASE_LOOP_CONNECTIONS = 1
    said = explained(NESTED)
    assert said.startswith("answered by a plan, without a thread\n")
    assert "  Query.albums (albums): its SQL is kept\n" in said
    assert "  Album.photos (photos): its SQL is kept\n" in said
    assert "Photo.tags" not in said, "a list in its order needs no resolver"
    assert "statement 3: SELECT" in said
    assert "statement 4" not in said
    assert said.count("cost=") >= 3


def test_without_connections_of_the_loop_s_own_a_thread_answers(ada: User, settings: Settings) -> None:
    settings.DATABASE_LOOP_CONNECTIONS = 1
    assert explained(NESTED, viewer=ada.email).startswith("answered by a plan, without a thread\n")
    settings.DATABASE_LOOP_CONNECTIONS = 0
    assert explained(NESTED, viewer=ada.email).startswith("answered by a plan, in a thread\n")


def test_why_the_executor_answers(settings: Settings) -> None:
    assert "answered by the executor: __schema is the schema's" in explained("{ __schema { queryType { name } } }")
    settings.GRAPHQL_PLANS = False
    assert "answered by the executor: GRAPHQL_PLANS is off" in explained(NESTED)


def test_a_file_with_variables(tmp_path: Path) -> None:
    path = tmp_path / "photos.graphql"
    path.write_text(
        "query A { __typename } query B($tags: [String!]) { photos(filter: {tags: $tags}) { edges { cursor } } }"
    )
    for tags, told in ((["hill"], "its SQL is kept"), (["hill"] * (LIST_MAX + 1), "its SQL is made each time")):
        said = explained(str(path), name="B", variables=json.dumps({"tags": tags}))
        assert f"Query.photos (photos): {told}" in said
        assert "tag" in said.partition("statement 1: ")[2]


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("{ __typename }"))
    assert explained("-").startswith("answered by a plan")


def test_an_error_is_told_and_its_status_is_1(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        call_command("explain", '{ photos(after: "?") { edges { cursor } } }')
    assert ended.value.code == 1
    assert "error: This is not a cursor of this list." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        (["{ photo"], {}, "Syntax Error"),
        (["{ nothing }"], {}, "Cannot query field"),
        (["/nowhere.graphql"], {}, "Give a document, a file with one, or -"),
        (["mutation { logout { __typename } }"], {}, "Nothing was run: only a query"),
        (["{ __typename }"], {"variables": "{"}, "--variables is no JSON"),
        (["{ __typename }"], {"variables": "[]"}, "--variables is a JSON object"),
        (["{ __typename }"], {"viewer": "nobody@example.com"}, "Nobody here has the address nobody@example.com"),
        (["query A { __typename } query B { __typename }"], {}, "several operations"),
    ],
)
def test_what_it_cannot_run(arguments: list[str], options: dict[str, str], message: str) -> None:
    with pytest.raises(CommandError, match=message):
        explained(*arguments, **options)
