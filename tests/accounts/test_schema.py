"""The accounts through GraphQL over HTTP, as a browser and as a program use them."""

import logging
import re
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.mail import EmailMessage
from django.utils import timezone
from pytest_django import Settings

from apps.accounts import password_reset
from apps.accounts.models import AccessToken, User
from apps.accounts.tasks import send_password_reset_mail
from config.celery import app
from tests.accounts.browser import PASSWORD, Browser
from tests.asgi_client import Client

NEW_PASSWORD = "battery staple horse"
TOKEN_FIELDS = "token accessToken { id name prefix expiresAt lastUsedAt createdAt }"


def code(answer: Any) -> str:
    (error,) = answer["errors"]
    return str(error["extensions"]["code"])


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


# --- viewer, register, login, logout ------------------------------------------------------------------------


def test_nobody_is_the_viewer_at_first(db: None, browser: Browser) -> None:
    assert browser.viewer() is None


def test_registering_creates_an_account_and_does_not_sign_in(db: None, browser: Browser) -> None:
    given = {"email": "new@example.com", "name": "New", "password": PASSWORD}
    assert browser.mutate("register", "user { name email }", **given) == {
        "user": {"name": "New", "email": None},
        "errors": [],
    }
    assert browser.viewer() is None
    assert browser.log_in("NEW@example.com")["viewer"] == {"name": "New", "email": "new@example.com"}


def test_registering_tells_what_is_wrong_by_field(ada: User, browser: Browser) -> None:
    given = {"email": ada.email.upper(), "name": "", "password": "short"}
    assert browser.mutate("register", "user { name }", **given) == {
        "user": None,
        "errors": [
            {"field": "name", "code": "blank"},
            {"field": "email", "code": "unique"},
            {"field": "password", "code": "password_too_short"},
        ],
    }


def test_signing_in_starts_a_session(ada: User, browser: Browser) -> None:
    assert browser.log_in(ada.email) == {"viewer": {"name": "Ada", "email": ada.email}, "errors": []}
    assert browser.viewer() == {"name": "Ada"}
    assert browser.client.cookies["sessionid"]["httponly"]


def test_signing_in_gives_the_session_a_new_key(ada: User, grace: User, browser: Browser) -> None:
    browser.log_in(ada.email)
    first = browser.client.cookies["sessionid"].value
    browser.log_in(grace.email)
    assert browser.client.cookies["sessionid"].value != first


def test_signing_in_gives_the_browser_a_new_csrf_token(ada: User, browser: Browser) -> None:
    browser.log_in(ada.email)
    first = browser.client.cookies["csrftoken"].value
    browser.log_in(ada.email)
    assert browser.client.cookies["csrftoken"].value != first


def test_a_session_without_the_csrf_token_changes_nothing(ada: User, browser: Browser) -> None:
    browser.log_in(ada.email)
    answer = browser.run("mutation { logout { ok } }", headers={"X-CSRFToken": "x" * 32})
    assert code(answer) == "CSRF_FAILED"
    assert browser.viewer() == {"name": "Ada"}


def test_a_wrong_password_and_an_unknown_address_are_the_same_answer(ada: User, browser: Browser) -> None:
    fields = "viewer { id } errors { field code message }"
    query = f"mutation ($input: LoginInput!) {{ login(input: $input) {{ {fields} }} }}"
    wrong = browser.post(query, input={"email": ada.email, "password": "wrong"})
    unknown = browser.post(query, input={"email": "nobody@example.com", "password": PASSWORD})
    assert wrong.content == unknown.content
    (error,) = wrong.json()["data"]["login"]["errors"]
    assert (error["field"], error["code"]) == (None, "wrong_credentials")


def test_an_unknown_address_takes_as_long_as_a_wrong_password(ada: User, browser: Browser, real_hashes: None) -> None:
    ada.set_password(PASSWORD)
    ada.save()

    def seconds(email: str) -> float:
        started = time.process_time()  # of our own work: what else the machine does is no difference
        browser.log_in(email, "wrong")
        return time.process_time() - started

    known = min(seconds(ada.email) for _ in range(3))
    unknown = min(seconds("nobody@example.com") for _ in range(3))
    assert unknown > known / 2  # without hashing it is a tenth


def test_an_inactive_user_can_not_sign_in_and_has_no_session_any_more(ada: User, browser: Browser) -> None:
    browser.log_in(ada.email)
    User.objects.filter(pk=ada.pk).update(is_active=False)
    assert browser.viewer() is None
    assert browser.log_in(ada.email)["errors"] == [{"field": None, "code": "wrong_credentials"}]


LOGIN = "mutation ($input: LoginInput!) { login(input: $input) { viewer { name } errors { code } } }"


