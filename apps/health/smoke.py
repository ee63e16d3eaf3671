"""Smoke tests: what a deploy asks a server before anybody else is sent there. An app adds its own in a module `smoke`.

`manage.py smoke_test` runs them, in the container of the server that is asked.
"""

import contextlib
import datetime
import hashlib
import http.client
import json
import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.module_loading import autodiscover_modules

from apps.accounts import services
from apps.accounts.models import User
from config.media.place import media

LIMIT_SECONDS = 15
LEFT_OVER = datetime.timedelta(minutes=10)
DOMAIN = "smoke-test.invalid"  # a name that nobody can register or be mailed at
HASH_LENGTH = 12


class SmokeTestError(Exception):
    """The server does not do what it has to; the message says what came instead."""


@dataclass(frozen=True, kw_only=True)
class Server:
    """The server that is asked, and who asks: somebody who is there for the test alone."""

    port: int
    user: User
    token: str

    @property
    def host(self) -> str:
        """A name that the server answers to."""
        return str(settings.ALLOWED_HOSTS[0]).removeprefix(".")

    @property
    def headers(self) -> dict[str, str]:
        """What nginx would add, and who is asking."""
        return {"Host": self.host, "X-Forwarded-Proto": "https", "Authorization": f"Bearer {self.token}"}

    def ask(self, query: str, **variables: Any) -> Any:
        """Send one operation; return its data."""
        body = json.dumps({"query": query, "variables": variables}).encode()
        return self.send(body, content_type="application/json")

    def send(self, body: bytes, *, content_type: str) -> Any:
        """Send a body to /graphql; return the answer's data. Raises SmokeTestError."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=LIMIT_SECONDS)
        headers = {**self.headers, "Content-Type": content_type, "GraphQL-Require-Preflight": "1"}
        with contextlib.closing(connection):
            try:
                connection.request("POST", "/graphql", body=body, headers=headers)
                response = connection.getresponse()
                content = response.read()
            except OSError as error:
                raise SmokeTestError(f"no answer: {error}") from None
        try:
            answer = json.loads(content)
            if answer.get("errors"):
                raise SmokeTestError(f"errors: {json.dumps(answer['errors'])[:500]}")
            return answer["data"]
        except (ValueError, KeyError, AttributeError):
            raise SmokeTestError(f"status {response.status}, {content[:200]!r}") from None


SmokeTest = Callable[[Server], None]
TESTS: dict[str, SmokeTest] = {}


def smoke_test(name: str) -> Callable[[SmokeTest], SmokeTest]:
    """Declare a smoke test; it raises SmokeTestError, or whatever comes, where the server fails it."""

    def declare(function: SmokeTest) -> SmokeTest:
        TESTS[name] = function
        return function

    return declare


@smoke_test("__typename")
def answers(server: Server) -> None:
    """The schema is there."""
    expect(server.ask("{ __typename }"), {"__typename": "Query"})


@smoke_test("a signed-in query")
def knows_who_is_asking(server: Server) -> None:
    """The database is reached, and permission is looked up."""
    expect(server.ask("{ viewer { email } }"), {"viewer": {"email": server.user.email}})


@smoke_test("static files")
def static_files_are_published(server: Server) -> None:  # noqa: ARG001 - the same form for all
    """Every file that pages name is there, with the content that its name says."""
    manifest = Path(settings.STATIC_ROOT, "staticfiles.json")
    for name in json.loads(manifest.read_text(encoding="utf-8"))["paths"].values():
        content = Path(settings.STATIC_ROOT, name).read_bytes()
        found = hashlib.md5(content, usedforsecurity=False).hexdigest()[:HASH_LENGTH]
        if f".{found}." not in Path(name).name and f".{found}" != Path(name).suffix:
            raise SmokeTestError(f"{name} has the content of {found}")


@smoke_test("the place of media")
def media_can_be_had(server: Server) -> None:  # noqa: ARG001 - the same form for all
    """The bucket, where media are in one, answers and lets us in."""
    media().look()


def expect(found: object, wanted: object) -> None:
    """Raise SmokeTestError unless both are equal."""
    if found != wanted:
        raise SmokeTestError(f"{found!r} instead of {wanted!r}")


@contextlib.contextmanager
def somebody() -> Iterator[tuple[User, str]]:
    """Make a user and a token for the test, and remove all that is theirs in the end, and what a killed test has left."""
    email = f"{secrets.token_hex(8)}@{DOMAIN}"
    user = User.objects.create_user(email, None, name="Smoke test")
    try:
        expires_at = timezone.now() + LEFT_OVER
        _, token = services.create_access_token(user=user, name="smoke test", expires_at=expires_at)
        yield user, token
    finally:
        remove(user)
        for left_over in User.objects.filter(email__endswith=f"@{DOMAIN}", created_at__lt=timezone.now() - LEFT_OVER):
            remove(left_over)


CLEAN_UPS: list[Callable[[User], None]] = []


def remove(user: User) -> None:
    """Remove a user of a test, with what the apps' tests made."""
    for clean_up in CLEAN_UPS:
        clean_up(user)
    user.delete()


def run(*, port: int, say: Callable[[str], None]) -> list[str]:
    """Run every test; return what failed, a line each."""
    autodiscover_modules("smoke")
    failed = []
    with somebody() as (user, token):
        server = Server(port=port, user=user, token=token)
        for name, test in TESTS.items():
            began = time.monotonic()
            try:
                test(server)
            except Exception as error:  # noqa: BLE001 - whatever it is, the version is not to serve
                failed.append(f"{name}: {type(error).__name__}: {error}"[:1000])
            else:
                say(f"{name}: as it should be, {time.monotonic() - began:.2f} s")
    return failed
