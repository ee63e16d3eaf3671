"""No page of ours asks a foreign host, and none needs what the content security policy refuses."""

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.person import Person
from tests.browser.watch import Watch
from tests.pictures import picture

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(("address", "sign_of_life"), [("/", ".tile img.loaded"), ("/graphql", ".CodeMirror")])
def test_a_page_stays_with_its_own_host_and_policy(
    page: Page, watch: Watch, ada: Person, address: str, sign_of_life: str
) -> None:
    ada.upload(ada.create_album(), [picture()])
    page.goto(address)
    expect(page.locator(sign_of_life).first).to_be_visible()
    page.wait_for_load_state("networkidle")
    assert watch.problems == []


@pytest.mark.parametrize(
    ("what_it_does", "told"),
    [
        ("fetch('http://elsewhere.invalid/').catch(() => {})", "broke the policy"),
        ("document.head.append(Object.assign(document.createElement('script'), { text: '1' }))", "broke the policy"),
        ("setTimeout(() => { throw new Error('on purpose') })", "failed"),
    ],
)
def test_the_watch_sees_what_it_is_there_for(
    context: BrowserContext, watch: Watch, what_it_does: str, told: str
) -> None:
    page = context.new_page()
    page.goto("/")
    page.evaluate(f"() => {{ {what_it_does} }}")
    for _ in range(100):
        if any(problem.startswith(told) for problem in watch.problems):
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"Not noted, only {watch.problems}.")
