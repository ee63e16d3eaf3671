"""GraphiQL at /graphql: a query, a mutation with the session's token, a subscription."""

import json

import pytest
from playwright.sync_api import Page, expect

from tests.browser.person import Person
from tests.pictures import picture

pytestmark = pytest.mark.browser

QUERY_EDITOR, VARIABLES_EDITOR = ".graphiql-query-editor .CodeMirror", ".graphiql-editor-tool .CodeMirror"


@pytest.fixture
def graphiql(signed_in_page: Page) -> Page:
    """GraphiQL, with Ada signed in and the schema loaded."""
    with signed_in_page.expect_response("**/graphql"):
        signed_in_page.goto("/graphql")
    expect(signed_in_page.locator(QUERY_EDITOR)).to_be_visible()
    return signed_in_page


def write(page: Page, editor: str, text: str) -> None:
    """Put text into an editor."""
    page.locator(editor).first.evaluate("(element, text) => element.CodeMirror.setValue(text)", text)


def rename(page: Page, old: str, *, to: str) -> None:
    """Rename the operation, and wait until the tab's name says that GraphiQL has read it, which it does a little later."""
    text = str(page.locator(QUERY_EDITOR).evaluate("element => element.CodeMirror.getValue()"))
    write(page, QUERY_EDITOR, text.replace(f" {old}", f" {to}"))
    expect(page.get_by_role("tab", name=to)).to_be_visible()


def run(page: Page) -> None:
    """Press the button that runs the operation."""
    page.get_by_role("button", name="Execute query").click()


def wait_for_subscription(page: Page, sent: list[str]) -> None:
    """Wait until one of the frames sent is a subscription's."""
    for _ in range(100):
        if any('"subscribe"' in frame for frame in sent):
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"No subscription was sent, only {sent}.")


def test_it_runs_the_query_that_it_starts_with(graphiql: Page, ada: Person) -> None:
    ada.upload(ada.create_album(), [picture()], captions=["Seen in GraphiQL"])
    run(graphiql)
    expect(graphiql.locator(".result-window")).to_contain_text("Seen in GraphiQL")


def test_it_sends_the_token_that_a_session_needs(graphiql: Page, leaver: Person) -> None:
    graphiql.context.add_cookies(leaver.cookies())
    write(graphiql, QUERY_EDITOR, "mutation Leave { logout { ok } }")
    expect(graphiql.get_by_role("tab", name="Leave")).to_be_visible()
    run(graphiql)
    expect(graphiql.locator(".result-window")).to_contain_text('"ok": true')


def test_it_runs_the_subscription_that_it_starts_with(graphiql: Page, ada: Person) -> None:
    album = ada.create_album(visibility="PRIVATE")
    graphiql.get_by_role("tab", name="Watch").click()
    expect(graphiql.locator(QUERY_EDITOR)).to_contain_text("photoChanged")
    rename(graphiql, "Watch", to="Seen")
    write(graphiql, VARIABLES_EDITOR, json.dumps({"albumId": album}))
    sent: list[str] = []
    graphiql.on("websocket", lambda socket: socket.on("framesent", lambda frame: sent.append(str(frame))))
    run(graphiql)
    wait_for_subscription(graphiql, sent)
    ada.upload(album, [picture()])
    expect(graphiql.locator(".result-window")).to_contain_text('"state": "READY"')
