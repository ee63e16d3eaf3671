"""A restore while requests come in, and the way back: none fails. Then all volumes are gone, and all comes back from elsewhere."""

import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from secrets import token_urlsafe
from typing import Any

import httpx
import pytest

from tests.docs.documents import commands
from tests.pictures import picture
from tests.running.client import Person, wait_for
from tests.stack.compose import UP_SECONDS, Compose, ended
from tests.stack.conftest import PRODUCTION, SECRETS

pytestmark = pytest.mark.stack

DOCUMENT = Path(__file__).parents[2] / "docs" / "restore.md"
CREATE = (
    "mutation($t: String!) { createAlbum(input: {title: $t, visibility: PUBLIC}) { album { id } errors { code } } }"
)
READ = "{ albums(first: 20) { edges { node { title owner { name } } } } }"
FIND = "query($t: String!) { albums(filter: {search: $t}) { totalCount edges { node { id title createdAt } } } }"
PHOTO = """query($a: ID!) { viewer { email } album(id: $a) { title photos(first: 5) { edges { node {
  id state sha256 caption originalUrl renditions { size bytes url } } } } } }"""
URL = re.compile(r'[uU]rl": ?"([^"]+)"')
TARGET = "file:///elsewhere"
CLIENTS = 4
PAUSE_SECONDS = 2.0  # the longest that ops/restore/switch.py holds requests up


@pytest.fixture(scope="module")
def stack(open_folder: Path) -> Iterator[Compose]:
    """Everything with the image's own code, but for the backup service: the scripts run in containers of their own."""
    elsewhere = open_folder / "elsewhere"
    elsewhere.mkdir()
    elsewhere.chmod(0o777)
    made = Compose(
        open_folder / "restore",
        files=(PRODUCTION, PRODUCTION.with_name("elsewhere.yml")),
        ELSEWHERE=str(elsewhere),
        MEDIA_BACKUP_TARGET=TARGET,
        BACKUP_OFFSITE_TARGET=TARGET,
        DJANGO_DEBUG="false",
        LOAD_DEMO="false",
        NGINX_RATE_PER_SECOND="2000",
        NGINX_RATE_BURST="2000",
        **{name: token_urlsafe(48) for name in SECRETS},
    )
    try:
        made.run("up", "-d", "--wait", seconds=1200)  # nothing waits for more than a busy machine takes
        yield made
    finally:
        made.down()


class Client(threading.Thread):
    """Somebody who writes and reads, one request after the other."""

    def __init__(self, stack: Compose, number: int) -> None:
        super().__init__()
        self.person = Person(stack)
        self.person.sign_up(f"client-{number}@example.com")
        self.is_over = threading.Event()
        self.done, self.longest_seconds = 0, 0.0
        self.failures: list[str] = []

    def run(self) -> None:
        """Send until it is over."""
        while not self.is_over.is_set():
            began = time.monotonic()
            try:
                answer: Any = self.person.post(*((CREATE,) if self.done % 2 else (READ,)), t="meanwhile")
                if answer.status_code != httpx.codes.OK or "errors" in answer.json():
                    self.failures.append(answer.text)
            except httpx.HTTPError as error:
                self.failures.append(repr(error))
            self.done += 1
            self.longest_seconds = max(self.longest_seconds, time.monotonic() - began)


@contextmanager
def load(clients: list[Client]) -> Iterator[None]:
    """Have several at work, who have come to their end when the block is left."""
    for client in clients:
        client.start()
    try:
        yield
    finally:
        for client in clients:
            client.is_over.set()
        for client in clients:
            client.join()
            client.person.http.close()


def found(person: Person, words: str) -> int:
    """Return how many albums there are of some words."""
    return int(person.ask(FIND, t=words)["albums"]["totalCount"])


def test_while_a_restore_and_its_undo_run_no_request_fails(stack: Compose) -> None:
    clients = [Client(stack, number) for number in range(CLIENTS)]
    with Person(stack) as person:
        person.sign_up("before@example.com")
        stack.script("backup.sh")  # in which they are, with their sessions
        with load(clients):
            person.ask(CREATE, t="since the backup")
            restored = stack.script("restore_db.sh", "latest", "--overwrite", "--without-safety-backup")
            assert found(person, "since the backup") == 0
            undone = stack.script("restore_db.sh", "--undo")
            assert found(person, "since the backup") == 1
    assert [failure for client in clients for failure in client.failures] == []
    assert min(client.done for client in clients) > 3
    for each in (restored, undone):
        waited = re.search(r"work waited for ([\d.]+) s", each.stderr)
        assert waited is not None
        assert float(waited[1]) < PAUSE_SECONDS
        print(f"work waited for {waited[1]} s")  # noqa: T201 - figures for who runs with -s
    longest = max(client.longest_seconds for client in clients)
    print(f"longest request {longest:.2f} s, {sum(client.done for client in clients)} requests")  # noqa: T201 - as above


def test_when_all_volumes_are_gone_everything_comes_back_from_elsewhere(stack: Compose) -> None:
    with Person(stack) as person:
        person.sign_up("lost@example.com")
        album = str(person.ask(CREATE, t="kept elsewhere")["createAlbum"]["album"]["id"])
        assert person.upload(album, picture())["errors"] == []
        wait_for(lambda: "READY" in person.post(PHOTO, a=album).text)
        before = seen(person, album)
        assert len(before) > 3
        stack.script("backup.sh", "all")
        stack.run("--profile", "*", "down", "--volumes", "--timeout", "5", "--remove-orphans")
        for command in commands(DOCUMENT):
            done = ended(
                ["bash", "-euo", "pipefail", "-c", command.text],
                folder=stack.folder,
                environment=stack.on_the_host | {"TARGET": TARGET},
                seconds=UP_SECONDS,
            )
            assert done.returncode == 0, done.stdout + done.stderr
        assert seen(person, album) == before
        assert found(person, "kept elsewhere") == 1


def seen(person: Person, album: str) -> list[bytes]:
    """Return what somebody sees of an album, and of its pictures in every size."""
    answer = person.post(PHOTO, a=album).text
    return [answer.encode(), *(person.http.get(url).raise_for_status().content for url in URL.findall(answer))]
