"""How much a client may ask for, counted in a real Redis; and what happens while there is none."""

import re
from collections.abc import Callable
from typing import Any

import pytest
import redis
from django.conf import settings as django_settings
from pytest_django import Settings

from api import gcra, rate_limits
from apps.accounts.models import User
from config.breaker import Breaker
from tests.accounts.browser import PASSWORD
from tests.asgi_client import Client
from tests.conftest import signed_in

PAGE = "{ photos(first: 60) { edges { node { id } } } }"  # three of them are nearly the whole allowance
LOGIN = "mutation($i: LoginInput!) { login(input: $i) { errors { code } } }"


@pytest.fixture(autouse=True)
def fresh(db: None, monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    """Begin with nothing spent (`db` empties Redis) and a small allowance, which comes back so slowly that no test sees it."""
    monkeypatch.setattr(rate_limits, "MINUTE_SECONDS", 6000)
    monkeypatch.setattr(rate_limits, "purse", rate_limits.Purse())
    settings.GRAPHQL_RATE_PER_MINUTE = 600


@pytest.fixture
def no_redis(monkeypatch: pytest.MonkeyPatch) -> None:
    """Point at a port that nobody listens on."""
    away = redis.Redis(port=1, socket_connect_timeout=0.2)
    monkeypatch.setattr(gcra, "script", lambda: away.register_script(gcra.SCRIPT))
    monkeypatch.setattr(gcra, "breaker", Breaker())


def ask(client: Client, query: str = "{ __typename }", address: str = "192.0.2.1") -> Any:
    return client.post("/graphql", {"query": query}, "application/json", REMOTE_ADDR=address)


def remaining(response: Any) -> int:
    found = re.fullmatch(r'"cost";r=(\d+);t=\d+', response.headers["RateLimit"])
    assert found
    return int(found[1])


def test_what_remains_is_told_and_counts_by_cost(client: Client) -> None:
    ask(client)
    ask(client, "{ tags(first: 10) { edges { node { id } } } }")  # each document is known now
    first = remaining(ask(client))
    second = remaining(ask(client, "{ tags(first: 10) { edges { node { id } } } }"))
    assert first - second == 2 + 10 * 3
    assert ask(client).headers["RateLimit-Policy"] == '"cost";q=600;w=6000'


def test_a_document_that_is_new_costs_more(client: Client) -> None:
    before = remaining(ask(client))
    after = remaining(ask(client, "{ __typename  __typename }"))
    assert before - after == 2 + rate_limits.COST_OF_NEW_DOCUMENT + 4 // rate_limits.TOKENS_OF_ONE_COST


def test_who_has_spent_everything_is_told_when_to_come_back(client: Client) -> None:
    responses = [ask(client, PAGE) for _ in range(5)]
    last = responses[-1]
    assert last.status_code == 429
    assert last.json()["errors"][0]["extensions"]["code"] == "RATE_LIMITED"
    assert "data" not in last.json()
    assert 1 <= int(last.headers["Retry-After"]) <= 6000


def test_refused_documents_are_charged_as_well(client: Client) -> None:
    codes = [ask(client, "{ nothing" + str(number) + " }").status_code for number in range(80)]
    assert codes[0] == 422
    assert codes[-1] == 429


def test_clients_are_counted_apart(client: Client, ada: User, grace: User) -> None:
    assert [ask(client, PAGE).status_code for _ in range(5)][-1] == 429
    assert ask(client, PAGE, address="192.0.2.2").status_code == 200
    assert ask(client, PAGE, address="2001:db8::1").status_code == 200
    assert ask(signed_in(ada).http, PAGE).status_code == 200  # a user is not an address
    assert ask(signed_in(grace).http, PAGE).status_code == 200


def test_a_made_up_session_or_token_buys_nothing(client: Client) -> None:
    for _ in range(5):
        ask(client, "{ photos(first: 60) { edges { node { id } } } }")
    client.cookies["sessionid"] = "madeup"
    assert ask(client, PAGE).status_code == 429
    bearer = {"Authorization": "Bearer slw_madeup"}
    assert (
        client.post(
            "/graphql", {"query": PAGE}, "application/json", headers=bearer, REMOTE_ADDR="192.0.2.1"
        ).status_code
        == 429
    )


def test_zero_is_no_limit(client: Client, settings: Settings) -> None:
    settings.GRAPHQL_RATE_PER_MINUTE = 0
    assert "RateLimit" not in ask(client).headers


def test_time_gives_back_what_was_spent() -> None:
    assert gcra.take("x", 10, allowance=10, window_seconds=1).is_granted
    refused = gcra.take("x", 10, allowance=10, window_seconds=1)
    assert (refused.is_granted, refused.seconds) == (False, 1)
    with redis.Redis.from_url(django_settings.REDIS_URL) as client:
        assert 0 < client.pttl(gcra.PREFIX + "x") <= 1000


class TestAttempts:
    @pytest.mark.parametrize(
        "mutation",
        [
            'register(input: {email: "x", name: "x", password: "x"}) { errors { code } }',
            'login(input: {email: "x", password: "x"}) { errors { code } }',
            'requestPasswordReset(input: {email: "x"}) { errors { code } }',
            'resetPassword(input: {token: "x", newPassword: "x"}) { errors { code } }',
        ],
    )
    def test_an_address_has_so_many_and_no_more(self, client: Client, settings: Settings, mutation: str) -> None:
        settings.ATTEMPTS_PER_HOUR, settings.GRAPHQL_RATE_PER_MINUTE, settings.LOGIN_MAX_FAILURES = 10, 0, 100
        answers = [ask(client, "mutation { " + mutation + " }", address="192.0.2.9").json() for _ in range(3)]
        assert "errors" not in answers[1]
        assert answers[2]["errors"][0]["extensions"]["code"] == "RATE_LIMITED"

    def test_aliases_are_attempts_too(self, client: Client, settings: Settings) -> None:
        settings.ATTEMPTS_PER_HOUR, settings.GRAPHQL_RATE_PER_MINUTE = 10, 0
        one = 'login(input: {email: "x", password: "x"}) { errors { code } }'
        answer = ask(client, "mutation { a: " + one + " b: " + one + " c: " + one + " }").json()
        assert [error["extensions"]["code"] for error in answer["errors"]] == ["RATE_LIMITED"]


class TestWithoutRedis:
    def test_reads_go_on(self, client: Client, no_redis: None) -> None:
        response = ask(client)
        assert response.json() == {"data": {"__typename": "Query"}}
        assert "RateLimit" not in response.headers

    def test_attempts_are_refused(self, client: Client, no_redis: None, make_user: Callable[..., User]) -> None:
        make_user("mary").set_password(PASSWORD)
        answer = client.post(
            "/graphql",
            {"query": LOGIN, "variables": {"i": {"email": "mary@example.com", "password": PASSWORD}}},
            "application/json",
        ).json()
        assert answer["errors"][0]["extensions"]["code"] == "SERVICE_UNAVAILABLE"
