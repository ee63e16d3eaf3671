"""Chromium opens the demo page through nginx, uploads a picture and sees it appear."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from secrets import token_hex

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from embedded.pytest_plugin import CHROMIUM
from tests.browser.conftest import ARGUMENTS, PATIENCE_MS
from tests.browser.person import Person, address_of
from tests.browser.watch import Watch
from tests.pictures import picture
from tests.stack.compose import Compose

pytestmark = [pytest.mark.stack, pytest.mark.browser]


@pytest.fixture
def person(development: Compose) -> Iterator[Person]:
    found = Person(development.url, name="Ada", email=f"ada-{token_hex(4)}@example.com")
    yield found
    found.close()


@pytest.fixture
def page(development: Compose, person: Person) -> Iterator[Page]:
    """A page of somebody who is signed in. It asks no foreign host and breaks no policy."""
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=next(filter(None, map(shutil.which, CHROMIUM))), args=ARGUMENTS
        )
        context = browser.new_context(base_url=development.url)
        watch = Watch(context, site=development.url)
        context.add_cookies(person.cookies())
        yield context.new_page()
        browser.close()
    assert watch.problems == []


def test_a_picture_is_uploaded_and_appears(page: Page, person: Person, tmp_path: Path) -> None:
    page.goto(address_of(person.create_album("Trip")))
    expect(page.get_by_role("heading", name="Trip")).to_be_visible()
    (tmp_path / "one.jpg").write_bytes(picture(size=(900, 600)))
    page.set_input_files("#files", [tmp_path / "one.jpg"])
    expect(page.locator(".tile.ready img.loaded")).to_have_count(1)
