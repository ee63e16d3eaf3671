"""Adding pictures to an album, and seeing each appear when it is ready, without a reload."""

import base64
from pathlib import Path

import pytest
from playwright.sync_api import Page, WebSocketRoute, expect

from tests.browser.person import Person, address_of
from tests.pictures import picture

pytestmark = pytest.mark.browser

DROP = """
(files) => {
  const transfer = new DataTransfer();
  for (const { name, type, content } of files) {
    const bytes = Uint8Array.from(atob(content), (character) => character.charCodeAt(0));
    transfer.items.add(new File([bytes], name, { type }));
  }
  const event = (name) => new DragEvent(name, { dataTransfer: transfer, bubbles: true, cancelable: true });
  document.body.dispatchEvent(event("dragover"));
  document.body.dispatchEvent(event("drop"));
}
"""


def drop(page: Page, **contents: bytes) -> None:
    """Drop pictures onto the page, as from the desktop."""
    files = [
        {"name": f"{name}.jpg", "type": "image/jpeg", "content": base64.b64encode(content).decode()}
        for name, content in contents.items()
    ]
    page.evaluate(DROP, files)


@pytest.fixture
def album_page(signed_in_page: Page, ada: Person) -> Page:
    """A page that shows an empty album of Ada's, marked so that a reload would be noticed."""
    signed_in_page.goto(address_of(ada.create_album("Trip")))
    expect(signed_in_page.get_by_role("heading", name="Trip")).to_be_visible()
    signed_in_page.evaluate("window.isTheSamePage = true")
    return signed_in_page


def test_chosen_files_appear_by_themselves_when_they_are_ready(album_page: Page, tmp_path: Path) -> None:
    for name in ("one.jpg", "two.jpg"):
        (tmp_path / name).write_bytes(picture(size=(900, 600)))
    album_page.set_input_files("#files", [tmp_path / "one.jpg", tmp_path / "two.jpg"])
    expect(album_page.locator("#upload-list [data-state=done]")).to_have_count(2)
    for name in ("one.jpg", "two.jpg"):
        bar = album_page.get_by_role("progressbar", name=f"Upload of {name}")
        assert bar.evaluate("bar => bar.value / bar.max") == 1
    expect(album_page.locator(".tile.ready img.loaded")).to_have_count(2)
    assert album_page.evaluate("window.isTheSamePage")


def test_dropped_files_are_uploaded(album_page: Page) -> None:
    drop(album_page, red=picture(color="#802020"), green=picture(color="#208020"))
    expect(album_page.locator(".tile.ready")).to_have_count(2)


def test_a_drop_where_no_album_of_ones_own_is_open_says_what_to_do(signed_in_page: Page) -> None:
    signed_in_page.goto("/")
    expect(signed_in_page.get_by_role("button", name="Sign out")).to_be_visible()
    drop(signed_in_page, red=picture())
    expect(signed_in_page.get_by_role("alert")).to_contain_text("Open one of your albums")


def test_a_text_file_called_jpg_shows_its_error_and_the_others_are_kept(album_page: Page) -> None:
    drop(album_page, text=b"not a picture", blue=picture())
    failed = album_page.locator("#upload-list [data-state=failed]")
    expect(failed).to_contain_text("text.jpg")
    expect(failed).to_contain_text("not a picture")
    expect(album_page.locator(".tile.ready")).to_have_count(1)


def test_a_damaged_picture_says_why_it_cannot_be_shown(album_page: Page) -> None:
    drop(album_page, cut=picture(size=(900, 600))[:4000])
    expect(album_page.locator("#upload-list [data-state=failed]")).to_contain_text("cannot be decoded")
    expect(album_page.locator(".tile.failed")).to_contain_text("cannot be decoded")
    album_page.locator(".tile.failed").get_by_role("button", name="Delete").click()
    expect(album_page.locator(".tile")).to_have_count(0)


def test_ones_own_picture_gets_a_caption_and_is_deleted_after_a_question(album_page: Page) -> None:
    drop(album_page, blue=picture())
    album_page.locator(".tile.ready button").click()
    album_page.get_by_label("Caption").fill("A blue hill")
    album_page.get_by_role("button", name="Save").click()
    expect(album_page.get_by_role("dialog", name="A blue hill")).to_be_visible()
    album_page.get_by_role("button", name="Delete photo").click()
    expect(album_page.locator(".tile")).to_have_count(1)
    album_page.get_by_role("button", name="Delete for good?").click()
    expect(album_page.locator(".tile")).to_have_count(0)


def test_a_visitor_sees_another_persons_picture_appear(page: Page, ada: Person) -> None:
    album = ada.create_album("Trip")
    page.goto(address_of(album))
    expect(page.get_by_text("No pictures yet.")).to_be_visible()
    ada.upload(album, [picture()])
    expect(page.locator(".tile.ready")).to_have_count(1)


def test_what_happened_while_the_connection_was_cut_is_caught_up_with(page: Page, ada: Person) -> None:
    connections: list[WebSocketRoute] = []
    is_away = [False]

    def pass_on(connection: WebSocketRoute) -> None:
        if is_away[0]:
            connection.close(code=1012)
        else:
            connection.connect_to_server()
            connections.append(connection)

    page.route_web_socket("**/graphql", pass_on)
    album = ada.create_album("Trip")
    with page.expect_websocket():
        page.goto(address_of(album))
    is_away[0] = True
    connections[0].close(code=1012)
    ada.upload(album, [picture()])
    expect(page.locator(".tile")).to_have_count(0)
    is_away[0] = False
    expect(page.locator(".tile.ready")).to_have_count(1)


def test_what_happened_before_the_subscription_had_begun_is_caught_up_with(page: Page, ada: Person) -> None:
    held_back: list[WebSocketRoute] = []

    def pass_on(connection: WebSocketRoute) -> None:
        server = connection.connect_to_server()

        def pass_on_but_for_subscriptions(message: str | bytes) -> None:
            if '"subscribe"' in str(message):
                held_back.append(connection)
            else:
                server.send(message)

        connection.on_message(pass_on_but_for_subscriptions)

    page.clock.install(time=0)
    page.clock.pause_at(1)
    page.route_web_socket("**/graphql", pass_on)
    album = ada.create_album("Trip")
    with page.expect_response(lambda response: bool(held_back) and response.url.endswith("/graphql")):
        page.goto(address_of(album))
    ada.upload(album, [picture()])
    page.clock.run_for(2000)
    expect(page.locator(".tile.ready")).to_have_count(1)


def test_one_makes_an_album_and_is_led_into_it(signed_in_page: Page) -> None:
    signed_in_page.goto("/")
    signed_in_page.get_by_role("button", name="New album").click()
    signed_in_page.get_by_role("button", name="Create album").click()
    expect(signed_in_page.get_by_label("Title")).to_be_focused()
    signed_in_page.get_by_label("Title").fill("My summer")
    signed_in_page.get_by_label("Only me").check()
    signed_in_page.get_by_role("button", name="Create album").click()
    expect(signed_in_page.get_by_role("heading", name="My summer")).to_be_focused()
    expect(signed_in_page.get_by_text("Your album · Private")).to_be_visible()
