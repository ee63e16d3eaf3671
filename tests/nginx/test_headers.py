"""Location by header by status: what a client is told, whoever answers."""

from collections.abc import Mapping

import pytest

from tests.nginx.containers import Stack

pytestmark = pytest.mark.stack

IMMUTABLE = "public, max-age=31536000, immutable"
STRICT = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
STATIC = (
    "default-src 'self'; style-src 'self' 'unsafe-inline'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'"
)
SANDBOX = "default-src 'none'; sandbox"
GRAPHQL_ERROR = "default-src 'none'; frame-ancestors 'none'"
ACCEL = "/media/private/t1/original.jpg?do=accel&path=/protected-media/private/t1/original.jpg"
COMMON = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Strict-Transport-Security": None,
    "Alt-Svc": None,
    "Server": "nginx",
}
PUBLIC = {"Cache-Control": IMMUTABLE, "Content-Security-Policy": SANDBOX}
GRAPHQL = {"Content-Type": "application/json", "Cache-Control": "no-store", "Content-Security-Policy": GRAPHQL_ERROR}
PAGE = {"Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store"}

TABLE: list[tuple[str, int, Mapping[str, str | None]]] = [
    ("/static/app.0123456789ab.js", 200, {"Cache-Control": IMMUTABLE, "Content-Security-Policy": STATIC}),
    ("/static/icon.svg", 200, {"Cache-Control": "no-cache", "Content-Type": "image/svg+xml"}),
    ("/static/module.mjs", 200, {"Content-Type": "text/javascript; charset=utf-8"}),
    ("/static/of-the-application.js", 200, {"Content-Security-Policy": STRICT, "X-Frame-Options": "SAMEORIGIN"}),
    ("/static/", 200, {"Content-Security-Policy": STRICT, "X-Frame-Options": "SAMEORIGIN"}),
    ("/media/public/t0/small.webp", 200, {**PUBLIC, "Content-Type": "image/webp", "Content-Disposition": None}),
    ("/media/public/t0/drawing.svg", 200, {**PUBLIC, "Content-Disposition": "attachment"}),
    ("/media/public/t0/page.html", 200, {**PUBLIC, "Content-Disposition": "attachment"}),
    ("/media/public/t0/none.webp", 404, {**PAGE, "Content-Disposition": None}),
    ("/media/public/t0/", 404, PAGE),
    ("/media/public/t0/.secret", 404, PAGE),
    ("/media/public/t0/way-out", 404, PAGE),
    ("/media/private/t1/original.jpg", 200, {"X-Frame-Options": "SAMEORIGIN"}),  # the stub's, so it was asked
    (ACCEL, 200, {"Content-Type": "image/jpeg", "Cache-Control": "private, no-cache", "Content-Security-Policy": SANDBOX,
                  "Content-Disposition": 'inline; filename="original.jpg"', "X-Accel-Redirect": None}),
    (ACCEL + ".gone", 404, {**PAGE, "Cache-Control": "private, no-cache"}),
    ("/x?do=accel&path=/protected-media/../nginx.conf", 404, {**PAGE, "Cache-Control": "private, no-cache"}),
    ("/protected-media/private/t1/original.jpg", 404, PAGE),
    ("/-/application/plain", 404, PAGE),
    ("/-/error/page", 404, PAGE),
    ("/", 200, {"Content-Security-Policy": STRICT, "X-Frame-Options": "SAMEORIGIN"}),
    ("/?do=headers", 200, {"Content-Security-Policy": "default-src 'self'", "X-Frame-Options": "SAMEORIGIN",
                           "Referrer-Policy": "no-referrer", "Cross-Origin-Opener-Policy": "unsafe-none"}),
    ("/?status=500", 500, {"Content-Type": "application/json", "X-Frame-Options": "SAMEORIGIN"}),  # passes through
    ("/?status=404", 404, {"Content-Type": "application/json", "X-Frame-Options": "SAMEORIGIN"}),
    ("/office/", 200, {"X-Frame-Options": "SAMEORIGIN"}),
    ("/graphql", 200, {"Content-Security-Policy": STRICT, "X-Frame-Options": "SAMEORIGIN"}),
    ("/graphql?status=413", 413, {"X-Frame-Options": "SAMEORIGIN"}),
    ("/health/live", 200, {"Content-Type": "application/json"}),
    ("/health/ready", 404, PAGE),
    ("/health/./ready", 404, PAGE),
    ("/%68ealth/ready", 404, PAGE),
    ("/metrics", 404, PAGE),
    ("/metrics/", 404, PAGE),
    ("//metrics", 404, PAGE),
    ("/metrics?x", 404, PAGE),
    ("/metrics%23x", 200, {"X-Frame-Options": "SAMEORIGIN"}),  # another address, and not the application's metrics
    ("/metrics#x", 404, PAGE),
    ("/.well-known/acme-challenge/proof", 200, {"Content-Type": "text/plain"}),
    ("/.well-known/acme-challenge/none", 404, PAGE),
    ("/" + "x" * 20_000, 414, PAGE),
]  # fmt: skip


