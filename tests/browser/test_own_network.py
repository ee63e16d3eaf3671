"""The browser's network is not the machine's, whose changes would end requests."""

import socket

import pytest
from playwright.sync_api import BrowserContext, Error

# The right to mount and the right to have a network are one.
pytestmark = [pytest.mark.browser, pytest.mark.mount]


def test_the_browser_reaches_the_site_and_nothing_else_of_the_machine(context: BrowserContext) -> None:
    page = context.new_page()
    page.goto("/")
    with socket.create_server(("127.0.0.1", 0)) as other, pytest.raises(Error, match="ERR_CONNECTION_REFUSED"):
        page.goto(f"http://127.0.0.1:{other.getsockname()[1]}/")
