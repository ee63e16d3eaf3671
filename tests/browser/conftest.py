"""A running system, and a headless Chromium that looks at it. Skipped where there is no Chromium."""

import itertools
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.browser.person import Person
from tests.browser.watch import Watch

NAMES_OF_CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
PATIENCE_MS = 10_000

numbers = itertools.count(1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test of this folder."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def chromium() -> str:
    """Where Chromium is."""
    found = next(filter(None, map(shutil.which, NAMES_OF_CHROMIUM)), None)
    if found is None:
        pytest.skip("Chromium is not installed; on Debian: apt-get install chromium")
    return found


# Not for the session: while Playwright's loop runs, Django refuses database work in the same thread.
@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    """A headless Chromium."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def context(browser: Browser, site: str) -> Iterator[BrowserContext]:
    """A browser profile of the test's own, as wide as a small window."""
    context = browser.new_context(base_url=site, viewport={"width": 900, "height": 600})
    context.set_default_timeout(PATIENCE_MS)
    yield context
    context.close()


@pytest.fixture
def watch(context: BrowserContext, site: str) -> Watch:
    """What the pages did that they may not do."""
    return Watch(context, site=site)


@pytest.fixture
def page(context: BrowserContext, watch: Watch) -> Iterator[Page]:
    """A page. A test fails where it asked a foreign host, broke the policy or raised an error of its own."""
    yield context.new_page()
    assert watch.problems == []


@pytest.fixture
def ada(site: str) -> Iterator[Person]:
    """Somebody with an account of the test's own."""
    person = Person(site, name="Ada", email=f"ada{next(numbers)}@example.com")
    yield person
    person.close()


@pytest.fixture
def signed_in_page(page: Page, ada: Person) -> Page:
    """A page whose visitor is signed in as Ada."""
    page.context.add_cookies(ada.cookies())
    return page


@pytest.fixture(scope="session")
def site() -> str:
    """TEMPORARY."""
    return "http://127.0.0.1:8091"
