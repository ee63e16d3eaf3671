"""The application away, back under another address, switched, or closed for maintenance."""

import threading
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.nginx.conftest import readable
from tests.nginx.containers import Stack, docker, stack

pytestmark = pytest.mark.stack


def seconds_until(made: Stack, status: int, *, path: str = "/graphql", limit: float = 15) -> float:
    """Return how long it took until an address is answered with that status."""
    started = time.monotonic()
    while made.get(path).status != status:
        assert time.monotonic() - started < limit, made.logs()
        time.sleep(0.1)
    return time.monotonic() - started


def test_a_name_that_is_not_there_yet_then_comes_and_moves(image: str, tmp_path: Path) -> None:
    with stack(image, readable(tmp_path), has_stub=False) as made:
        answer = made.get("/graphql")
        assert (answer.status, answer.header("Content-Type")) == (502, "application/json")
        assert answer.json["errors"][0]["extensions"] == {"code": "SERVICE_UNAVAILABLE"}
        assert answer.header("Retry-After") == "5"
        assert b"<h1>Not available</h1>" in made.get("/").body
        made.start_stub()
        assert seconds_until(made, 200) < 8
        docker("rm", "--force", made.stub)
        seconds_until(made, 502)
        docker(
            "run", "--detach", "--name", f"{made.name}-other", "--network", made.name, made.image
        )  # takes its address
        made.start_stub()
        assert seconds_until(made, 200) < 8


def address_of(container: str) -> str:
    return docker("inspect", "--format", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", container).stdout


def wait_for_stub(made: Stack, name: str) -> None:
    """Wait until it answers, as a deploy waits for a new colour's health."""
    until = time.monotonic() + 30
    while made.inside("curl", "-s", "-o", "/dev/null", f"http://{name}:8000/", check=False).returncode:
        assert time.monotonic() < until, f"{name} does not answer"
        time.sleep(0.1)


def test_a_switch_to_another_colour_and_one_that_is_refused(image: str, tmp_path: Path) -> None:
    with stack(image, readable(tmp_path)) as made:
        made.start_stub(name="web_green")
        green = address_of(f"{made.name}-web_green").strip()
        wait_for_stub(made, "web_green")
        made.inside("switch-upstream", "web_green:8000")
        until = time.monotonic() + 10
        while not any(line["upstream"] == f"{green}:8000" for line in made.access_log()):
            assert time.monotonic() < until
            assert made.get("/").status == 200  # at no moment was there nobody
        assert (
            made.inside("cat", "/etc/nginx/conf.d/upstream.inc").stdout
            == "server web_green:8000 resolve max_fails=0;\n"
        )
        refused = made.inside("switch-upstream", "web green", check=False)
        assert (refused.returncode, refused.stderr.startswith('error: Refusing to switch to "web green": ')) == (
            3,
            True,
        )
        assert "web_green:8000" in refused.stderr
        assert (
            made.inside("cat", "/etc/nginx/conf.d/upstream.inc").stdout
            == "server web_green:8000 resolve max_fails=0;\n"
        )
        assert made.inside("switch-upstream", check=False).returncode == 2


def test_no_request_fails_while_it_is_switched(image: str, tmp_path: Path) -> None:
    """A name that nginx has not known before is looked up only after its new workers have begun to take requests."""
    with stack(image, readable(tmp_path), NGINX_RATE_PER_SECOND="9000", NGINX_RATE_BURST="9000") as made:
        made.start_stub(name="web_green")
        wait_for_stub(made, "web_green")
        is_over, seen = threading.Event(), Counter[int]()

        def ask() -> None:
            while not is_over.is_set():
                seen[made.get("/graphql", method="POST", body=b"{}").status] += 1

        askers = [threading.Thread(target=ask) for _ in range(6)]
        for each in askers:
            each.start()
        try:
            for name in ("web_green", "web", "web_green", "web"):
                made.inside("switch-upstream", f"{name}:8000")
        finally:
            is_over.set()
            for each in askers:
                each.join()
        assert list(seen) == [200], seen


def test_a_switch_that_was_broken_off_is_ended_at_the_next_start(image: str, tmp_path: Path) -> None:
    with stack(image, readable(tmp_path)) as made:
        ended = "server web:8000 resolve max_fails=0;\n"
        half = "server 127.0.0.9:8000 max_fails=0;\nserver web:8000 resolve max_fails=0 down;\n"
        made.inside(
            "sh", "-c", 'cd /etc/nginx/conf.d; printf %s "$0" >upstream.inc; printf %s "$1" >upstream.next', half, ended
        )
        docker("restart", made.nginx)
        made.wait()
        assert made.inside("cat", "/etc/nginx/conf.d/upstream.inc").stdout == ended
        assert seconds_until(made, 200) < 8


def test_a_file_closes_for_maintenance_without_a_reload(image: str, tmp_path: Path) -> None:
    with stack(image, readable(tmp_path)) as made:
        made.inside("touch", "/etc/nginx/conf.d/maintenance.on")
        answer = made.get("/graphql", method="POST", body=b"{}", headers={"Content-Type": "application/json"})
        assert (answer.status, answer.header("Retry-After")) == (503, "120")
        assert answer.json["errors"][0]["extensions"] == {"code": "MAINTENANCE"}
        for path in ("/", "/office/", "/static/icon.svg", "/media/public/t0/small.webp"):
            page = made.get(path)
            assert (page.status, b"<h1>Closed for maintenance</h1>" in page.body) == (503, True)
            assert (page.header("Retry-After"), page.header("X-Frame-Options")) == ("120", "DENY")
        assert made.get("/health/live").status == 200
        assert made.get("/.well-known/acme-challenge/proof").status == 200
        docker("restart", made.nginx)
        made.wait()
        answer = made.get("/")
        assert answer.status == 503
        address = made.logged(request_id=answer.header("X-Request-ID"))["address"]
        made.inside(
            "sh",
            "-c",
            'mkdir maintenance.allow; : >"maintenance.allow/$0"'.replace(
                "maintenance", "/etc/nginx/conf.d/maintenance"
            ),
            address,
        )
        assert made.get("/graphql").status == 200
        made.inside("rm", "-r", "/etc/nginx/conf.d/maintenance.allow")
        assert made.get("/").status == 503
        made.inside("rm", "/etc/nginx/conf.d/maintenance.on")
        assert made.get("/graphql").status == 200
