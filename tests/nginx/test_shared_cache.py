"""What nginx keeps and for whom, how it forgets it, and what it shows meanwhile. Nobody waits: what has ended did so in 1970."""

import gzip
import json
import re
import secrets
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from django.conf import settings

from tests.nginx.conftest import readable
from tests.nginx.containers import Answer, Stack, docker, stack, unstarted

pytestmark = pytest.mark.stack
ENDED = "@1"
FOR_EVER = "4000000000"


def address(*, extensions: bool = True, **told: str) -> str:
    """Return an address that nobody has asked for yet, of a document that is known by its hash."""
    query = {"do": "share", "expires": "60", "once": secrets.token_hex(8), **told}
    if extensions:
        query["extensions"] = "{}"
    return "/graphql?" + "&".join(f"{name}={quote(value)}" for name, value in query.items())


def number(answer: Answer) -> int:
    """Return which of the application's answers it is."""
    assert answer.status == 200
    found: int = answer.json["number"]
    return found


def kept(made: Stack, path: str, *, status: str = "nginx; hit", **more: Any) -> Answer:
    """Ask until nginx has the answer, which it puts in place a moment after it has sent the first; return it."""
    until = time.monotonic() + 15
    while (answer := made.get(path, **more)).header("Cache-Status") != status:
        assert time.monotonic() < until, answer
    return answer


def forget(made: Stack, key: str) -> None:
    """Have nginx forget an answer, as the application does (api/shared_cache/nginx.py)."""
    place = "http://127.0.0.1:8083"
    said = made.inside("curl", "-fsS", "-H", f"X-Shared-Cache-Key: {key}", f"{place}/forget", f"{place}/")
    assert said.stdout == "forgotten"


class TestKept:
    def test_the_second_who_asks_gets_what_the_first_got(self, plain: Stack) -> None:
        path = address()
        first = plain.get(path)
        again = kept(plain, path)
        assert first.header("Cache-Status") == "nginx; fwd=uri-miss"
        assert again.body == first.body
        for name in ("Cache-Control", "Vary", "Content-Type", "X-Frame-Options"):
            assert again.header(name) == first.header(name) is not None
        assert again.header("X-Request-ID") != first.header("X-Request-ID")
        assert again.header("X-Accel-Expires") is None

    def test_it_has_the_time_when_it_was_made(self, plain: Stack) -> None:
        path = address()
        assert plain.get(path).header("Date") == kept(plain, path).header("Date") == "Mon, 01 Jan 2024 00:00:00 GMT"

    def test_the_application_is_told_the_key(self, plain: Stack) -> None:
        path = address()
        answer = plain.get(path, headers={"Accept": "application/json;  q=0.5, */*"})
        assert answer.json["key"] == f"http localhost:{plain.port}  application/json;  q=0.5, */* {path}"

    @pytest.mark.parametrize(
        ("accepted", "encoding"),
        [
            ("gzip", "gzip"),
            ("br, GZIP;q=0.5", "gzip"),
            ("gzip;q=0", ""),
            ("gzip; q=0.00, br", ""),
            ("br", ""),
            ("x-gzipped", ""),
        ],
    )
    def test_compressed_ones_are_kept_apart(self, plain: Stack, accepted: str, encoding: str) -> None:
        path = address()
        answer = plain.get(path, headers={"Accept-Encoding": accepted})
        told = json.loads(gzip.decompress(answer.body) if encoding else answer.body)
        assert told["key"] == f"http localhost:{plain.port} {encoding}  {path}"
        again = kept(plain, path, headers={"Accept-Encoding": accepted})
        assert (again.body, again.header("Content-Encoding")) == (answer.body, encoding or None)
        assert "accept-encoding" in plain.echo("/graphql", headers={"Accept-Encoding": accepted})

    @pytest.mark.parametrize("other", ["application/json", "*/*"])
    def test_another_accept_has_another(self, plain: Stack, other: str) -> None:
        path = address()
        plain.get(path, headers={"Accept": "application/graphql-response+json"})
        assert plain.get(path, headers={"Accept": other}).header("Cache-Status") == "nginx; fwd=uri-miss"

    def test_who_has_it_already_is_told_so_by_nginx(self, plain: Stack) -> None:
        path = address(etag='W/"one"')
        plain.get(path)
        kept(plain, path)
        answer = plain.get(path, headers={"If-None-Match": 'W/"one"'})
        assert (answer.status, answer.body, answer.header("Cache-Status")) == (304, b"", "nginx; hit")

    def test_it_is_in_the_log(self, plain: Stack) -> None:
        path = address()
        plain.get(path)
        identity = kept(plain, path).header("X-Request-ID")
        assert plain.logged(request_id=identity)["cache"] == "HIT"


