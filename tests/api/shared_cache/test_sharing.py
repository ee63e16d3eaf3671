"""What nginx is told of an answer: to keep it where it is everybody's, and never where somebody is signed in."""

import gzip
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from pytest_django import Settings

from api import gcra, persisted
from api.documents import hash_of
from api.shared_cache import index, sharing
from apps.accounts.models import User
from apps.accounts.services import create_access_token
from apps.gallery.services import create_album
from tests.asgi_client import Client
from tests.conftest import signed_in
from tests.gallery.conftest import global_id

pytestmark = pytest.mark.usefixtures("db", "shared_cache")
KEY = "https localhost:443 */* /graphql?extensions=%7B%7D"
LISTED = "{ albums(first: 1) { edges { node { title } } } }"
ONE = "query($id: ID!) { album(id: $id) { title } }"
MINE = "{ albums(first: 1) { edges { node { isMine } } } }"
STORED, NOT_STORED = "10", "0"


@pytest.fixture(autouse=True)
def fresh() -> None:
    persisted.texts.cache_clear()


def get(client: Client, query: str, *, key: str | None = KEY, variables: Any = None, **more: Any) -> Any:
    """Ask by the document's hash, which is known by then, as nginx passes it on."""
    extensions = {"persistedQuery": {"version": 1, "sha256Hash": hash_of(query)}}
    persisted.texts().put(hash_of(query), query, weight=len(query))
    parameters = {"extensions": json.dumps(extensions), "variables": json.dumps(variables)}
    headers = {**({"X-Shared-Cache-Key": key} if key else {}), **more.pop("headers", {})}
    return client.get("/graphql", parameters, headers=headers, **more)


def told(response: Any) -> str | None:
    """Return for how long nginx keeps it."""
    assert response.status_code in {200, 304}
    seconds: str | None = response.headers.get("X-Accel-Expires")
    return seconds


def kept(made_of: str = "*") -> list[str]:
    """Return what is noted, and note it no more."""
    return index.take([made_of]).keys


def test_what_is_everybody_s_is_kept_for_its_time_and_noted(client: Client) -> None:
    assert told(get(client, LISTED)) == STORED
    assert kept("Album") == [KEY]


