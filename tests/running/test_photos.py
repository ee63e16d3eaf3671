import json
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx
import pytest
from websockets.exceptions import InvalidStatus
from websockets.typing import Origin

from embedded.stack import Stack
from tests.pictures import picture
from tests.running.client import PROTOCOL, Person, next_change, subscribe, wait_for, watch
from tests.running.websocket import WebSocket


@pytest.fixture(scope="module")
def person(stack: Stack) -> Iterator[Person]:
    with Person(stack) as found:
        found.sign_up("photographer@example.com")
        yield found


def test_from_upload_to_deletion(stack: Stack, person: Person) -> None:
    album = person.create_album()
    with person.socket() as socket:
        watch(stack, socket, album)
        payload = person.upload(album, *(picture(size=(900, 600), color=color) for color in ("#f00", "#0f0", "#00f")))
        assert payload["errors"] == []
        ready: dict[str, list[dict[str, str]]] = {}
        while len(ready) < 3:
            change = next_change(socket)
            if change["kind"] == "UPDATED":  # a photo is told of as it is by then: CREATED may find it READY as well
                assert change["photo"]["state"] == "READY"
                ready[change["photoId"]] = change["photo"]["renditions"]
        assert set(ready) == {photo["id"] for photo in payload["photos"]}
        files = [rendition["url"] for renditions in ready.values() for rendition in renditions]
        assert len(files) == 9
        assert all(httpx.get(stack.url + url).content[8:12] == b"WEBP" for url in files)
        gone = payload["photos"][0]["id"]
        person.ask("mutation($id: ID!) { deletePhoto(input: {id: $id}) { deletedId } }", id=gone)
        assert next_change(socket) == {"kind": "DELETED", "photoId": gone, "photo": None}
        assert [httpx.get(stack.url + rendition["url"]).status_code for rendition in ready[gone]] == [404] * 3


def test_a_truncated_jpeg_becomes_failed_and_the_others_ready(stack: Stack, person: Person) -> None:
    album = person.create_album()
    with person.socket() as socket:
        watch(stack, socket, album)
        person.upload(album, picture(size=(1000, 800))[:6000], picture())
        changes = [next_change(socket) for _ in range(4)]
    assert sorted(change["kind"] for change in changes) == ["CREATED", "CREATED", "UPDATED", "UPDATED"]
    states = {change["photoId"]: change["photo"]["state"] for change in changes}
    assert sorted(states.values()) == ["FAILED", "READY"]


def test_private_files_are_for_their_owner_alone(stack: Stack, person: Person) -> None:
    album = person.create_album("PRIVATE")
    with person.socket() as socket:
        watch(stack, socket, album)
        person.upload(album, picture())
        next_change(socket)
        url = next_change(socket)["photo"]["renditions"][0]["url"]
    assert url.startswith("/media/private/")
    found = person.http.get(url)
    assert (found.status_code, found.headers["cache-control"]) == (200, "private, no-cache")
    assert found.headers["x-content-type-options"] == "nosniff"
    with httpx.Client(base_url=stack.url) as stranger:
        assert stranger.get(url).status_code == 404
        assert stranger.get("/media/../manage.py").status_code == 404
        assert stranger.get("/media/public/..%2f..%2fmanage.py").status_code in (400, 404)