SESSION = {"Cookie": f"theme=dark; {settings.SESSION_COOKIE_NAME}=abc"}
EMPTY = {"Cookie": f"{settings.SESSION_COOKIE_NAME}="}


class TestSignedIn:
    """Never read and never stored, by whatever they say who they are."""

    @pytest.mark.parametrize(
        "headers", [SESSION, EMPTY, {"Authorization": "Bearer abc"}, {"Authorization": "Basic abc"}]
    )
    def test_they_get_their_own(self, plain: Stack, headers: dict[str, str]) -> None:
        path = address()
        first = number(plain.get(path))
        kept(plain, path)
        own = plain.get(path, headers=headers)
        assert number(own) > first
        assert (own.json["key"], own.header("Cache-Status")) == ("", None)
        assert number(kept(plain, path)) == first

    @pytest.mark.parametrize("headers", [SESSION, {"Authorization": "Bearer abc"}])
    def test_theirs_is_kept_for_nobody(self, plain: Stack, headers: dict[str, str]) -> None:
        path = address()
        own = number(plain.get(path, headers=headers))
        answer = plain.get(path)
        assert (number(answer) > own, answer.header("Cache-Status")) == (True, "nginx; fwd=uri-miss")

    def test_another_cookie_is_no_session(self, plain: Stack) -> None:
        path = address()
        plain.get(path, headers={"Cookie": "csrftoken=abc"})
        kept(plain, path, headers={"Cookie": "theme=dark"})


class TestNotKept:
    @pytest.mark.parametrize(
        "path",
        [
            address(expires="0"),
            address(expires=""),  # Cache-Control alone does not do
            address(cookie="a=b"),
            address(extensions=False),
            address(long="x" * 2000),
        ],
        ids=["told so", "not noted", "sets a cookie", "not by a hash", "too long"],
    )
    def test_such_an_answer(self, plain: Stack, path: str) -> None:
        numbers = {number(plain.get(path)) for _ in range(3)}
        assert len(numbers) == 3

    @pytest.mark.parametrize(
        "asked",
        [
            {"method": "POST", "body": b"{}"},
            {"headers": {"Accept": "text/event-stream"}},
            {"headers": {"Accept": "x" * 600}},
            {"headers": {"Content-Type": "multipart/form-data"}},
        ],
        ids=["POST", "a stream", "a long Accept", "a form"],
    )
    def test_what_is_asked_in_another_way(self, plain: Stack, asked: dict[str, Any]) -> None:
        path = address()
        answers = [plain.get(path, **asked) for _ in range(2)]
        assert number(answers[0]) < number(answers[1])
        assert answers[0].json["key"] == ""

    def test_a_key_that_a_client_sends_is_not_passed_on(self, plain: Stack) -> None:
        for path in ("/graphql", "/", "/admin/"):
            assert "x-shared-cache-key" not in plain.echo(path, headers={"X-Shared-Cache-Key": "forged"})