@pytest.mark.parametrize(("path", "status", "headers"), TABLE, ids=[path[:60] for path, _, _ in TABLE])
def test_a_location_s_headers(plain: Stack, path: str, status: int, headers: Mapping[str, str | None]) -> None:
    answer = plain.get(path)
    assert answer.status == status
    assert {name: answer.header(name) for name in headers} == headers
    expected = {name: value for name, value in COMMON.items() if name not in headers}
    assert {name: answer.header(name) for name in expected} == expected
    assert answer.header("Content-Security-Policy")
    assert answer.header("Permissions-Policy")
    assert len(answer.header("X-Request-ID") or "") == 32


def test_an_error_page_says_what_happened_and_its_style_is_allowed(plain: Stack) -> None:
    answer = plain.get("/metrics")
    page = answer.body.decode()
    assert "<h1>Not found</h1>" in page
    assert (answer.header("X-Request-ID") or "none") in page
    assert "<!--#" not in page
    assert "style-src 'sha256-" in (answer.header("Content-Security-Policy") or "")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_an_error_page_answers_any_method(plain: Stack, method: str) -> None:
    answer = plain.get("/metrics", method=method, body=b"x")
    assert (answer.status, b"<h1>Not found</h1>" in answer.body) == (404, True)


TRAVERSALS = [
    "/media/public/../private/t1/original.jpg", "/media/public/..%2fprivate/t1/original.jpg",
    "/media/public/%2e%2e/private/t1/original.jpg", "/media/public../private/t1/original.jpg",
    "/media/public/t0/..%2f..%2fprivate/t1/original.jpg", "/media//private/t1/original.jpg",
    "/static/../media/private/t1/original.jpg", "/static../media/private/t1/original.jpg", "/static/%2e%2e/%2e%2e/etc/passwd",
    "/static/..%5c..%5cetc/passwd", "/media/public/t0/way-out", "/protected-media/private/t1/original.jpg",
    "/static//etc/passwd", "/.well-known/acme-challenge/../../../media/private/t1/original.jpg",
]  # fmt: skip


@pytest.mark.parametrize("path", TRAVERSALS)
def test_no_detour_leads_to_a_private_file(plain: Stack, path: str) -> None:
    answer = plain.get(path)
    assert b"private bytes" not in answer.body
    assert b"root:" not in answer.body


def test_a_part_of_a_public_file(plain: Stack) -> None:
    answer = plain.get("/media/public/t0/small.webp", headers={"Range": "bytes=10-14"})
    assert (answer.status, answer.body) == (206, b"01234")
    assert answer.header("Content-Range") == "bytes 10-14/1000"
    assert answer.header("X-Content-Type-Options") == "nosniff"


def test_a_part_of_a_private_file(plain: Stack) -> None:
    answer = plain.get(ACCEL, headers={"Range": "bytes=8-"})
    assert (answer.status, answer.body) == (206, b"bytes")


def test_a_file_that_the_client_has_is_not_sent_again(plain: Stack) -> None:
    tag = plain.get("/static/icon.svg").header("ETag")
    answer = plain.get("/static/icon.svg", headers={"If-None-Match": tag or ""})
    assert (answer.status, answer.header("Cache-Control"), answer.header("X-Frame-Options")) == (
        304,
        "no-cache",
        "DENY",
    )


class TestCompression:
    def test_a_static_file_is_sent_as_it_was_compressed_beforehand(self, plain: Stack) -> None:
        answer = plain.get("/static/app.0123456789ab.js", headers={"Accept-Encoding": "gzip"})
        assert answer.body == b"\x1f\x8b the compressed file as it lies there"
        assert (answer.header("Content-Encoding"), answer.header("Vary")) == ("gzip", "Accept-Encoding")

    def test_the_application_s_json_is_compressed(self, plain: Stack) -> None:
        answer = plain.get("/graphql?padding=5000", headers={"Accept-Encoding": "gzip"})
        assert (answer.header("Content-Encoding"), answer.header("Vary")) == ("gzip", "Accept-Encoding")
        assert len(answer.body) < 2000

    def test_an_event_stream_is_not(self, plain: Stack) -> None:
        headers = {"Accept-Encoding": "gzip", "Accept": "text/event-stream"}
        assert plain.get("/graphql?do=sse", headers=headers).header("Content-Encoding") is None