class TestWatching:
    def error(self, person: Person, album: str) -> str:
        with person.socket() as socket:
            subscribe(socket, album)
            message = json.loads(socket.recv(20))
        errors = message["payload"]["errors"] if message["type"] == "next" else message["payload"]
        code: str = errors[0]["extensions"]["code"]
        return code

    def test_another_s_private_album_is_not_found(self, stack: Stack, person: Person) -> None:
        with Person(stack) as other:
            other.sign_up("other@example.com")
            assert self.error(other, person.create_album("PRIVATE")) == "NOT_FOUND"

    def test_what_is_no_id_is_told(self, person: Person) -> None:
        assert self.error(person, "garbage") == "BAD_USER_INPUT"

    def test_a_page_of_another_site_cannot_open_a_socket(self, stack: Stack) -> None:
        address = stack.url.replace("http", "ws") + "/graphql"
        with (
            pytest.raises(InvalidStatus),
            WebSocket(address, subprotocols=[PROTOCOL], origin=Origin("https://evil.example")),
        ):
            pass

    def test_a_program_watches_by_its_token(self, stack: Stack, person: Person) -> None:
        album = person.create_album("PRIVATE")
        query = 'mutation { createAccessToken(input: {name: "watcher"}) { token } }'
        token = person.ask(query)["createAccessToken"]["token"]
        address = stack.url.replace("http", "ws") + "/graphql"
        with WebSocket(address, subprotocols=[PROTOCOL]) as socket:
            greeting = {"type": "connection_init", "payload": {"Authorization": f"Bearer {token}"}}
            socket.send(json.dumps(greeting))
            assert json.loads(socket.recv(20))["type"] == "connection_ack"
            watch(stack, socket, album)
            person.upload(album, picture())
            assert next_change(socket)["kind"] == "CREATED"

    def test_queries_run_over_the_socket_too(self, person: Person) -> None:
        album = person.create_album("PRIVATE")
        query = "query($id: ID!) { viewer { email } album(id: $id) { owner { name } photos { totalCount edges { node { id } } } } }"
        with person.socket() as socket:
            message = {"type": "subscribe", "id": "7", "payload": {"query": query, "variables": {"id": album}}}
            socket.send(json.dumps(message))
            found = json.loads(socket.recv(20))["payload"]["data"]
        assert found["viewer"]["email"] == "photographer@example.com"
        assert found["album"]["photos"] == {"totalCount": 0, "edges": []}


def test_a_request_over_the_limit_is_refused(stack: Stack) -> None:
    with httpx.Client(base_url=stack.url) as client:
        response = client.post("/graphql", content=b"x" * 3_000_001)
    assert response.status_code == 413
    assert response.json()["errors"][0]["extensions"]["code"] == "REQUEST_TOO_LARGE"


def test_every_answer_has_its_time(stack: Stack) -> None:
    with httpx.Client(base_url=stack.url) as client:
        for answer in (client.get("/"), client.get("/graphql"), client.get("/health/live")):
            answered_at = parsedate_to_datetime(answer.headers["Date"])
            assert abs((datetime.now(UTC) - answered_at).total_seconds()) < 60


def test_a_foreign_host_is_refused_but_for_health(stack: Stack) -> None:
    with httpx.Client(base_url=stack.url, headers={"Host": "evil.example"}) as client:
        assert client.get("/").status_code == 400
        assert client.get("/health/live").status_code == 200
        assert client.get("/health/ready").json()["status"] == "ok"


def test_the_log_has_a_line_for_each_request_and_no_secret(stack: Stack, person: Person) -> None:
    login = "mutation Enter($i: LoginInput!) { login(input: $i) { errors { code } } }"
    person.ask(login, i={"email": "photographer@example.com", "password": "hunter2-hunter2"})
    person.http.get(
        "/graphql?query=%7B__typename%7D", headers={"X-Request-ID": "look-for-me-1", "Authorization": "Basic c2VjcmV0"}
    )
    # The line is written once the response is out.
    wait_for(lambda: "look-for-me-1" in web_log(stack))
    lines = [json.loads(line) for line in web_log(stack).splitlines() if line.startswith("{")]
    found = next(line for line in lines if line.get("request_id") == "look-for-me-1")
    assert (found["method"], found["path"], found["status"]) == ("GET", "/graphql", 200)
    assert any(line.get("operation") == "Enter" for line in lines)
    assert all(secret not in web_log(stack) for secret in ("hunter2", "c2VjcmV0", "slw_"))


def web_log(stack: Stack) -> str:
    return (stack.folder / "logs" / "web.log").read_text()
