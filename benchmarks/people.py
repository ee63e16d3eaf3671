"""People at the API, through nginx: somebody who reads everything that can be compared, and some who write all the while."""

import contextlib
import hashlib
import itertools
import json
import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx

PASSWORD = "correct horse battery staple"  # noqa: S105 - of people of the benchmark's own
PICTURE = Path(__file__).resolve().parents[1] / "apps" / "gallery" / "demo" / "pictures" / "coffee.jpg"
REGISTER = "mutation($i: RegisterInput!) { register(input: $i) { errors { code } } }"
LOGIN = "mutation($i: LoginInput!) { login(input: $i) { viewer { id } errors { code } } }"
CREATE = (
    "mutation($t: String!) { createAlbum(input: {title: $t, visibility: PUBLIC}) { album { id } errors { code } } }"
)
UPLOAD = """mutation($album: ID!, $files: [Upload!]!) {
  uploadPhotos(input: {albumId: $album, files: $files}) { photos { id } errors { code } } }"""
PHOTO = "id caption takenAt width height bytes sha256 contentType dominantColor state createdAt tags { name }"
ALBUMS = """query($after: String) { albums(first: 50, orderBy: OLDEST, after: $after) {
  pageInfo { hasNextPage endCursor } edges { node { id title description visibility createdAt updatedAt owner { id name } } } } }"""
ALBUM = f"""query($id: ID!) {{ album(id: $id) {{ id title cover {{ id }} photos(first: 50) {{ totalCount edges {{ node {{
  {PHOTO} renditions {{ size width height bytes url }} }} }} }} }} }}"""
PHOTOS = f"""query($filter: PhotoFilter, $order: PhotoOrder!) {{ photos(first: 50, filter: $filter, orderBy: $order) {{
  totalCount edges {{ cursor node {{ {PHOTO} album {{ id title }} owner {{ id name }} }} }} }} }}"""
MINE = "{ viewer { id email name } tags(first: 100) { totalCount edges { node { id name } } } }"
WORDS = ("harbour", "bridge market", "Quiet", "lighthouse", "Aberdeen", "river", "golden garden")
ORDERS = ("NEWEST", "OLDEST", "TAKEN_NEWEST", "TAKEN_OLDEST")
URL = re.compile(r'"url": ?"([^"]+)"')
WRITERS, PAUSE_SECONDS = 3, 0.05
Operation = tuple[str, dict[str, Any]]


class Person:
    """Somebody with a session."""

    def __init__(self, url: str, name: str) -> None:
        self.url, self.email = url, f"{name}@example.com"
        self.http = httpx.Client(base_url=url, timeout=60)
        self.ask(REGISTER, i={"email": self.email, "name": name, "password": PASSWORD})
        self.ask(LOGIN, i={"email": self.email, "password": PASSWORD})

    def headers(self) -> dict[str, str]:
        """Return what a page of ours adds to a request."""
        token = self.http.cookies.get("csrftoken") or ""
        return {"X-CSRFToken": token, "GraphQL-Require-Preflight": "1", "Referer": f"{self.url}/"}

    def text(self, query: str, variables: dict[str, Any]) -> str:
        """Send one operation; return the answer as it came. Ends where it has errors."""
        answer = self.http.post("/graphql", json={"query": query, "variables": variables}, headers=self.headers())
        return insisted(answer)

    def ask(self, query: str, **variables: Any) -> Any:
        """Send one operation; return its data."""
        return json.loads(self.text(query, variables))["data"]

    def upload(self, album: str) -> None:
        """Upload a picture."""
        operations = {"query": UPLOAD, "variables": {"album": album, "files": [None]}}
        form = {"operations": json.dumps(operations), "map": json.dumps({"0": ["variables.files.0"]})}
        files = {"0": ("coffee.jpg", PICTURE.read_bytes())}
        insisted(self.http.post("/graphql", data=form, files=files, headers=self.headers()))


def insisted(answer: httpx.Response) -> str:
    """Return an answer's text. Raises ValueError where it has errors."""
    if answer.status_code != httpx.codes.OK or '"errors":[{' in answer.text.replace(" ", ""):
        raise ValueError(f"{answer.status_code}: {answer.text[:300]}")
    return answer.text


def operations(person: Person) -> Iterator[Operation]:
    """Yield what is asked: each public album with its first photos, searches and orders, who is signed in."""
    yield MINE, {}
    for order, search in itertools.product(ORDERS, (None, *WORDS)):
        yield PHOTOS, {"order": order, "filter": {"search": search} if search else None}
    after: str | None = None
    while True:
        page = person.ask(ALBUMS, after=after)["albums"]
        yield ALBUMS, {"after": after}
        for edge in page["edges"]:
            yield ALBUM, {"id": edge["node"]["id"]}
        if not page["pageInfo"]["hasNextPage"]:
            return
        after = page["pageInfo"]["endCursor"]


def answers(person: Person, asked: list[Operation]) -> list[str]:
    """Ask all of it; return the answers, byte for byte."""
    return [person.text(query, variables) for query, variables in asked]


def pictures(person: Person, answered: list[str]) -> dict[str, str]:
    """Fetch every picture that the answers name, through nginx; return the hashes of their contents."""
    urls = sorted({url for text in answered for url in URL.findall(text)})
    return {url: hashlib.sha256(person.http.get(url).raise_for_status().content).hexdigest() for url in urls}


class Load:
    """People who create albums, and one who uploads, until it is over. `failures` is what did not go as it should."""

    def __init__(self, url: str, *, name: str) -> None:
        self.people = [Person(url, f"{name}-{number}") for number in range(WRITERS + 1)]
        self.is_over = threading.Event()
        self.failures: list[str] = []
        self.done, self.slowest_seconds = 0, 0.0
        self.threads = [threading.Thread(target=self.write, args=(person,)) for person in self.people]

    def write(self, person: Person) -> None:
        """Do something again and again."""
        album, is_uploader = "", person is self.people[-1]
        while not self.is_over.wait(1 if is_uploader else PAUSE_SECONDS):
            began = time.monotonic()
            try:
                if is_uploader and album:
                    person.upload(album)
                else:
                    album = person.ask(CREATE, t=f"under load {self.done}")["createAlbum"]["album"]["id"]
            except (httpx.HTTPError, ValueError) as error:
                self.failures.append(f"{type(error).__name__}: {error}"[:300])
            self.done += 1
            self.slowest_seconds = max(self.slowest_seconds, time.monotonic() - began)


@contextlib.contextmanager
def writing(url: str, *, name: str) -> Iterator[Load]:
    """Have people write until the block ends."""
    load = Load(url, name=name)
    for thread in load.threads:
        thread.start()
    try:
        yield load
    finally:
        load.is_over.set()
        for thread in load.threads:
            thread.join()
        for person in load.people:
            person.http.close()
