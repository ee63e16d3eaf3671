"""The API through nginx, in the clear as in development and over TLS as in production."""

import functools
import json
import socket
import ssl
from collections.abc import Iterator
from secrets import token_hex

import httpx
import pytest

from tests.pictures import picture
from tests.running.client import Person, channel_of, next_change, subscribe, wait_for
from tests.running.websocket import WebSocket
from tests.stack.compose import Compose

pytestmark = pytest.mark.stack


@pytest.fixture(scope="module", params=["development", "production"])
def person(request: pytest.FixtureRequest) -> Iterator[Person]:
    """Somebody signed in, once in each stack."""
    stack: Compose = request.getfixturevalue(request.param)
    trust: ssl.SSLContext | None = request.getfixturevalue("trust") if stack.is_tls else None
    with Person(stack, trust=trust) as found:
        found.sign_up(f"photographer-{token_hex(4)}@example.com")
        yield found


def watch(person: Person, socket: WebSocket, album: str) -> None:
    """Watch an album; return when the watching has begun, which Redis knows."""
    stack = person.stack
    assert isinstance(stack, Compose)
    subscribe(socket, album)
    script = f'REDISCLI_AUTH="$REDIS_PASSWORD" redis-cli PUBSUB NUMSUB {channel_of(album)}'
    wait_for(lambda: stack.execute("redis", "sh", "-c", script).stdout.split()[-1] != "0")


def test_a_query(person: Person) -> None:
    assert person.ask("{ __typename viewer { name } }") == {"__typename": "Query", "viewer": {"name": "Somebody"}}


def test_from_upload_to_subscription_to_deletion(person: Person) -> None:
    album = person.create_album()
    with person.socket() as socket:
        watch(person, socket, album)
        payload = person.upload(album, *(picture(size=(900, 600), color=color) for color in ("#f00", "#0f0", "#00f")))
        assert payload["errors"] == []
        ready: dict[str, list[dict[str, str]]] = {}
        while len(ready) < 3:
            change = next_change(socket)
            if change["photo"]["state"] == "READY":
                ready[change["photoId"]] = change["photo"]["renditions"]
        gone = payload["photos"][0][
            "id"
        ]  # whose files nobody has asked for: nginx keeps those of a bucket for a minute
        urls = [rendition["url"] for photo, renditions in ready.items() if photo != gone for rendition in renditions]
        assert all(person.http.get(url).content[8:12] == b"WEBP" for url in urls)
        assert person.http.get(urls[0], headers={"Range": "bytes=8-11"}).content == b"WEBP"
        person.ask("mutation($id: ID!) { deletePhoto(input: {id: $id}) { deletedId } }", id=gone)
        assert next_change(socket) == {"kind": "DELETED", "photoId": gone, "photo": None}
    assert [person.http.get(rendition["url"]).status_code for rendition in ready[gone]] == [404] * 3


def test_a_private_photo_is_its_owner_s_alone_and_nginx_sends_it(person: Person) -> None:
    album = person.create_album("PRIVATE")
    with person.socket() as socket:
        watch(person, socket, album)
        person.upload(album, picture())
        next_change(socket)
        url = next_change(socket)["photo"]["renditions"][0]["url"]
    assert url.startswith("/media/private/")
    found = person.http.get(url)
    assert (found.status_code, found.headers["cache-control"]) == (200, "private, no-cache")
    assert found.content[8:12] == b"WEBP"
    assert "x-accel-redirect" not in found.headers
    part = person.http.get(url, headers={"Range": "bytes=8-11"})  # nginx knows ranges, Django does not
    assert (part.content, part.headers["content-range"][:11]) == (b"WEBP", "bytes 8-11/")
    with httpx.Client(base_url=person.stack.url, verify=person.trust or True) as stranger:
        assert stranger.get(url).status_code == 404
        assert stranger.get(url.replace("/media/", "/protected-media/")).status_code == 404


def test_the_application_sees_the_client_s_address_and_not_a_forged_one(
    person: Person, request: pytest.FixtureRequest
) -> None:
    """The lock after wrong passwords is for an address: a client that could choose its own would never be locked."""
    query = "mutation($i: LoginInput!) { login(input: $i) { errors { code } } }"
    email = f"nobody-{token_hex(4)}@example.com"
    codes = []
    for attempt in range(6):
        body = {"query": query, "variables": {"i": {"email": email, "password": "wrong-password"}}}
        headers = {**person.headers(), "X-Forwarded-For": f"198.51.100.{attempt}"}
        answer = person.http.post("/graphql", json=body, headers=headers).json()
        codes.append(json.dumps(answer).count("TOO_MANY_ATTEMPTS"))
    assert codes == [0, 0, 0, 0, 0, 1]


def test_one_request_id_is_in_the_answer_and_in_both_logs(person: Person) -> None:
    stack = person.stack
    assert isinstance(stack, Compose)
    answer = person.http.get("/graphql?query=%7B__typename%7D", headers={"X-Request-ID": "forged-by-a-client"})
    identity = answer.headers["x-request-id"]
    assert identity != "forged-by-a-client"
    for service in ("nginx", "web"):
        (line,) = wait_for(functools.partial(lines_with, stack, service, identity))
        assert json.loads(line[line.index("{") :])["path"] == "/graphql"


def lines_with(stack: Compose, service: str, word: str) -> list[str]:
    """Return the lines of a service's log that have a word in them."""
    return [line for line in stack.log(service).splitlines() if word in line]


def test_a_body_over_the_limit_is_refused_before_it_is_sent(person: Person) -> None:
    place = httpx.URL(person.stack.url)
    head = f"POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {70 * 1024 * 1024}\r\n\r\n"
    with socket.create_connection((place.host, place.port or 80), timeout=10) as raw:
        line = person.trust.wrap_socket(raw, server_hostname=place.host) if person.trust else raw
        with line:
            line.sendall(head.encode())
            answer = line.recv(10_000)
            answer += line.recv(10_000)
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b'"code":"REQUEST_TOO_LARGE"' in answer


def test_the_demo_is_there_in_development_alone(
    development: Compose, production: Compose, trust: ssl.SSLContext
) -> None:
    query = {"query": "{ albums(first: 10) { edges { node { title } } } viewer { email } }"}
    found = httpx.post(f"{development.url}/graphql", json=query).json()["data"]
    assert "Portraits" in [edge["node"]["title"] for edge in found["albums"]["edges"]]
    with Person(production, trust=trust) as person:
        login = "mutation($i: LoginInput!) { login(input: $i) { viewer { id } } }"
        ada = {"email": "ada@example.com", "password": "slipway-demo"}
        assert person.ask(login, i=ada)["login"]["viewer"] is None
