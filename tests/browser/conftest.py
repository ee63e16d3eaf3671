"""A running system, and a headless Chromium that looks at it."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from secrets import token_hex

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from config.environment import development_values
from embedded.pytest_plugin import CHROMIUM
from embedded.stack import WEB, WORKER, Stack
from embedded.state import free_port
from tests.browser.own_network import started_inside
from tests.browser.person import Person
from tests.browser.watch import Watch

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
PATIENCE_MS = 30_000  # a page that takes this long is broken, or the machine is very busy
WITHOUT_SERVERS = {"DATABASE_URL": "", "REDIS_URL": ""}  # the test run has some, and we want our own


def environment(folder: Path, *, site: str) -> dict[str, str]:
    """Return the environment that the application runs in: development's, in a folder of its own."""
    own = {"ENV_FILE": "", "MEDIA_ROOT": str(folder / "media"), "SITE_URL": site, "DEPLOYS_DIR": str(folder / "shown")}
    return {**development_values(), **own, "BACKUP_STATUS_URL": f"http://127.0.0.1:{free_port()}"}


def start(stack: Stack) -> None:
    """Start the whole system."""
    stack.start_servers()
    stack.manage("migrate", "--verbosity=0")
    stack.start(WORKER)
    stack.start(WEB)
    stack.wait_until_ready()


@pytest.fixture(scope="session")
def system() -> Iterator[Stack]:
    """A running system."""
    # PostgreSQL runs as another user where we are root, and that one may not enter the folders that pytest makes.
    folder = Path(tempfile.mkdtemp(prefix="slipway-browser-"))
    folder.chmod(0o711)
    stack = Stack(folder, environment=os.environ | WITHOUT_SERVERS, is_durable=False)
    stack.environment.update(environment(folder, site=stack.url))
    try:
        with stack:
            start(stack)
            yield stack
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def site(system: Stack) -> str:
    """Its address."""
    return system.url


@pytest.fixture(scope="session")
def chromium() -> str:
    """Where Chromium is."""
    return next(filter(None, map(shutil.which, CHROMIUM)))


# Not for the session: while Playwright's loop runs, Django refuses database work in the same thread.
@pytest.fixture(scope="module")
def browser(chromium: str, system: Stack) -> Iterator[Browser]:
    """A headless Chromium."""
    expect.set_options(timeout=PATIENCE_MS)
    with ExitStack() as stack:
        with started_inside(system.port):
            playwright = stack.enter_context(sync_playwright())
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


@pytest.fixture(scope="session")
def ada(site: str) -> Iterator[Person]:
    """Somebody with an account and a session that no test ends."""
    person = Person(site, name="Ada", email=f"ada-{token_hex(4)}@example.com")
    yield person
    person.close()


@pytest.fixture
def leaver(site: str) -> Iterator[Person]:
    """Somebody whose session the test ends."""
    person = Person(site, name="Grace", email=f"grace-{token_hex(4)}@example.com")
    yield person
    person.close()


@pytest.fixture
def signed_in_page(page: Page, ada: Person) -> Page:
    """A page whose visitor is signed in as Ada."""
    page.context.add_cookies(ada.cookies())
    return page
