"""The shared cache in front of the real application, over TLS: who gets what, and that a write is seen by the next who asks."""

import json
import re
import ssl
from collections.abc import Iterator
from secrets import token_hex
from typing import Any

import httpx
import pytest

from api.documents import hash_of
from tests.pictures import picture
from tests.running.client import Person, wait_for
from tests.stack.compose import Compose

pytestmark = pytest.mark.stack
ALBUM = "query($id: ID!) { album(id: $id) { title photos { totalCount edges { node { renditions { url } } } } } }"
PHOTO = "query($id: ID!) { photo(id: $id) { caption album { title } } }"
ALBUMS = "query($owner: ID!) { albums(filter: {owner: $owner}) { edges { node { title } } } }"
DESCRIBED = "query($id: ID!) { album(id: $id) { description } }"
UPDATE = "mutation($i: UpdateAlbumInput!) { updateAlbum(input: $i) { album { id } errors { code } } }"
TOKEN = 'mutation { createAccessToken(input: {name: "program"}) { token } }'


@pytest.fixture
def person(production: Compose, trust: ssl.SSLContext) -> Iterator[Person]:
    """Somebody signed in."""
    with Person(production, trust=trust) as found:
        found.sign_up(f"photographer-{token_hex(4)}@example.com")
        yield found


@pytest.fixture
def stranger(production: Compose, trust: ssl.SSLContext) -> Iterator[httpx.Client]:
    """Somebody who is not, over one connection: nginx has put an answer in place once it gives another over the same."""
    limits = httpx.Limits(max_connections=1)
    with httpx.Client(base_url=production.url, verify=trust, timeout=20, limits=limits) as client:
        for query in (ALBUM, PHOTO, ALBUMS, DESCRIBED):
            extensions = {"persistedQuery": {"version": 1, "sha256Hash": hash_of(query)}}
            client.post(
                "/graphql", json={"query": query, "extensions": extensions, "variables": {"id": "", "owner": ""}}
            )
        yield client