def test_it_is_on_its_way_until_it_is_sent(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    usual, seen = sharing.on_its_way, []

    @asynccontextmanager
    async def watched(each: Any) -> AsyncIterator[None]:
        async with usual(each):
            seen.append(index.take(["Album"]))
            yield

    monkeypatch.setattr(sharing, "on_its_way", watched)
    get(client, LISTED)
    assert [(each.keys, each.on_their_way) for each in seen] == [([KEY], [KEY])]
    assert gcra.server().zcard(f"{index.PREFIX}sending") == 0


class TestSignedIn:
    """Neither to read nor to store: nginx does not ask for them by a key, and were it to, they are not kept."""

    def test_by_a_cookie(self, ada: User) -> None:
        assert told(get(signed_in(ada).http, LISTED)) == NOT_STORED
        assert kept() == []

    def test_by_a_cookie_that_opens_nothing(self, client: Client, settings: Settings) -> None:
        client.cookies[settings.SESSION_COOKIE_NAME] = "of-yesterday"
        assert told(get(client, LISTED)) is None  # it is deleted by the answer, which nobody may keep then
        assert kept() == []

    def test_by_a_token(self, client: Client, ada: User) -> None:
        _, text = create_access_token(user=ada, name="program", expires_at=None)
        assert told(get(client, LISTED, headers={"Authorization": f"Bearer {text}"})) == NOT_STORED
        assert kept() == []


@pytest.mark.parametrize(
    "ask",
    [
        lambda client: get(client, MINE),
        lambda client: get(client, "{ viewer { name } }"),
        lambda client: get(client, LISTED, key=None),
        lambda client: client.get("/graphql", {"query": LISTED}, headers={"X-Shared-Cache-Key": KEY}),
        lambda client: client.post(
            "/graphql", {"query": LISTED}, "application/json", headers={"X-Shared-Cache-Key": KEY}
        ),
        lambda client: get(client, ONE, variables={"id": "UGhvdG86MDE5OGMxZGUtMDAwMC03MDAwLTgwMDAtMDAwMDAwMDAwMDAx"}),
    ],
    ids=["private", "without a hint", "not by nginx", "not by a hash", "by POST", "with an error"],
)
def test_nothing_else_is_kept(client: Client, ask: Callable[[Client], Any]) -> None:
    response = ask(client)
    assert response.headers.get("X-Accel-Expires") in {None, NOT_STORED}
    assert kept() == []


def test_who_has_it_already_is_one_more_whose_answer_is_noted(client: Client) -> None:
    """So nginx asks whether what it keeps is still true: then it keeps it for longer."""
    etag = get(client, LISTED).headers["ETag"]
    index.take(["*"])
    again = get(client, LISTED, headers={"If-None-Match": etag})
    assert (again.status_code, told(again), kept()) == (304, STORED, [KEY])


def test_without_a_shared_cache_nothing_is_told_or_noted(client: Client, settings: Settings) -> None:
    settings.SHARED_CACHE_ADDRESS = ""
    assert told(get(client, LISTED)) is None
    assert kept() == []


class TestCompression:
    """What nginx keeps compressed, it asks for so."""

    LONG = "{ albums(first: 1) { edges { node { description } } } }"

    @pytest.fixture(autouse=True)
    def album(self, ada: User) -> None:
        create_album(ada, title="Hills", description="hill " * 200, visibility="PUBLIC")

    def test_it_is_compressed_once_and_has_the_same_etag(self, client: Client) -> None:
        plain = get(client, self.LONG)
        packed = get(client, self.LONG, headers={"Accept-Encoding": "gzip"})
        assert (packed.headers["Content-Encoding"], gzip.decompress(packed.content)) == ("gzip", plain.content)
        assert packed.headers["ETag"] == plain.headers["ETag"]
        assert int(packed.headers["Content-Length"]) == len(packed.content) < len(plain.content)
        assert "Content-Encoding" not in plain.headers

    def test_what_is_not_kept_is_left_to_nginx(self, client: Client) -> None:
        for key, accepted in ((None, "gzip"), (KEY, "gzip, br"), (KEY, "")):
            response = get(client, self.LONG, key=key, headers={"Accept-Encoding": accepted})
            assert "Content-Encoding" not in response.headers
        assert "Content-Encoding" not in get(client, LISTED, headers={"Accept-Encoding": "gzip"}).headers  # short


@pytest.mark.usefixtures("no_redis")
def test_without_redis_it_is_answered_and_not_kept(client: Client) -> None:
    assert told(get(client, LISTED)) == NOT_STORED


def test_a_failure_of_ours_is_logged_and_it_is_answered_and_not_kept(
    client: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr(index, "keep", broken)
    assert told(get(client, LISTED)) == NOT_STORED
    assert "cannot note" in caplog.text


class TestWrittenMeanwhile:
    """What was read before a write, and would be kept after it, is not."""

    @pytest.mark.parametrize(("written", "expires"), [("Album", NOT_STORED), ("*", NOT_STORED), ("Tag", STORED)])
    def test_by_its_type(self, client: Client, monkeypatch: pytest.MonkeyPatch, written: str, expires: str) -> None:
        usual = sharing.noted

        def late(*arguments: Any) -> tuple[str, bytes | None]:
            index.take([written])
            return usual(*arguments)

        monkeypatch.setattr(sharing, "noted", late)
        assert told(get(client, LISTED)) == expires

    def test_a_later_one_is_kept(self, client: Client, ada: User) -> None:
        album = create_album(ada, title="Hills", description="", visibility="PUBLIC")
        ask = {"id": global_id(album)}
        assert told(get(client, ONE, variables=ask)) == STORED
        index.take([f"Album:{album.pk}"])
        assert told(get(client, ONE, variables=ask)) == STORED
        assert kept(f"Album:{album.pk}") == [KEY]
