"""Who gets a WebSocket at all: pages of ours, of origins that we trust, and programs, under a name of ours."""

import asyncio

import pytest
from django.middleware.csrf import CsrfViewMiddleware
from django.test import RequestFactory
from pytest_django import Settings

from api import websocket
from api.credentials import unreachable
from tests.api.socket import Socket
from tests.asgi_client import run_here

TRUSTED = ["https://*.example.com", "https://exact.example.org:8443", "http://plain.example.net"]


@pytest.mark.parametrize(
    ("origin", "scheme", "is_taken"),
    [
        (None, "ws", True),
        ("http://testserver", "ws", True),
        ("https://testserver", "wss", True),
        ("http://testserver", "wss", False),  # who is between a page without TLS and its reader may have written it
        ("http://testserver:8080", "ws", False),
        ("https://a.example.com", "ws", True),
        ("https://b.a.example.com", "ws", True),
        ("https://example.com", "ws", True),  # as Django has it
        ("http://a.example.com", "ws", False),
        ("https://a.example.com:8443", "ws", False),
        ("https://aexample.com", "ws", False),
        ("https://a.example.com.evil.example", "ws", False),
        ("https://exact.example.org:8443", "ws", True),
        ("https://exact.example.org", "ws", False),
        ("http://plain.example.net", "ws", True),
        ("https://evil.example", "ws", False),
        ("null", "ws", False),
        ("https://[", "ws", False),
    ],
)
def test_a_page_gets_a_connection_as_it_gets_a_form_through(
    origin: str | None, scheme: str, is_taken: bool, settings: Settings
) -> None:
    settings.CSRF_TRUSTED_ORIGINS = TRUSTED
    headers = [(b"host", b"testserver"), *([(b"origin", origin.encode())] if origin else [])]
    assert handshake(headers, scheme=scheme) == ("websocket.accept" if is_taken else "websocket.close")
    names = {"Host": "testserver", **({"Origin": origin} if origin else {})}
    form = RequestFactory(headers=names).post("/", secure=scheme == "wss")
    is_form_taken = CsrfViewMiddleware(unreachable)._origin_verified(form) if origin else True  # type: ignore[attr-defined]
    assert is_form_taken == is_taken


def test_another_name_for_our_address_gets_no_connection() -> None:
    assert handshake([(b"host", b"evil.example")]) == "websocket.close"


def handshake(headers: list[tuple[bytes, bytes]], scheme: str = "ws") -> str:
    """Return how a handshake is answered."""
    answers: list[str] = []

    async def main() -> None:
        socket = Socket()
        scope = {
            "type": "websocket", "path": "/graphql", "query_string": b"", "scheme": scheme, "headers": headers,
            "subprotocols": [websocket.PROTOCOL],
        }  # fmt: skip
        served = asyncio.ensure_future(websocket.serve(scope, socket.sent.get, socket.got.put))
        answers.append((await socket.accepted())["type"])
        await socket.sent.put({"type": "websocket.disconnect", "code": 1000})
        await served

    run_here(main)
    return answers[0]
