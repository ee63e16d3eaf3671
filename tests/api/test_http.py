import json
import logging
from typing import Any

import pytest
from django.db import OperationalError
from pytest_django import Settings

from apps.accounts.models import User
from tests.asgi_client import Client
from tests.graphql_client import GraphQLClient

TYPENAME = {"query": "{ __typename }"}


def post(client: Client, body: Any, **options: Any) -> Any:
    return client.post("/graphql", data=body, content_type="application/json", **options)


class TestRequests:
    def test_a_value_that_its_type_does_not_take_is_told(self, as_nobody: GraphQLClient) -> None:
        query = "query($t: DateTime) { photos(filter: {takenAfter: $t}) { totalCount } }"
        error = as_nobody.execute(query, t="yesterday")["errors"][0]
        assert error["extensions"]["code"] == "BAD_USER_INPUT"
        assert "DateTime" in error["message"]

    @pytest.mark.parametrize(
        ("query", "code"),
        [("{", "GRAPHQL_PARSE_FAILED"), ("{ nothing }", "GRAPHQL_VALIDATION_FAILED"), ("", "GRAPHQL_PARSE_FAILED")],
    )
    def test_mistakes_in_the_document_have_codes(self, client: Client, query: str, code: str) -> None:
        assert post(client, {"query": query}).json()["errors"][0]["extensions"]["code"] == code


class TestErrors:
    def test_a_bug_is_hidden_behind_an_id_that_the_log_has(
        self, as_nobody: GraphQLClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        def broken(*_: object) -> None:
            raise RuntimeError("password=hunter2")

        monkeypatch.setattr("apps.gallery.selectors.tags", broken)
        error = as_nobody.execute("{ tags { totalCount } }")["errors"][0]
        assert error["extensions"]["code"] == "INTERNAL_ERROR"
        assert "hunter2" not in json.dumps(error)
        assert [record.__dict__["error_id"] for record in caplog.records if record.name == "slipway.graphql"] == [
            error["extensions"]["errorId"]
        ]

    def test_a_database_that_is_away_has_a_code_and_no_detail(
        self, as_nobody: GraphQLClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        def away(*_: object) -> None:
            raise OperationalError("connection to 10.0.0.7 failed")

        monkeypatch.setattr("apps.gallery.selectors.tags", away)
        with caplog.at_level(logging.ERROR):
            error = as_nobody.execute("{ tags { totalCount } }")["errors"][0]
        assert error["extensions"] == {"code": "SERVICE_UNAVAILABLE"}
        assert "10.0.0.7" not in json.dumps(error)

    def test_a_full_disk_has_a_code(self, as_nobody: GraphQLClient, monkeypatch: pytest.MonkeyPatch) -> None:
        def full(*_: object) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr("apps.gallery.selectors.tags", full)
        assert as_nobody.code("{ tags { totalCount } }") == "INSUFFICIENT_STORAGE"

    def test_who_is_not_signed_in_is_told(self, as_nobody: GraphQLClient) -> None:
        assert as_nobody.code('mutation { createAlbum(input: {title: "x"}) { album { id } } }') == "UNAUTHENTICATED"


class TestForgery:
    @pytest.fixture
    def browser(self, ada: User) -> Client:
        client = Client(enforce_csrf_checks=True)
        client.force_login(ada)
        return client

    MUTATION = {"query": 'mutation { createAlbum(input: {title: "x"}) { errors { code } } }'}

    def test_a_session_without_the_token_is_refused(self, browser: Client) -> None:
        response = post(browser, self.MUTATION)
        assert response.status_code == 403
        assert response.json()["errors"][0]["extensions"]["code"] == "CSRF_FAILED"

    def test_a_session_with_the_token_is_served(self, browser: Client) -> None:
        browser.get("/")
        token = browser.cookies["csrftoken"].value
        response = post(browser, self.MUTATION, headers={"X-CSRFToken": token})
        assert response.json() == {"data": {"createAlbum": {"errors": []}}}

    def test_a_form_from_elsewhere_is_refused_even_without_a_session(self, client: Client) -> None:
        response = client.post("/graphql", data={"operations": json.dumps(TYPENAME), "map": "{}"})
        assert response.json()["errors"][0]["extensions"]["code"] == "CSRF_FAILED"

    def test_a_proxy_s_basic_authentication_is_no_excuse(self, browser: Client) -> None:
        assert post(browser, self.MUTATION, headers={"Authorization": "Basic YTpi"}).status_code == 403

    def test_json_without_a_session_needs_nothing(self, client: Client) -> None:
        assert post(client, TYPENAME).status_code == 200


class TestGraphiQL:
    def test_a_browser_sees_it_where_it_is_on(self, client: Client, settings: Settings) -> None:
        settings.GRAPHIQL = True
        response = client.get("/graphql", headers={"Accept": "text/html"})
        assert "text/html" in response.headers["Content-Type"]
        assert "csrftoken" in response.cookies

    def test_a_browser_gets_an_error_where_it_is_off(self, client: Client, settings: Settings) -> None:
        settings.GRAPHIQL = False
        response = client.get("/graphql", headers={"Accept": "text/html, */*;q=0.8"})
        assert response.status_code == 422


def test_pages_bring_a_policy_that_lets_no_foreign_host_in(client: Client) -> None:
    policy = client.get("/").headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "script-src 'self';" in policy
