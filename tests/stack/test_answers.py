"""Location by header by status, in front of the real application: what browsers, caches and strangers are told."""

import json
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.running.client import wait_for
from tests.stack.compose import Compose

pytestmark = pytest.mark.stack

ALWAYS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "strict-transport-security": "max-age=3600; includeSubDomains",
    "server": "nginx",
}
RESPONSE = "application/graphql-response+json; charset=utf-8"
YEAR = "public, max-age=31536000, immutable"


@pytest.fixture
def client(production: Compose, trust: ssl.SSLContext) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=production.url, verify=trust, headers={"Accept-Encoding": "gzip"}) as found:
        yield found


@pytest.fixture(scope="module")
def static(production: Compose) -> dict[str, str]:
    """The hashed names of static files."""
    paths: dict[str, str] = json.loads(production.execute("nginx", "cat", "/srv/static/staticfiles.json").stdout)[
        "paths"
    ]
    return paths


@pytest.mark.parametrize(
    ("path", "status", "expected"),
    [
        ("/", 200, {"content-type": "text/html; charset=utf-8"}),
        ("/graphql?query={__typename}", 200, {"content-type": RESPONSE}),
        ("/graphql?query={", 400, {"content-type": RESPONSE}),
        ("/health/live", 200, {"cache-control": "no-store"}),
        ("/health/ready", 404, {}),
        ("/metrics", 404, {}),
        ("/nowhere", 404, {}),
        ("/admin/", 302, {}),
        ("/static/nowhere.css", 404, {}),
        ("/media/public/nowhere.webp", 404, {}),
        ("/media/private/nowhere.webp", 404, {}),
        ("/static/../manage.py", 404, {}),
        ("/media/public/..%2f..%2fapp/manage.py", 404, {}),
    ],
)
def test_every_answer_has_the_security_headers_once(
    client: httpx.Client, path: str, status: int, expected: dict[str, str]
) -> None:
    answer = client.get(path)
    assert answer.status_code == status
    for name, value in (ALWAYS | expected).items():
        assert answer.headers.get_list(name) == [value], name
    assert len(answer.headers.get_list("content-security-policy")) == 1
    assert len(answer.headers.get_list("x-request-id")) == 1


def test_hashed_static_files_are_kept_for_a_year_and_come_compressed(
    client: httpx.Client, static: dict[str, str]
) -> None:
    answer = client.get(f"/static/{static['gallery/wall.css']}")
    assert answer.headers["cache-control"] == YEAR
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["content-type"] == "text/css; charset=utf-8"
    plain = client.get("/static/gallery/wall.css")
    assert plain.headers["cache-control"] == "no-cache"
    assert (
        client.get(f"/static/{static['gallery/wall.js']}")
        .headers["content-type"]
        .endswith("/javascript; charset=utf-8")
    )


def test_the_page_names_hashed_files(client: httpx.Client, static: dict[str, str]) -> None:
    assert f"/static/{static['gallery/wall.js']}" in client.get("/").text


def test_a_stale_volume_is_replaced_at_a_start(production: Compose, client: httpx.Client) -> None:
    client.headers["Accept-Encoding"] = "identity"  # the stale file has no compressed twin
    right = client.get("/static/gallery/wall.css").text
    path = "/srv/static/gallery/wall.css"
    production.execute(
        "web", "sh", "-c", f"echo stale >{path}.new; touch -d 2030-01-01 {path}.new; mv {path}.new {path}"
    )
    wait_for(lambda: client.get("/static/gallery/wall.css").text == "stale\n")
    production.run("restart", "web")
    production.wait_until_healthy()
    wait_for(lambda: client.get("/static/gallery/wall.css").text == right)


def test_the_clear_is_sent_to_tls(production: Compose) -> None:
    answer = httpx.get(f"http://localhost:{production.http_port}/graphql?query=x")
    assert answer.status_code == 308
    assert answer.headers["location"] == f"{production.url}/graphql?query=x"


def test_a_foreign_host_gets_no_answer(production: Compose, trust: ssl.SSLContext) -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        httpx.get(f"http://localhost:{production.http_port}/", headers={"Host": "evil.example"})
    trust_anybody = ssl.create_default_context()
    trust_anybody.check_hostname, trust_anybody.verify_mode = False, ssl.CERT_NONE
    with socket.create_connection(("localhost", production.https_port), timeout=5) as raw, pytest.raises(ssl.SSLError):
        trust_anybody.wrap_socket(raw, server_hostname="evil.example")


def test_a_missing_certificate_is_told_before_nginx_starts(production: Compose, open_folder: Path) -> None:
    (open_folder / "no-tls").mkdir(exist_ok=True)
    production.environment["TLS_FOLDER"], folder = str(open_folder / "no-tls"), production.environment["TLS_FOLDER"]
    try:
        found = production.run("run", "--rm", "--no-deps", "nginx", check=False)
    finally:
        production.environment["TLS_FOLDER"] = folder
    assert found.returncode == 1
    assert "error: Cannot read TLS_CERT_PATH" in found.stdout + found.stderr
    assert "hint: " in found.stdout + found.stderr