def test_after_five_wrong_passwords_the_right_one_is_refused_too(
    ada: User, browser: Browser, new_browser: Callable[[], Browser]
) -> None:
    for _ in range(5):
        assert browser.log_in(ada.email, "wrong")["errors"] == [{"field": None, "code": "wrong_credentials"}]
    answer = browser.run(LOGIN, input={"email": ada.email.upper(), "password": PASSWORD})
    assert code(answer) == "TOO_MANY_ATTEMPTS"
    assert 895 <= answer["errors"][0]["extensions"]["retryAfterSeconds"] <= 900
    assert new_browser().log_in(ada.email)["viewer"] is not None  # from elsewhere the account is not locked


def test_an_unknown_address_is_locked_out_alike(db: None, browser: Browser) -> None:
    for _ in range(5):
        browser.log_in("nobody@example.com", "wrong")
    assert code(browser.run(LOGIN, input={"email": "nobody@example.com", "password": "x"})) == "TOO_MANY_ATTEMPTS"


def test_a_right_password_clears_the_failures(ada: User, browser: Browser) -> None:
    for _ in range(3):
        for _ in range(4):
            browser.log_in(ada.email, "wrong")
        assert browser.log_in(ada.email)["viewer"] is not None


def test_signing_out_ends_the_session(ada: User, browser: Browser) -> None:
    browser.log_in(ada.email)
    assert browser.run("mutation { logout { ok errors { code } } }")["data"]["logout"] == {
        "ok": True,
        "errors": [],
    }
    assert browser.viewer() is None


def test_signing_in_and_out_in_one_document_shows_who_is_asking_then(ada: User, browser: Browser) -> None:
    query = (
        "mutation ($input: LoginInput!) { before: logout { ok } login(input: $input) { viewer { email } } "
        'logout { ok } createAccessToken(input: {name: "x"}) { token } }'
    )
    answer = browser.run(query, input={"email": ada.email, "password": PASSWORD})
    assert code(answer) == "UNAUTHENTICATED"
    assert not AccessToken.objects.exists()


# --- passwords ----------------------------------------------------------------------------------------------


def change(browser: Browser, *, current: str = PASSWORD, new: str = NEW_PASSWORD) -> Any:
    return browser.mutate("changePassword", "viewer { name }", currentPassword=current, newPassword=new)


def test_a_new_password_keeps_this_session_and_ends_the_others(
    ada: User, browser: Browser, new_browser: Callable[[], Browser]
) -> None:
    other = new_browser()
    browser.log_in(ada.email)
    other.log_in(ada.email)
    assert change(browser) == {"viewer": {"name": "Ada"}, "errors": []}
    assert browser.viewer() == {"name": "Ada"}
    assert other.viewer() is None
    assert new_browser().log_in(ada.email)["viewer"] is None
    assert new_browser().log_in(ada.email, NEW_PASSWORD)["viewer"] is not None


def test_a_wrong_current_password_changes_nothing(ada: User, browser: Browser) -> None:
    browser.log_in(ada.email)
    answer = change(browser, current="wrong")
    assert answer == {"viewer": None, "errors": [{"field": "currentPassword", "code": "wrong_credentials"}]}
    ada.refresh_from_db()
    assert ada.check_password(PASSWORD)


def test_a_weak_new_password_is_refused(ada: User, browser: Browser) -> None:
    browser.log_in(ada.email)
    assert change(browser, new="short")["errors"] == [{"field": "newPassword", "code": "password_too_short"}]


def test_guessing_the_current_password_is_stopped_too(ada: User, browser: Browser) -> None:
    browser.log_in(ada.email)
    for _ in range(5):
        change(browser, current="wrong")
    query = "mutation ($input: ChangePasswordInput!) { changePassword(input: $input) { viewer { name } } }"
    answer = browser.run(query, input={"currentPassword": PASSWORD, "newPassword": NEW_PASSWORD})
    assert code(answer) == "TOO_MANY_ATTEMPTS"


def test_a_password_is_not_changed_for_nobody(db: None, browser: Browser) -> None:
    query = 'mutation { changePassword(input: {currentPassword: "a", newPassword: "b"}) { viewer { id } } }'
    assert code(browser.run(query)) == "UNAUTHENTICATED"


