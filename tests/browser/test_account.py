"""Signing in, registering and a forgotten password, with the keyboard alone."""

from secrets import token_hex

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.person import PASSWORD, Person

pytestmark = pytest.mark.browser


def tab_to(page: Page, target: Locator) -> None:
    """Press Tab until `target` has the focus."""
    for _ in range(30):
        if target.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab never came to {target}.")


def test_one_signs_in_with_the_keyboard_alone(page: Page, ada: Person) -> None:
    page.goto("/")
    opener = page.get_by_role("button", name="Sign in")
    expect(opener).to_be_visible()
    tab_to(page, opener)
    page.keyboard.press("Enter")
    page.keyboard.type(ada.email)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Sign out")).to_be_focused()
    expect(page.get_by_role("status")).to_contain_text("Signed in as Ada.")


def test_the_first_stop_of_the_keyboard_leads_past_the_header(page: Page) -> None:
    page.goto("/")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("main")).to_be_focused()
    assert page.url.endswith("/")


def test_a_wrong_password_is_told_in_words(page: Page, ada: Person) -> None:
    page.goto("/")
    page.get_by_role("button", name="Sign in").click()
    form = page.locator("#sign-in-form")
    form.get_by_label("Email").fill(ada.email)
    form.get_by_label("Password").fill("not this one at all")
    form.get_by_role("button", name="Sign in").click()
    expect(form.get_by_role("alert")).to_contain_text("do not match")


def test_registering_signs_in_and_says_what_is_wrong_at_the_field(page: Page) -> None:
    page.goto("/")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name="Create an account").click()
    form = page.locator("#register-form")
    form.get_by_label("Name").fill("Grace")
    form.get_by_label("Email").fill(f"new-{token_hex(4)}@example.com")
    form.get_by_label("Password").fill("short")
    form.get_by_role("button", name="Create account").click()
    expect(form.get_by_label("Password")).to_be_focused()
    expect(form.locator(".field-error")).to_contain_text("10 characters")
    form.get_by_label("Password").fill(PASSWORD)
    form.get_by_role("button", name="Create account").click()
    expect(page.locator("#viewer-name")).to_have_text("Grace")


def test_signing_out_ends_the_session(page: Page, leaver: Person) -> None:
    page.context.add_cookies(leaver.cookies())
    page.goto("/")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("button", name="Sign in")).to_be_focused()
    page.reload()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()


def test_a_forgotten_password_is_answered_alike_for_every_address(page: Page) -> None:
    page.goto("/")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name="Forgot the password?").click()
    page.locator("#forgot-form").get_by_label("Email").fill("nobody@example.com")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Look into your mail")).to_be_focused()


def test_a_mailed_link_opens_the_form_and_leaves_no_token_in_the_address(page: Page) -> None:
    page.goto("/#reset=used:up")
    field = page.get_by_label("New password")
    expect(field).to_be_focused()
    assert "reset" not in page.url
    field.fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator("#reset-form").get_by_role("alert")).to_contain_text("expired or was used")
