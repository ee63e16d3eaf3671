"""Answers about the schema alone are kept; and how an answer was found is told to who asks."""

from typing import Any

import pytest
from graphql import get_introspection_query
from pytest_django import Settings

from api import execution, introspection
from api.documents import documents, make, rules
from api.introspection import Answers
from tests.asgi_client import Client

pytestmark = pytest.mark.django_db

WHOLE = get_introspection_query(descriptions=True)
ONE = "query($name: String!) { __type(name: $name) { name fields { name } } }"


@pytest.fixture(autouse=True)
def nothing_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(introspection, "answers", Answers())


@pytest.fixture
def executed(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What the executor was asked."""
    asked: list[Any] = []
    usual = execution.executed

    def noted(*given: Any, **options: Any) -> Any:
        asked.append(given)
        return usual(*given, **options)

    monkeypatch.setattr(execution, "executed", noted)
    return asked


def ask(client: Client, query: str, **more: Any) -> dict[str, Any]:
    answer: dict[str, Any] = client.post("/graphql", {"query": query, **more}, "application/json").json()
    return answer


def test_the_schema_is_executed_once(client: Client, executed: list[Any]) -> None:
    answers = [ask(client, WHOLE) for _ in range(3)]
    assert answers == [answers[0]] * 3
    assert len(answers[0]["data"]["__schema"]["types"]) > 20
    assert len(executed) == 1


def test_other_variables_have_another_answer(client: Client, executed: list[Any]) -> None:
    for _ in range(2):
        for name in ("Photo", "Album", "Nothing"):
            kind = ask(client, ONE, variables={"name": name})["data"]["__type"]
            assert (kind and kind["name"]) == (None if name == "Nothing" else name)
    assert len(executed) == 3


def test_an_error_is_not_kept(client: Client, executed: list[Any]) -> None:
    for _ in range(2):
        assert "errors" in ask(client, ONE, variables={"name": None})
    assert len(executed) == 2


def test_what_asks_for_more_is_not_kept(client: Client, executed: list[Any]) -> None:
    for _ in range(2):
        assert "errors" not in ask(
            client, "{ ...Q __schema { queryType { name } } } fragment Q on Query { viewer { id } }"
        )
    assert len(executed) == 2


def test_where_it_is_off_it_is_refused_though_it_is_kept(client: Client, settings: Settings) -> None:
    text = f"{WHOLE} # before"
    assert "data" in ask(client, text)
    settings.GRAPHQL_INTROSPECTION = False
    for each in (documents, rules):  # it was valid before
        each.cache_clear()
    try:
        assert ask(client, text)["errors"]
    finally:
        for each in (documents, rules):
            each.cache_clear()


@pytest.mark.parametrize(("text", "expected"), [
    ("{ __schema { queryType { name } } }", True), ("{ __typename ... { ...F ...F } } fragment F on Query { __typename }", True),
    ("{ __typename ...F } fragment F on Query { viewer { id } }", False), ("{ viewer { __typename } }", False),
])  # fmt: skip
def test_what_is_about_the_schema_alone(text: str, expected: bool) -> None:
    assert make(text).operation(None).is_introspection is expected


def test_few_are_kept_and_none_that_is_very_long(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = Answers()
    for number in range(introspection.KEPT_MAX + 3):
        answers.put(number, {"number": number})
    assert [answers.get(number) is None for number in range(4)] == [True, True, True, False]
    monkeypatch.setattr(introspection, "BYTES_MAX", 5)
    answers.put("long", {"name": "longer than that"})
    assert answers.get("long") is None


class TestHowItWasFound:
    """`extensions: {plan: true}`."""

    @staticmethod
    def told(client: Client, query: str) -> Any:
        return ask(client, query, extensions={"plan": True})["extensions"]["plan"]

    def test_by_the_executor_first_and_then_by_a_plan(self, client: Client) -> None:
        text = "{ how: __typename albums(first: 3) { edges { cursor } } }"
        assert [self.told(client, text) for _ in range(2)] == [
            {"answeredBy": "EXECUTOR", "result": "new", "inThread": True},
            {"answeredBy": "PLAN", "result": "planned", "inThread": True},
        ]

    def test_why_there_is_none_is_told_where_the_schema_is(self, client: Client, settings: Settings) -> None:
        text = "{ viewer { id } __schema { queryType { name } } }"
        ask(client, text)
        ask(client, text)
        assert self.told(client, text)["why"] == "__schema is the schema's"
        settings.GRAPHQL_INTROSPECTION = False
        assert "why" not in self.told(client, text)

    def test_a_kept_answer(self, client: Client) -> None:
        text = "{ kept: __schema { queryType { name } } }"
        ask(client, text)
        assert self.told(client, text)["answeredBy"] == "KEPT_ANSWER"

    def test_who_does_not_ask_is_not_told(self, client: Client) -> None:
        assert "extensions" not in ask(client, "{ __typename }")
