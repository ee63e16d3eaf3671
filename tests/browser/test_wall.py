"""The wall: pages of pictures, one of them large, words for what goes wrong."""

from secrets import token_hex

import pytest
from playwright.sync_api import Page, expect

from tests.browser.person import Person, address_of
from tests.pictures import picture

pytestmark = pytest.mark.browser

PAGE_SIZE = 24


def fill(person: Person, count: int, **fields: list[str]) -> str:
    """Make a public album of `count` small pictures and return its id."""
    album = person.create_album()
    person.upload(album, [picture(size=(64, 48))] * count, **fields)
    return album


def ids_of_tiles(page: Page) -> list[str]:
    """Return the photos' ids, in the order shown."""
    ids: list[str] = page.locator(".tile").evaluate_all("tiles => tiles.map(tile => tile.dataset.id)")
    return ids


def test_it_loads_the_next_page_when_one_comes_near_the_end(page: Page, ada: Person) -> None:
    page.goto(address_of(fill(ada, PAGE_SIZE + 3)))
    expect(page.locator(".tile")).to_have_count(PAGE_SIZE)
    page.mouse.wheel(0, 20_000)
    expect(page.locator(".tile")).to_have_count(PAGE_SIZE + 3)
    assert len(set(ids_of_tiles(page))) == PAGE_SIZE + 3
    expect(page.locator("#more")).to_be_hidden()


def test_it_goes_on_until_a_large_screen_is_full(page: Page, ada: Person) -> None:
    page.set_viewport_size({"width": 1800, "height": 2400})
    page.goto(address_of(fill(ada, 2 * PAGE_SIZE + 1)))
    expect(page.locator(".tile")).to_have_count(2 * PAGE_SIZE + 1)


def test_it_has_a_button_for_the_next_page(page: Page, ada: Person) -> None:
    page.add_init_script("window.IntersectionObserver = class { observe() {} unobserve() {} };")
    page.goto(address_of(fill(ada, PAGE_SIZE + 1)))
    page.get_by_role("button", name="More photos").press("Enter")
    expect(page.locator(".tile")).to_have_count(PAGE_SIZE + 1)
    expect(page.locator(".tile button").last).to_be_focused()


def test_it_describes_pictures_by_their_captions_and_keeps_their_place(page: Page, ada: Person) -> None:
    page.goto(address_of(fill(ada, 1, captions=["A blue hill"])))
    image = page.get_by_role("img", name="A blue hill")
    assert [image.get_attribute("width"), image.get_attribute("height")] == ["64", "48"]
    expect(image).to_have_class("loaded")


def test_it_shows_one_picture_large_and_gives_the_focus_back(page: Page, ada: Person) -> None:
    page.goto(address_of(fill(ada, 2, captions=["The first", "The second"])))
    page.get_by_role("button", name="The second").press("Enter")
    dialog = page.get_by_role("dialog", name="The second")
    expect(dialog).to_be_visible()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("dialog", name="The first")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="The first")).to_be_focused()


def test_it_narrows_the_wall_to_a_tag(page: Page, ada: Person) -> None:
    tag = f"0-{token_hex(4)}"  # among the first by name
    fill(ada, 1, captions=["Untagged"])
    fill(ada, 2, tags=[tag])
    page.goto("/")
    page.locator("#tags").get_by_role("link", name=tag).click()
    expect(page.get_by_role("heading", name=f"Tagged “{tag}”")).to_be_focused()
    expect(page.locator(".tile")).to_have_count(2)


def test_it_says_that_the_server_is_away_and_tries_again_when_asked(page: Page, ada: Person) -> None:
    album = fill(ada, 1)
    page.route("**/graphql", lambda route: route.abort())
    page.goto(address_of(album))
    expect(page.get_by_role("alert")).to_contain_text("The server cannot be reached.")
    page.unroute("**/graphql")
    page.get_by_role("button", name="Try again").click()
    expect(page.locator(".tile")).to_have_count(1)
    expect(page.locator("#notice")).to_be_hidden()


def test_it_outlives_a_short_absence_of_the_service_unnoticed(page: Page, ada: Person) -> None:
    album = fill(ada, 1)
    page.route("**/graphql", lambda route: route.fulfill(status=502, body="Bad Gateway"), times=1)
    page.goto(address_of(album))
    expect(page.locator(".tile")).to_have_count(1)
    expect(page.locator("#notice")).to_be_hidden()


def test_it_tells_no_more_of_an_album_that_is_not_ones_own_than_of_none(page: Page, ada: Person) -> None:
    page.goto(address_of(ada.create_album(visibility="PRIVATE")))
    expect(page.get_by_role("heading", name="There is no such album")).to_be_visible()
    expect(page.locator(".tile")).to_have_count(0)


def test_it_fits_a_narrow_phone(signed_in_page: Page, ada: Person) -> None:
    page, album = signed_in_page, fill(ada, 3, captions=["A long caption of unbroken_words_" * 4] * 3)
    page.set_viewport_size({"width": 360, "height": 740})
    for address in ("/", address_of(album)):
        page.goto(address)
        expect(page.locator(".tile img.loaded").first).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") == 360
    page.locator(".tile button").first.click()
    assert page.locator("#photo").evaluate("dialog => dialog.scrollWidth") == 360
