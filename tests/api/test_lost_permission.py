"""Who loses the permission loses the stream, over a WebSocket and as server-sent events alike, at the next event."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import pytest
from channels.layers import get_channel_layer

from api import threads
from apps.accounts.models import User
from apps.accounts.services import create_access_token, revoke_access_token
from apps.gallery.events import MESSAGE_TYPE, group_of
from apps.gallery.models import Album
from config.asgi_types import Message
from tests.api.socket import Socket, talk
from tests.asgi_client import Client, application, run_here
from tests.gallery.conftest import global_id

WATCH = "subscription($id: ID!) { photoChanged(albumId: $id) { kind } }"
Headers = list[tuple[bytes, bytes]]
Hear = Callable[[float], Awaitable[Any]]


async def tell(album: Album) -> None:
    """Have an event happen to an album."""
    message = {"type": MESSAGE_TYPE, "photo_id": str(uuid4()), "kind": "DELETED"}
    await get_channel_layer().group_send(group_of(album.pk), message)


async def next_answer(hear: Hear, album: Album) -> Any:
    """Have events happen until the watcher is told something, and return that."""
    for _ in range(100):
        await tell(album)
        try:
            return await hear(0.3)
        except TimeoutError:
            continue
    raise AssertionError("nothing was told of a hundred events")


async def watched(hear: Hear, album: Album, take_away: Callable[[], Any]) -> str:
    """Watch an album, take the permission away, and return the code that the stream ends with."""
    answer = await next_answer(hear, album)
    while True:
        assert answer["data"]["photoChanged"] == {"kind": "DELETED"}
        try:
            answer = await hear(0.5)
        except TimeoutError:
            break
    await threads.run(take_away)
    answer = await next_answer(hear, album)
    assert "data" not in answer
    return str(answer["errors"][0]["extensions"]["code"])


def over_a_websocket(album: Album, headers: Headers, take_away: Callable[[], Any]) -> str:
    """Return the code that the stream ends with."""
    codes: list[str] = []

    async def conversation(socket: Socket) -> None:
        async def hear(seconds: float) -> Any:
            message = await socket.hear(seconds)
            return {"errors": message["payload"]} if message["type"] == "error" else message["payload"]

        await socket.greet()
        await socket.ask("1", WATCH, id=global_id(album))
        codes.append(await watched(hear, album, take_away))
        await tell(album)
        with pytest.raises(TimeoutError):
            await socket.hear(0.3)

    talk(conversation, headers=[(b"host", b"testserver"), *headers])
    return codes[0]


def as_server_sent_events(album: Album, headers: Headers, take_away: Callable[[], Any]) -> str:
    """Return the code that the stream ends with."""
    codes: list[str] = []
    query = urlencode({"query": WATCH, "variables": json.dumps({"id": global_id(album)})})
    scope = {
        "type": "http", "method": "GET", "path": "/graphql", "query_string": query.encode(), "client": ["127.0.0.1", 0],
        "headers": [(b"host", b"testserver"), (b"accept", b"text/event-stream"), *headers],
    }  # fmt: skip

    async def main() -> None:
        coming: asyncio.Queue[Message] = asyncio.Queue()
        sent: asyncio.Queue[Message] = asyncio.Queue()

        async def hear(seconds: float) -> Any:
            while True:
                body = (await asyncio.wait_for(sent.get(), seconds)).get("body", b"")
                if body.startswith(b"event: next\ndata: "):
                    return json.loads(body.removeprefix(b"event: next\ndata: "))

        await coming.put({"type": "http.request", "body": b""})
        served = asyncio.ensure_future(application(scope, coming.get, sent.put))
        codes.append(await watched(hear, album, take_away))
        await asyncio.wait_for(served, 10)  # the response is over

    run_here(main)
    return codes[0]


@pytest.fixture(params=[over_a_websocket, as_server_sent_events])
def watching(request: pytest.FixtureRequest) -> Any:
    """Watch an album by one of the transports."""
    return request.param


def session_of(user: User) -> Headers:
    client = Client()
    client.force_login(user)
    return [(b"cookie", f"sessionid={client.cookies['sessionid'].value}".encode())]


def album_of(user: User, visibility: str) -> Album:
    return Album.objects.create(owner=user, title="Hills", visibility=visibility)


def test_an_album_that_is_made_private(watching: Any, ada: User, grace: User) -> None:
    album = album_of(ada, "PUBLIC")
    made_private = lambda: Album.objects.filter(pk=album.pk).update(visibility="PRIVATE")  # noqa: E731 - called in a thread
    assert watching(album, session_of(grace), made_private) == "NOT_FOUND"


def test_a_user_who_is_deactivated(watching: Any, ada: User) -> None:
    album = album_of(ada, "PRIVATE")
    deactivated = lambda: User.objects.filter(pk=ada.pk).update(is_active=False)  # noqa: E731 - as above
    assert watching(album, session_of(ada), deactivated) == "NOT_FOUND"


def test_a_token_that_is_revoked(watching: Any, ada: User) -> None:
    album = album_of(ada, "PUBLIC")
    token, text = create_access_token(user=ada, name="watch", expires_at=None)
    revoked = lambda: revoke_access_token(user=ada, token_id=token.pk)  # noqa: E731 - as above
    assert watching(album, [(b"authorization", f"Bearer {text}".encode())], revoked) == "UNAUTHENTICATED"
