"""A page that loads badly: a script that is lost on its way, an answer that never comes, one that comes too late."""

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.person import Person, address_of
from tests.pictures import picture

pytestmark = pytest.mark.browser

SCRIPT = "**/gallery/photos.js"
LATE = "has not loaded completely"


def heading(page: Page) -> None:
    """Wait until the album is there."""
    expect(page.get_by_role("heading", name="Trip")).to_be_visible()


def test_a_script_that_was_lost_on_its_way_is_asked_for_once_more(page: Page, ada: Person) -> None:
    page.route(SCRIPT, lambda route: route.abort(), times=1)
    page.goto(address_of(ada.create_album("Trip")))
    heading(page)
    expect(page.get_by_text(LATE)).to_be_hidden()


def test_a_page_that_gets_no_script_says_so_and_is_loaded_again_where_one_is(page: Page, ada: Person) -> None:
    page.route(SCRIPT, lambda route: route.abort())
    page.goto(address_of(ada.create_album("Trip")))
    expect(page.get_by_text(LATE)).to_be_visible()
    page.unroute(SCRIPT)
    page.get_by_role("link", name="Load it again").click()
    heading(page)


@pytest.mark.parametrize("motion", ["no-preference", "reduce"])
def test_a_first_answer_that_does_not_come_is_told_and_asked_for_again(page: Page, ada: Person, motion: str) -> None:
    page.emulate_media(reduced_motion=motion)  # type: ignore[arg-type]  # one of the two that it takes
    page.clock.install()
    page.route("**/graphql", lambda _: None)
    with page.expect_request("**/graphql"):
        page.goto(address_of(ada.create_album("Trip")))
    assert page.locator("#late").evaluate("late => late.getAnimations()[0].effect.getTiming().duration") == 8000
    page.locator("#late").evaluate("late => late.getAnimations()[0].finish()")
    expect(page.get_by_text(LATE)).to_be_visible()
    page.clock.fast_forward(20_000)
    expect(page.get_by_role("alert")).to_contain_text("has not answered for 20 seconds")
    expect(page.get_by_text(LATE)).to_be_hidden()
    page.unroute("**/graphql")
    page.get_by_role("button", name="Try again").click()
    heading(page)


@pytest.mark.parametrize(("operation", "place"), [("Tags", "#tags"), ("Shelf", "#shelf")])
def test_an_answer_for_the_place_that_one_has_left_changes_nothing(
    page: Page, ada: Person, operation: str, place: str
) -> None:
    album = ada.create_album("Trip")
    ada.upload(album, [picture(size=(64, 48))], tags=["hills"])
    held_back: list[Route] = []

    def hold_back(route: Route) -> None:
        if f"query {operation} " in (route.request.post_data or ""):
            held_back.append(route)
        else:
            route.continue_()

    page.route("**/graphql", hold_back)
    with page.expect_request(lambda request: f"query {operation} " in (request.post_data or "")):
        page.goto("/")
    page.goto(address_of(album))
    heading(page)
    with page.expect_response(lambda response: response.request == held_back[0].request):
        held_back[0].continue_()
    page.wait_for_timeout(100)
    expect(page.locator(place)).to_be_hidden()
