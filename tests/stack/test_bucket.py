"""Media in a bucket, in the stack that is like production's: an upload's way through the real nginx, and a bucket that is away."""

import json
import re
import ssl
from collections.abc import Iterator
from secrets import token_hex
from typing import Any

import pytest

from tests.pictures import picture
from tests.running.client import Person, wait_for
from tests.stack.compose import Compose

pytestmark = pytest.mark.stack

ASK_READINESS = """
import urllib.error, urllib.request
try:
    answer = urllib.request.urlopen("http://127.0.0.1:8000/health/ready")
except urllib.error.HTTPError as error:
    answer = error
print(answer.read().decode())
"""
PHOTO = "query($id: ID!) { photo(id: $id) { state originalUrl renditions { url } } }"


@pytest.fixture(scope="module")
def person(production: Compose, trust: ssl.SSLContext) -> Iterator[Person]:
    """Somebody signed in."""
    with Person(production, trust=trust) as found:
        found.sign_up(f"photographer-{token_hex(4)}@example.com")
        yield found


def ready(person: Person, visibility: str) -> Any:
    """Upload a picture to an album of its own; return the photo once its renditions are made."""
    photo = person.upload(person.create_album(visibility), picture())["photos"][0]["id"]
    wait_for(lambda: person.ask(PHOTO, id=photo)["photo"]["state"] == "READY")
    return person.ask(PHOTO, id=photo)["photo"]


def answers(person: Person, url: str) -> tuple[int, str]:
    found = person.http.get(url)
    return found.status_code, found.headers["cache-control"]


def test_files_are_in_the_bucket_and_not_on_the_host_s_disk(production: Compose, person: Person) -> None:
    photo = ready(person, "PUBLIC")
    for url in (photo["originalUrl"], photo["renditions"][0]["url"]):
        assert production.execute("s3", "test", "-f", f"/kept/media/site/{url.removeprefix('/media/')}").returncode == 0
    assert production.execute("web", "find", "/srv/media", "-type", "f").stdout == ""
    original = person.http.get(photo["originalUrl"])
    assert (original.status_code, original.headers["content-security-policy"]) == (200, "default-src 'none'; sandbox")
    assert not [
        name for name in original.headers if name.startswith(("x-amz", "x-bucket", "x-accel", "access-control"))
    ]
    assert "s3:9000" not in str(original.headers)


def test_a_bucket_that_is_away_loses_nothing(production: Compose, person: Person) -> None:
    public, private = (ready(person, visibility)["renditions"][0]["url"] for visibility in ("PUBLIC", "PRIVATE"))
    assert answers(person, public) == (200, "public, max-age=31536000, immutable")
    album = person.create_album()
    production.run("stop", "--timeout", "1", "s3")
    try:
        assert person.http.get(public).status_code == 200
        assert answers(person, private) == (502, "private, no-cache")
        refused = person.try_to_upload(album, picture())["errors"]
        assert [error["extensions"] for error in refused] == [{"code": "SERVICE_UNAVAILABLE"}]
        counted = person.ask("query($id: ID!) { album(id: $id) { photos { totalCount } } }", id=album)
        assert counted["album"]["photos"]["totalCount"] == 0
        assert json.loads(production.execute("web", "python", "-c", ASK_READINESS).stdout)["down"] == ["media"]
    finally:
        production.up("s3")
    wait_for(lambda: person.http.get(private).status_code == 200)
    assert person.upload(album, picture())["errors"] == []


@pytest.fixture
def elsewhere(production: Compose) -> Iterator[None]:
    """A folder that is a target off the machine, for as long as a test takes."""
    make = "mkdir -p /backups/elsewhere && chown -R 999:999 /backups"
    production.run("--profile", "restore", "run", "--rm", "-T", "--no-deps", "restore", "sh", "-euc", make)
    target = "file:///backups/elsewhere"
    told = {"MEDIA_BACKUP_TARGET": target, "BACKUP_OFFSITE_TARGET": target, "MEDIA_BACKUP_OFFSITE_TARGET": ""}
    production.environment.update(told)
    yield
    for name in told:
        del production.environment[name]


def test_a_backup_brings_back_what_is_gone_from_the_bucket_and_a_drill_proves_it(
    production: Compose, person: Person, elsewhere: None
) -> None:
    url = ready(person, "PRIVATE")["originalUrl"]
    content = person.http.get(url).content
    production.script("backup.sh", "all")
    drilled = production.script("backup.sh", "--drill")
    assert re.search(r"[1-9]\d* .*media", drilled.stdout + drilled.stderr)
    name = url.removeprefix("/media/")
    production.manage(
        "shell", "-c", f"from django.core.files.storage import default_storage as it; it.delete({name!r})"
    )
    assert person.http.get(url).status_code == 404
    production.script("restore_media.sh", "latest", "--overwrite")
    answer = person.http.get(url)
    assert (answer.status_code, answer.content) == (200, content)
