"""A change is looked up and answered once for all who ask the same of it, and for each as what they may see."""

import asyncio
from functools import partial
from typing import Any

import orjson
import pytest

from api.context import Context
from api.credentials import Credentials
from api.documents import document_of
from api.errors import NotFoundError
from api.messages import Message, event
from api.requests import GraphQLRequest
from api.streams import Asked, key_of
from apps.accounts.models import User
from apps.gallery import subscription
from apps.gallery.events import MESSAGE_TYPE
from apps.gallery.models import Album, Photo
from tests.api.test_lost_permission import Headers, session_of
from tests.asgi_client import run_here
from tests.gallery.conftest import add_rows, global_id

WATCH = "subscription($id: ID!) { photoChanged(albumId: $id) { kind photo { caption isMine } } }"
OTHERS = "subscription Another($id: ID!) { photoChanged(albumId: $id) { kind } }"


@pytest.fixture
def photo(ada: User) -> Photo:
    return add_rows(Album.objects.create(owner=ada, title="Hills", visibility="PUBLIC"), 1)[0]


@pytest.fixture
def looked_up(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Who was asking, each time that a change was looked up."""
    found: list[Any] = []
    change_for = subscription.change_for

    def noted(context: Context, album: Any, message: Message) -> Any:
        change = change_for(context, album, message)
        found.append(context.viewer.pk)
        return change

    monkeypatch.setattr(subscription, "change_for", noted)
    return found


def credentials_of(headers: Headers) -> Credentials:
    return Credentials({"type": "websocket", "path": "/graphql", "query_string": b"", "headers": headers})


class Watching:
    """Somebody who watches a photo's album."""

    def __init__(self, photo: Photo, headers: Headers, *, query: str = WATCH) -> None:
        self.album = photo.album_id
        self.context = Context(credentials=credentials_of(headers), address="127.0.0.1")
        request = GraphQLRequest(query=query, variables={"id": global_id(photo.album)})
        operation = document_of(query).operation(None)
        self.key = key_of(operation, request, self.context)
        self.asked = Asked(operation=operation, request=request, context=self.context, key=self.key)

    async def hears(self, message: Message) -> Any:
        """Return what is told of a message."""
        told = event(message, partial(subscription.change_for, self.context, self.album, message))
        answer = await self.asked.answer(told)
        return answer and orjson.loads(answer.body)["data"]["photoChanged"]


def told(photo: Photo, *watchers: Watching) -> list[Any]:
    """Return what each hears of a change, or the error that ends the watching."""
    message = Message({"type": MESSAGE_TYPE, "photo_id": str(photo.pk), "kind": "UPDATED"})

    async def main() -> list[Any]:
        return await asyncio.gather(*(each.hears(message) for each in watchers), return_exceptions=True)

    found: list[Any] = run_here(main)
    return found


def changed(*, is_mine: bool) -> dict[str, Any]:
    return {"kind": "UPDATED", "photo": {"caption": "photo 0", "isMine": is_mine}}


def test_it_is_looked_up_once_for_all_who_ask_the_same(photo: Photo, ada: User, looked_up: list[Any]) -> None:
    session = session_of(ada)
    watchers = [Watching(photo, headers) for headers in ([], session, [], session, [])]
    assert told(photo, *watchers) == [changed(is_mine=each) for each in (False, True, False, True, False)]
    assert sorted(looked_up, key=str) == sorted([None, ada.pk], key=str)


def test_who_asks_something_else_is_answered_that(photo: Photo, looked_up: list[Any]) -> None:
    assert told(photo, Watching(photo, []), Watching(photo, [], query=OTHERS)) == [
        changed(is_mine=False),
        {"kind": "UPDATED"},
    ]
    assert looked_up == [None, None]


def test_who_may_not_see_it_is_told_so_and_the_others_hear_of_it(photo: Photo, ada: User, grace: User) -> None:
    watchers = [Watching(photo, headers) for headers in (session_of(grace), session_of(ada), [], [])]
    Album.objects.update(visibility="PRIVATE")
    Photo.objects.update(visibility="PRIVATE")
    first, *others = told(photo, *watchers)
    assert others[0] == changed(is_mine=True)
    assert [type(each) for each in (first, *others[1:])] == [NotFoundError] * 3


def test_what_is_not_theirs_to_see_yet_is_not_told(photo: Photo, ada: User) -> None:
    Photo.objects.update(state="PENDING")
    assert told(photo, Watching(photo, []), Watching(photo, session_of(ada))) == [None, changed(is_mine=True)]


def test_whose_answers_may_differ_share_none(photo: Photo, ada: User) -> None:
    def key(variables: Any, headers: Headers, *, query: str = WATCH, extensions: Any = None) -> Any:
        context = Context(credentials=credentials_of(headers), address="127.0.0.1")
        request = GraphQLRequest(query=query, variables=variables, extensions=extensions)
        return key_of(document_of(query).operation(None), request, context)

    session = session_of(ada)
    token = [(b"authorization", b"Bearer one")]
    assert key({"id": "1", "a": 2}, session) == key({"a": 2, "id": "1"}, session)
    differing = [
        key({"id": "1"}, []), key({"id": "2"}, []), key({"id": "1"}, [], query=OTHERS), key({"id": "1"}, session),
        key({"id": "1"}, token), key({"id": object()}, []), key({"id": object()}, []), key(None, []),
        key({"id": "1"}, [], extensions={"plan": True}),
    ]  # fmt: skip
    assert len(set(differing)) == len(differing)