def test_a_program_may_change_the_password_and_gets_no_session_by_it(ada: User, browser: Browser) -> None:
    browser.log_in(ada.email)
    token = browser.mutate("createAccessToken", TOKEN_FIELDS, name="script")["token"]
    program = Client()
    query = "mutation ($input: ChangePasswordInput!) { changePassword(input: $input) { viewer { name } } }"
    body = {
        "query": query,
        "variables": {"input": {"currentPassword": PASSWORD, "newPassword": NEW_PASSWORD}},
    }
    answer = program.post("/graphql", body, "application/json", headers=bearer(token))
    assert answer.json() == {"data": {"changePassword": {"viewer": {"name": "Ada"}}}}
    assert "sessionid" not in program.cookies
    assert browser.viewer() is None


def test_asking_for_a_reset_does_not_tell_who_has_an_account(
    ada: User, browser: Browser, queued: Callable[[], list[tuple[str, list[Any]]]], settings: Settings
) -> None:
    query = (
        "mutation ($input: RequestPasswordResetInput!) "
        "{ requestPasswordReset(input: $input) { ok errors { field message code } } }"
    )
    known = browser.post(query, input={"email": ada.email})
    unknown = browser.post(query, input={"email": "nobody@example.com"})
    assert known.content == unknown.content == b'{"data":{"requestPasswordReset":{"ok":true,"errors":[]}}}'
    assert known.headers.keys() == unknown.headers.keys()  # the rate limit's have another number each


@pytest.mark.django_db(transaction=True)
def test_without_its_broker_asking_for_a_reset_is_unavailable_for_known_and_unknown_alike(
    ada: User, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app.conf, "broker_write_url", "redis://127.0.0.1:1/0")
    monkeypatch.setattr(app.amqp, "_producer_pool", None)
    query = "mutation ($email: String!) { requestPasswordReset(input: {email: $email}) { ok } }"
    answers = [browser.run(query, email=email) for email in (ada.email, "nobody@example.com")]
    assert answers[0] == answers[1]
    assert code(answers[0]) == "SERVICE_UNAVAILABLE"


@pytest.mark.django_db(transaction=True)
def test_the_mailed_link_sets_a_new_password_once_and_ends_all_sessions(
    ada: User,
    browser: Browser,
    new_browser: Callable[[], Browser],
    queued: Callable[[], list[tuple[str, list[Any]]]],
    mailoutbox: list[EmailMessage],
) -> None:
    signed_in = new_browser()
    signed_in.log_in(ada.email)
    browser.mutate("requestPasswordReset", "ok", email=ada.email.upper())
    ((name, arguments),) = queued()
    assert name == "accounts.send_password_reset_mail"
    send_password_reset_mail(*arguments)
    found = re.search(r"#reset=(\S+)", str(mailoutbox[0].body))
    assert found
    given = {"token": found[1], "newPassword": NEW_PASSWORD}
    assert browser.mutate("resetPassword", "ok", **given) == {"ok": True, "errors": []}
    assert signed_in.viewer() is None
    assert browser.mutate("resetPassword", "ok", **given) == {
        "ok": False,
        "errors": [{"field": None, "code": "token_expired_or_used"}],
    }
    assert browser.log_in(ada.email, NEW_PASSWORD)["viewer"] is not None


def test_a_reset_lets_one_in_whom_wrong_passwords_had_locked_out(ada: User, browser: Browser) -> None:
    for _ in range(6):
        browser.run(LOGIN, input={"email": ada.email, "password": "wrong"})
    token = password_reset.reset_token_for(ada)
    browser.mutate("resetPassword", "ok", token=token, newPassword=NEW_PASSWORD)
    assert browser.log_in(ada.email, NEW_PASSWORD)["viewer"] is not None


# --- access tokens ------------------------------------------------------------------------------------------


@pytest.fixture
def created(ada: User, browser: Browser) -> Any:
    """Return the payload of a new token of Ada's, who is signed in."""
    browser.log_in(ada.email)
    return browser.mutate("createAccessToken", TOKEN_FIELDS, name="script", expiresAt=None)


def program_viewer(token: str) -> Any:
    """Return what a program with this token and no cookie is answered."""
    body = {"query": "{ viewer { name } }"}
    client = Client(enforce_csrf_checks=True)
    return client.post("/graphql", body, "application/json", headers=bearer(token)).json()


def test_a_program_acts_by_its_token(created: Any) -> None:
    assert program_viewer(created["token"]) == {"data": {"viewer": {"name": "Ada"}}}


def test_a_token_beats_the_session(created: Any, grace: User, browser: Browser) -> None:
    browser.log_in(grace.email)
    answer = browser.run("{ viewer { name } }", headers=bearer(created["token"]))
    assert answer["data"]["viewer"]["name"] == "Ada"


def test_a_tokens_text_is_told_once(created: Any, browser: Browser) -> None:
    query = "{ viewer { accessTokens { id name prefix expiresAt lastUsedAt createdAt } } }"
    answer = browser.post(query)
    assert answer.json()["data"]["viewer"]["accessTokens"] == [created["accessToken"]]
    assert created["token"] not in answer.content.decode()


