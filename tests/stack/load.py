"""What people do while a version is replaced: they read, write, upload and watch, over TLS, through nginx on this machine."""

import http.client
import json
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from websockets.exceptions import ConnectionClosed

from tests.pictures import picture
from tests.running.client import Person, subscribe

READERS, WATCHERS = 2, 3
# Uploads are rare: for each, renditions are made and every watcher is told.
READ_PAUSE_SECONDS, WRITE_PAUSE_SECONDS, UPLOAD_PAUSE_SECONDS = 0.04, 0.2, 3.0
LIMIT_SECONDS = 60
BACK_WITHIN_SECONDS = 10  # two on a machine that has nothing else to do: `make bench-deploys` measures it
ALBUMS = "{ albums(first: 5) { edges { node { id title } } } }"
CREATE = (
    "mutation($t: String!) { createAlbum(input: {title: $t, visibility: PUBLIC}) { album { id } errors { code } } }"
)
FETCH = "query($i: [ID!]!) { nodes(ids: $i) { id } }"
# A server may close a connection that is idle; who then sends on it sends once more, as browsers do with what only reads.
CLOSED = (ConnectionError, http.client.RemoteDisconnected, ssl.SSLEOFError)


@dataclass
class Seen:
    """What all of them saw. `gaps` is for how long each watcher who was told to go was without a subscription."""

    requests: int = 0
    failures: list[str] = field(default_factory=list)
    written: list[str] = field(default_factory=list)
    gaps: list[float] = field(default_factory=list)
    changes: int = 0
    longest_seconds: float = 0.0
    longest: str = ""

    @property
    def words(self) -> str:
        """All of it, for people."""
        gap = f"{max(self.gaps):.2f} s" if self.gaps else "none"
        return (
            f"{self.requests} requests, {len(self.failures)} failed, {len(self.written)} writes, "
            f"{len(self.gaps)} subscriptions that came back, the slowest after {gap}; "
            f"the longest pause of all: {self.longest_seconds:.2f} s ({self.longest})"
        )


class Load:
    """The people, each in a thread: few, so that they leave the machine to what they watch."""

    def __init__(self, person: Person) -> None:
        self.person, self.seen = person, Seen()
        self.album = person.create_album()
        self.lock, self.is_over = threading.Lock(), threading.Event()
        actions: list[tuple[Callable[[Browser], None], float]] = [(self.read, READ_PAUSE_SECONDS)] * READERS
        actions += [(self.write, WRITE_PAUSE_SECONDS), (self.upload, UPLOAD_PAUSE_SECONDS)]
        self.threads = [threading.Thread(target=self.again, args=each) for each in actions]
        self.threads += [threading.Thread(target=self.watch) for _ in range(WATCHERS)]

    def again(self, action: Callable[["Browser"], None], pause_seconds: float) -> None:
        """Do something again and again; note what goes wrong, and what took longest."""
        with closing(Browser(self.person)) as browser:
            while not self.is_over.wait(pause_seconds):
                began = time.monotonic()
                try:
                    action(browser)
                except Exception as error:  # noqa: BLE001 - whatever it is, somebody saw it
                    self.fail(f"{action.__name__}: {type(error).__name__}: {error}")
                self.note(action.__name__, time.monotonic() - began)

    def note(self, what: str, seconds: float) -> None:
        """Count a request."""
        with self.lock:
            self.seen.requests += 1
            if seconds > self.seen.longest_seconds:
                self.seen.longest, self.seen.longest_seconds = what, seconds

    def fail(self, what: str) -> None:
        """Note what did not go as it should."""
        self.seen.failures.append(f"{time.strftime('%H:%M:%S')} {what}"[:400])

    @staticmethod
    def read(browser: "Browser") -> None:
        """Read a page of albums, over a connection that is kept."""
        try:
            browser.ask(ALBUMS)
        except CLOSED:
            browser.close()
            browser.ask(ALBUMS)

    def write(self, browser: "Browser") -> None:
        """Create an album, over a connection of its own: what was perhaps done is not sent twice."""
        with closing(browser):
            answer = browser.ask(CREATE, t=f"album {len(self.seen.written)}")
        self.seen.written.append(answer["createAlbum"]["album"]["id"])

    def upload(self, _: "Browser") -> None:
        """Upload a picture, over a connection of its own."""
        with self.person.again() as person:
            assert person.upload(self.album, picture())["errors"] == []

    def watch(self) -> None:
        """Watch an album; whoever is told to go comes back at once."""
        left: float | None = None
        while not self.is_over.is_set():
            try:
                with self.person.socket() as socket:
                    subscribe(socket, self.album)
                    if left:
                        self.seen.gaps.append(time.monotonic() - left)
                    while not self.is_over.is_set():
                        self.seen.changes += is_told(socket)
            except ConnectionClosed:
                left = time.monotonic()
            except Exception as error:  # noqa: BLE001 - see above
                self.fail(f"watch: {type(error).__name__}: {error} (by {error.__cause__!r})")
                self.is_over.wait(0.2)

    def lost(self) -> set[str]:
        """Return the albums that were written and are not there."""
        written, found = list(self.seen.written), set()  # more are written meanwhile
        for index in range(0, len(written), 50):
            some = written[index : index + 50]
            found |= {node["id"] for node in self.person.ask(FETCH, i=some)["nodes"] if node}
        return set(written) - found


class Browser:
    """One connection of a person's, opened when it is needed: Python's own client, which costs a fifth of others."""

    def __init__(self, person: Person) -> None:
        self.headers = person.headers() | {"Cookie": person.cookies, "Content-Type": "application/json"}
        address = urlsplit(person.stack.url)
        self.connection = http.client.HTTPSConnection(
            str(address.hostname), address.port, context=person.trust, timeout=LIMIT_SECONDS
        )

    def ask(self, query: str, **variables: Any) -> Any:
        """Send one operation; insist on an answer without errors."""
        body = json.dumps({"query": query, "variables": variables})
        self.connection.request("POST", "/graphql", body=body, headers=self.headers)
        answer = self.connection.getresponse()
        content = answer.read()
        assert answer.status == http.client.OK, f"{answer.status}: {content[:200]!r}"
        found = json.loads(content)
        assert "errors" not in found, found
        return found["data"]

    def close(self) -> None:
        """Close the connection; the next request opens another."""
        self.connection.close()


def is_told(socket: Any) -> bool:
    """Wait for a moment; return whether a change was told."""
    try:
        message = json.loads(socket.recv(0.5))
    except TimeoutError:
        return False
    assert message["type"] in ("next", "ping", "pong"), message
    return bool(message["type"] == "next")


@contextmanager
def under_load(person: Person) -> Iterator[Load]:
    """Have people come and go until the block ends."""
    load = Load(person)
    for thread in load.threads:
        thread.start()
    try:
        yield load
    finally:
        load.is_over.set()
        for thread in load.threads:
            thread.join(2 * LIMIT_SECONDS)


def insist_unnoticed(load: Load) -> None:
    """Insist that nobody has noticed anything."""
    assert load.seen.failures == [], load.seen.failures
    assert load.lost() == set()
    assert [gap for gap in load.seen.gaps if gap > BACK_WITHIN_SECONDS] == []