class TestForgotten:
    def test_what_is_forgotten_is_asked_for_anew_and_kept_again(self, plain: Stack) -> None:
        path, other = address(), address()
        first = kept(plain, path)
        others = number(kept(plain, other))
        forget(plain, first.json["key"])
        answer = plain.get(path)
        assert (number(answer) > number(first), answer.header("Cache-Status")) == (True, "nginx; fwd=stale")
        assert number(kept(plain, path)) == number(answer)
        assert number(kept(plain, other)) == others

    def test_no_worker_shows_it_again(self, plain: Stack) -> None:
        """Each keeps files open."""
        path = address()
        for _ in range(3):
            key = kept(plain, path).json["key"]
            before = max(number(kept(plain, path)) for _ in range(10))  # over connections that the workers share out
            forget(plain, key)
            assert min(number(plain.get(path)) for _ in range(10)) > before

    @pytest.mark.parametrize("control", [f"stale-while-revalidate={FOR_EVER}", f"stale-if-error={FOR_EVER}"])
    def test_it_is_not_shown_as_something_stale_either(self, plain: Stack, control: str) -> None:
        path = address(control=f"public, max-age=60, {control}")
        first = kept(plain, path)
        forget(plain, first.json["key"])
        assert number(plain.get(path)) > number(first)

    def test_what_was_never_there_may_be_forgotten(self, plain: Stack) -> None:
        path = address()
        forget(plain, f"http localhost:{plain.port}   {path}")
        number(plain.get(path))
        kept(plain, path)

    def test_nobody_outside_can(self, plain: Stack) -> None:
        path = address()
        first = kept(plain, path)
        for place in ("/forget", "/-/forget", "/-/application/shared"):
            plain.get(place, headers={"X-Shared-Cache-Key": first.json["key"]})
        assert number(kept(plain, path)) == number(first)
        ports = docker("inspect", "--format", "{{json .NetworkSettings.Ports}}", plain.nginx).stdout
        assert "8083" not in ports

    def test_a_restart_forgets_all(self, image: str, tmp_path: Path) -> None:
        with stack(image, readable(tmp_path)) as made:
            path = address()
            kept(made, path)
            docker("restart", made.nginx)
            made.wait()
            assert made.get(path).header("Cache-Status") == "nginx; fwd=uri-miss"


class TestStale:
    def test_it_is_shown_while_a_new_one_is_asked_for(self, plain: Stack) -> None:
        path = address(expires=ENDED, control=f"public, max-age=1, stale-while-revalidate={FOR_EVER}")
        first = number(plain.get(path))
        while number(kept(plain, path, status="nginx; hit; detail=STALE")) == first:
            pass  # a new one is on its way, and has ended as well once it is there

    def test_one_that_is_still_true_is_kept_for_longer(self, plain: Stack) -> None:
        path = address(expires=ENDED, etag='W/"one"', control="public, max-age=1")
        first = number(plain.get(path))
        assert number(kept(plain, path, status="nginx; fwd=stale; fwd-status=304")) == first

    def test_it_is_shown_where_the_application_cannot_be_reached_and_what_is_forgotten_is_not(
        self, image: str, tmp_path: Path
    ) -> None:
        control = f"public, max-age=1, stale-while-revalidate=0, stale-if-error={FOR_EVER}"
        path, gone = (address(expires=ENDED, control=control) for _ in range(2))
        with stack(image, readable(tmp_path)) as made:
            first, forgotten = (kept(made, each, status="nginx; fwd=stale") for each in (path, gone))
            docker("rm", "--force", made.stub)
            answer = made.get(path)
            assert number(answer) == number(first)
            assert re.fullmatch(
                r"nginx; fwd=stale; fwd-status=50[24]; detail=STALE", str(answer.header("Cache-Status"))
            )
            forget(made, forgotten.json["key"])
            assert made.get(gone).status in {502, 504}


def test_it_can_be_switched_off(image: str, tmp_path: Path) -> None:
    with stack(image, readable(tmp_path), GRAPHQL_SHARED_CACHE="False") as made:
        path = address()
        answers = [made.get(path) for _ in range(3)]
        assert len({number(answer) for answer in answers}) == 3
        assert {answer.header("Cache-Status") for answer in answers} == {None}
        assert answers[0].json["key"] == ""


def test_a_value_that_is_neither_on_nor_off_stops_the_start(image: str, tmp_path: Path) -> None:
    with unstarted(image, readable(tmp_path), GRAPHQL_SHARED_CACHE="maybe") as made:
        made.start_nginx()
        made.wait_for_log('error: GRAPHQL_SHARED_CACHE is "maybe", which is neither true nor false.')