def test_an_expired_token_is_unauthenticated(created: Any) -> None:
    AccessToken.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert code(program_viewer(created["token"])) == "UNAUTHENTICATED"


def test_an_unknown_token_is_unauthenticated(db: None) -> None:
    assert code(program_viewer("slw_unknown")) == "UNAUTHENTICATED"


def test_a_revoked_token_is_unauthenticated(created: Any, browser: Browser) -> None:
    given = {"id": created["accessToken"]["id"]}
    answer = browser.mutate("revokeAccessToken", "accessToken { name }", **given)
    assert answer == {"accessToken": {"name": "script"}, "errors": []}
    assert code(program_viewer(created["token"])) == "UNAUTHENTICATED"
    assert browser.run("{ viewer { accessTokens { id } } }")["data"]["viewer"]["accessTokens"] == []


REVOKE = "mutation ($id: ID!) { revokeAccessToken(input: {id: $id}) { accessToken { id } } }"


def test_somebody_elses_token_can_be_neither_revoked_nor_seen(created: Any, grace: User, browser: Browser) -> None:
    browser.log_in(grace.email)
    token_id = created["accessToken"]["id"]
    assert code(browser.run(REVOKE, id=token_id)) == "NOT_FOUND"
    assert browser.run("query ($id: ID!) { node(id: $id) { id } }", id=token_id)["data"]["node"] is None
    assert program_viewer(created["token"])["data"]["viewer"] is not None


def test_what_is_no_id_of_a_token_is_told_so(created: Any, browser: Browser) -> None:
    assert code(browser.run(REVOKE, id="nonsense")) == "BAD_USER_INPUT"


def test_tokens_are_for_those_who_signed_in(db: None, browser: Browser) -> None:
    query = 'mutation { createAccessToken(input: {name: "x"}) { token } }'
    assert code(browser.run(query)) == "UNAUTHENTICATED"


def test_a_token_needs_a_name_and_a_future(ada: User, browser: Browser) -> None:
    browser.log_in(ada.email)
    for given, field, error_code in (
        ({"name": ""}, "name", "blank"),
        ({"name": "x", "expiresAt": "2001-01-01T00:00:00Z"}, "expiresAt", "out_of_range"),
        ({"name": "x", "expiresAt": "2001-01-01T00:00:00"}, "expiresAt", "out_of_range"),
    ):
        answer = browser.mutate("createAccessToken", "token", **given)
        assert answer == {"token": None, "errors": [{"field": field, "code": error_code}]}


# --- what others see, and what logs hold --------------------------------------------------------------------


def test_others_see_a_name_and_nothing_else(created: Any, grace: User, browser: Browser) -> None:
    ada_id = browser.run("{ viewer { id } }")["data"]["viewer"]["id"]
    query = "query ($id: ID!) { node(id: $id) { ... on User { name email accessTokens { id } } } }"
    own = browser.run(query, id=ada_id)["data"]["node"]
    assert own["email"] is not None
    assert len(own["accessTokens"]) == 1
    browser.log_in(grace.email)
    assert browser.run(query, id=ada_id)["data"]["node"] == {
        "name": "Ada",
        "email": None,
        "accessTokens": None,
    }


def test_no_secret_reaches_a_log(
    ada: User,
    browser: Browser,
    mailoutbox: list[EmailMessage],
    caplog: pytest.LogCaptureFixture,
    settings: Settings,
) -> None:
    caplog.set_level(logging.DEBUG)
    logging.getLogger("tests").debug("control")
    browser.log_in(ada.email, "a wrong secret")
    browser.log_in(ada.email)
    cookies = [browser.client.cookies["sessionid"].value, browser.client.cookies["csrftoken"].value]
    token = browser.mutate("createAccessToken", TOKEN_FIELDS, name="script")["token"]
    program_viewer(token)
    program_viewer("slw_wrong_but_secret")
    change(browser)
    ada.refresh_from_db()
    send_password_reset_mail(ada.email)
    found = re.search(r"#reset=(\S+)", str(mailoutbox[0].body))
    assert found
    browser.mutate("resetPassword", "ok", token=found[1], newPassword="a third secret")
    logged = caplog.text + "".join(str(vars(record)) for record in caplog.records)
    assert "control" in logged
    secrets = [
        PASSWORD,
        NEW_PASSWORD,
        "a wrong secret",
        "a third secret",
        token,
        "slw_wrong_but_secret",
        found[1],
    ]
    assert [secret for secret in [*secrets, *cookies] if secret in logged] == []
