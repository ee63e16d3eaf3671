import pytest
from asgiref.sync import async_to_sync

from config.asgi_types import Message, Receive, Scope, Send
from config.client_address import believe_proxies

PROXIES = ["10.0.0.0/8", "fd00::/8"]


def address_of(*forwarded: str, peer: str = "10.0.0.2", proxies: list[str] = PROXIES) -> str:
    """Return the client's address that the application is told."""
    told: list[str] = []

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        told.append(scope["client"][0])

    async def receive() -> Message:
        return {}

    async def send(message: Message) -> None: ...

    headers = [(b"x-forwarded-for", line.encode()) for line in forwarded]
    scope: Scope = {"type": "http", "client": [peer, 4000], "headers": headers}
    async_to_sync(believe_proxies(application, proxies=proxies))(scope, receive, send)
    return told[0]


def test_behind_a_proxy_of_ours_it_is_the_client_s() -> None:
    assert address_of("203.0.113.9") == "203.0.113.9"
    assert address_of("2001:db8::7", peer="fd00::2") == "2001:db8::7"


def test_what_a_client_wrote_before_is_not_believed() -> None:
    assert address_of("198.51.100.1, 203.0.113.9") == "203.0.113.9"
    assert address_of("198.51.100.1", "203.0.113.9") == "203.0.113.9"


def test_proxies_of_ours_in_between_are_passed_over() -> None:
    assert address_of("198.51.100.1, 203.0.113.9, 10.1.2.3") == "203.0.113.9"


def test_a_stranger_is_not_believed() -> None:
    assert address_of("198.51.100.1", peer="203.0.113.9") == "203.0.113.9"


def test_without_proxies_nobody_is_believed() -> None:
    assert address_of("198.51.100.1", proxies=[]) == "10.0.0.2"


@pytest.mark.parametrize("line", ["", " , ", "unknown", "203.0.113.9:80", "<script>"])
def test_what_is_no_address_is_left_alone(line: str) -> None:
    assert address_of(line) == "10.0.0.2"