def get(client: httpx.Client, query: str, *, headers: dict[str, str] | None = None, **variables: Any) -> httpx.Response:
    """Ask by the document's hash."""
    extensions = {"persistedQuery": {"version": 1, "sha256Hash": hash_of(query)}}
    parameters = {"extensions": json.dumps(extensions), "variables": json.dumps(variables)}
    answer = client.get("/graphql", params=parameters, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer


def is_kept(answer: httpx.Response) -> bool:
    """Tell whether nginx had it, fresh or a little older."""
    status: str = answer.headers.get("cache-status", "")
    return status.startswith("nginx; hit")


def rename(person: Person, album: str, **changes: str) -> None:
    assert person.ask(UPDATE, i={"id": album, **changes})["updateAlbum"]["errors"] == []


def test_a_write_is_seen_by_the_next_who_asks_and_other_albums_stay(person: Person, stranger: httpx.Client) -> None:
    album, other = person.create_album(), person.create_album()
    owner = person.ask("{ viewer { id } }")["viewer"]["id"]
    asked: list[tuple[str, dict[str, Any]]] = [
        (ALBUM, {"id": album}),
        (ALBUM, {"id": other}),
        (ALBUMS, {"owner": owner}),
    ]
    first = [get(stranger, query, **variables) for query, variables in asked]
    again = [get(stranger, query, **variables) for query, variables in asked]
    assert [answer.headers["cache-status"] for answer in first] == ["nginx; fwd=uri-miss"] * 3
    assert all(is_kept(answer) for answer in again)
    assert [answer.text for answer in again] == [answer.text for answer in first]
    assert again[0].headers["etag"] == first[0].headers["etag"]
    rename(person, album, title="Renamed")
    third = [get(stranger, query, **variables) for query, variables in asked]
    assert [is_kept(answer) for answer in third] == [False, True, False]
    assert third[0].json()["data"]["album"]["title"] == "Renamed"
    assert "Renamed" in third[2].text


def test_an_album_that_is_made_private_is_gone_at_once(person: Person, stranger: httpx.Client) -> None:
    album = person.create_album()
    photo = person.upload(album, picture())["photos"][0]["id"]
    wait_for(lambda: get(stranger, PHOTO, id=photo).json()["data"]["photo"])
    asked = [(ALBUM, album), (PHOTO, photo)]
    for query, identity in asked:
        get(stranger, query, id=identity)
        assert is_kept(get(stranger, query, id=identity))
    rename(person, album, visibility="PRIVATE")
    assert [list(get(stranger, query, id=identity).json()["data"].values()) for query, identity in asked] == [
        [None]
    ] * 2
    assert get(person.http, ALBUM, id=album).json()["data"]["album"]["title"] == "Hills"
    assert get(stranger, ALBUM, id=album).json()["data"]["album"] is None


def test_what_the_worker_has_made_is_seen(person: Person, stranger: httpx.Client) -> None:
    album = person.create_album()

    def shown() -> Any:
        return get(stranger, ALBUM, id=album).json()["data"]["album"]["photos"]

    assert shown()["totalCount"] == 0
    person.upload(album, picture())
    found = wait_for(lambda: (photos := shown())["totalCount"] and photos)
    assert len(found["edges"][0]["node"]["renditions"]) == 3


def test_who_is_signed_in_neither_gets_it_nor_leaves_their_own(person: Person, stranger: httpx.Client) -> None:
    album, own = person.create_album(), person.create_album("PRIVATE")
    token = {"Authorization": f"Bearer {person.ask(TOKEN)['createAccessToken']['token']}"}
    get(stranger, ALBUM, id=album)
    assert is_kept(get(stranger, ALBUM, id=album))
    for client, headers in ((person.http, None), (stranger, token)):
        answer = get(client, ALBUM, id=album, headers=headers)
        assert "cache-status" not in answer.headers
        assert answer.headers["cache-control"] == "private, max-age=10"
        assert get(client, ALBUM, id=own, headers=headers).json()["data"]["album"]["title"] == "Hills"
        hidden = get(stranger, ALBUM, id=own)
        assert hidden.json()["data"]["album"] is None


def test_it_is_kept_compressed_for_who_takes_that_and_forgotten_both_ways(
    person: Person, stranger: httpx.Client
) -> None:
    album = person.create_album()
    rename(person, album, title="x" * 200, description="hill " * 200)
    both: list[dict[str, str]] = [{"Accept-Encoding": each} for each in ("br, gzip", "identity")]
    for _ in range(2):
        answers = [get(stranger, DESCRIBED, headers=headers, id=album) for headers in both]
    assert all(is_kept(answer) for answer in answers)
    assert [answer.headers.get("content-encoding") for answer in answers] == ["gzip", None]
    assert answers[0].text == answers[1].text
    rename(person, album, description="sea " * 200)
    for headers in both:
        assert get(stranger, DESCRIBED, headers=headers, id=album).json()["data"]["album"]["description"][:4] == "sea "


def test_it_is_counted_and_logged(person: Person, stranger: httpx.Client, production: Compose) -> None:
    album = person.create_album()
    get(stranger, ALBUM, id=album)
    identity = get(stranger, ALBUM, id=album).headers["x-request-id"]
    rename(person, album, title="Renamed")
    numbers = production.execute("nginx", "curl", "-s", "http://web:8000/metrics").stdout
    for line in (
        'slipway_shared_cache_answers_total{result="stored"}',
        'slipway_shared_cache_forgotten_total{when="at_once"}',
    ):
        assert any(each.startswith(line) and float(each.split()[-1]) > 0 for each in numbers.splitlines())
    written = re.compile(f'"request_id":"{identity}".*"cache":"(HIT|STALE)"')
    wait_for(lambda: written.search(production.log("nginx")))
