"""Which requests are let in, what the application is told about them, and what is logged."""

import json
import re

import pytest

from tests.nginx.containers import Stack, docker

pytestmark = pytest.mark.stack

FORGED = {
    "X-Forwarded-For": "6.6.6.6",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Port": "1",
    "X-Forwarded-Prefix": "/evil",
    "X-Forwarded-Server": "evil",
    "X-Forwarded-Ssl": "on",
    "X-Forwarded-Scheme": "https",
    "X-Real-IP": "6.6.6.6",
    "X-Original-URL": "/office/",
    "X-Rewrite-URL": "/office/",
    "Forwarded": "for=6.6.6.6",
    "X-Request-ID": "forged-request-id",
    "X-Accel-Redirect": "/evil",
    "Proxy": "http://evil.example",
    "X_Forwarded_For": "6.6.6.6",
}


def gateway(stack: Stack) -> str:
    """Return the address from which a request to a published port seems to come."""
    networks = json.loads(docker("network", "inspect", stack.name).stdout)
    address: str = networks[0]["IPAM"]["Config"][0]["Gateway"]
    return address


class TestHosts:
    @pytest.mark.parametrize("host", ["localhost", "localhost:8080", "127.0.0.1", "LOCALHOST", "[::1]"])
    def test_ours_are_answered(self, plain: Stack, host: str) -> None:
        assert plain.get("/", headers={"Host": host}).status == 200

    @pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "_", "10.0.0.1"])
    @pytest.mark.parametrize("path", ["/", "/graphql", "/health/live", "/static/icon.svg"])
    def test_others_get_no_answer_at_all(self, plain: Stack, host: str, path: str) -> None:
        assert plain.raw(f"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()) == b""

    def test_no_host_gets_no_answer(self, plain: Stack) -> None:
        assert plain.raw(b"GET / HTTP/1.0\r\n\r\n") == b""

    def test_a_host_in_the_request_line_counts(self, plain: Stack) -> None:
        assert plain.raw(b"GET http://evil.example/ HTTP/1.1\r\nHost: localhost\r\n\r\n") == b""

    def test_the_container_may_check_the_application_by_any_name(self, plain: Stack) -> None:
        answered = plain.inside("curl", "-sS", "-H", "Host: whatever", "http://127.0.0.1:8080/health/live").stdout
        assert answered == '{"status": "ok"}'
        refused = plain.inside("curl", "-s", "http://127.0.0.1:8080/graphql", "-H", "Host: x", check=False)
        assert refused.returncode in (52, 56)  # closed without an answer, or reset


@pytest.mark.parametrize(
    "head", [b"nonsense\r\n\r\n", *(b"GET / HTTP/1.1\r\nHost: %b\r\n\r\n" % host for host in (b"a b", b""))]
)
def test_what_is_no_request_is_told_so_with_the_same_headers(plain: Stack, head: bytes) -> None:
    answer = plain.raw(head)
    assert answer.startswith(b"HTTP/1.1 400")
    assert b"X-Content-Type-Options: nosniff" in answer
    assert b"<h1>Not a request</h1>" in answer


def test_a_head_that_is_too_large(plain: Stack) -> None:
    lines = b"".join(b"X-%d: %s\r\n" % (number, b"y" * 8000) for number in range(20))
    answer = plain.raw(b"GET /graphql HTTP/1.1\r\nHost: localhost\r\n" + lines + b"\r\n")
    assert answer.startswith(b"HTTP/1.1 431")
    assert b"X-Content-Type-Options: nosniff" in answer


class TestWhatTheApplicationIsTold:
    @pytest.mark.parametrize("path", ["/", "/graphql", "/office/", "/static/none.js"])
    def test_nothing_that_a_client_claims_about_itself(self, plain: Stack, path: str) -> None:
        told = plain.echo(path, headers=FORGED)
        host = f"localhost:{plain.port}"
        expected = {
            "host": host,
            "x-forwarded-for": gateway(plain),
            "x-forwarded-proto": "http",
            "x-forwarded-host": host,
            "x-forwarded-port": str(plain.port),
            "x-real-ip": gateway(plain),
            "forwarded": f'for={gateway(plain)};host="{host}";proto=http',
        }
        assert {name: told.get(name) for name in expected} == {name: [value] for name, value in expected.items()}
        assert {name.lower() for name in FORGED} & set(told) - set(expected) == {"x-request-id"}
        assert told["x-request-id"] != ["forged-request-id"]

    def test_cookies_and_the_token_are_passed_on(self, plain: Stack) -> None:
        told = plain.echo("/graphql", headers={"Cookie": "a=b", "Authorization": "Bearer x", "X-CSRFToken": "y"})
        assert (told["cookie"], told["authorization"], told["x-csrftoken"]) == (["a=b"], ["Bearer x"], ["y"])

    def test_the_address_as_it_was_sent(self, plain: Stack) -> None:
        target = "/graphql?query=%7Ba%7D&b=%2F..%2F"
        assert plain.get(target).json["target"] == target
        assert plain.get("/a%20b/%C3%BC/./c?d").json["target"] == "/a%20b/%C3%BC/./c?d"

    def test_no_other_protocol_than_a_websocket(self, plain: Stack) -> None:
        told = plain.echo("/graphql", headers={"Upgrade": "h2c", "Connection": "Upgrade, HTTP2-Settings"})
        assert {"upgrade", "connection"} & set(told) == set()


def test_connections_to_the_application_are_used_again(plain: Stack) -> None:
    seen = {plain.get("/").json["connection"] for _ in range(12)}
    assert len(seen) <= 4  # each of nginx's processes has its own


class TestTheRequestId:
    @pytest.mark.parametrize(
        "path", ["/", "/?do=headers", "/static/icon.svg", "/metrics", "/media/public/t0/small.webp"]
    )
    def test_each_answer_has_one_of_ours(self, plain: Stack, path: str) -> None:
        answer = plain.get(path, headers={"X-Request-ID": "forged-request-id"})
        assert re.fullmatch(r"[0-9a-f]{32}", answer.header("X-Request-ID") or "")

    def test_the_application_and_the_log_have_the_same(self, plain: Stack) -> None:
        answer = plain.get("/graphql")
        sent = dict(answer.json["headers"])["X-Request-ID"]
        assert answer.header("X-Request-ID") == sent
        assert plain.logged(request_id=sent)["path"] == "/graphql"


class TestTheLog:
    def test_a_line_says_who_what_and_how_long_and_no_secret(self, plain: Stack) -> None:
        headers = {"Cookie": "sessionid=hush1", "Authorization": "Bearer hush2", "User-Agent": 'A "quoted" agent'}
        answer = plain.get("/graphql?query=hush3", headers=headers)
        line = plain.logged(request_id=answer.header("X-Request-ID"))
        assert (line["method"], line["path"], line["status"], line["host"]) == ("GET", "/graphql", 200, "localhost")
        assert (line["address"], line["protocol"]) == (gateway(plain), "HTTP/1.1")
        assert line["user_agent"] == 'A "quoted" agent'
        assert line["bytes"] > 0
        assert line["seconds"] >= 0
        assert line["upstream"].endswith(":8000")
        assert (line["upstream_status"], float(line["upstream_seconds"]) >= 0) == ("200", True)
        assert "hush" not in docker("logs", plain.nginx).stdout

    def test_bytes_that_are_no_request_are_logged_as_json_too(self, plain: Stack) -> None:
        plain.raw(b'\x16\x03\x01"\\\xff\r\n\r\n')
        plain.raw(b"GET /" + b'\xff\x01" HTTP/1.1\r\nHost: localhost\r\n\r\n')
        assert plain.logged(status=400)


class TestBodies:
    def test_a_file_may_be_large_at_graphql(self, plain: Stack) -> None:
        headers = {"Content-Type": "multipart/form-data; boundary=b"}
        answer = plain.get("/graphql", method="POST", headers=headers, body=b"x" * 5_000_000)
        assert (answer.status, answer.json["body_bytes"]) == (200, 5_000_000)

    @pytest.mark.parametrize(
        ("path", "content_type", "size"),
        [
            ("/graphql", "multipart/form-data; boundary=b", 9_000_000),
            ("/graphql", "application/json", 2_200_000),
        ],
    )
    def test_one_that_is_too_large_is_refused_in_graphql_s_shape(
        self, plain: Stack, path: str, content_type: str, size: int
    ) -> None:
        answer = plain.get(path, method="POST", headers={"Content-Type": content_type}, body=b"x" * size)
        assert (answer.status, answer.header("Content-Type")) == (413, "application/json")
        assert answer.json["errors"][0]["extensions"] == {"code": "REQUEST_TOO_LARGE"}

    def test_elsewhere_it_is_refused_on_a_page(self, plain: Stack) -> None:
        headers = {"Content-Type": "multipart/form-data; boundary=b"}
        answer = plain.get("/office/", method="POST", headers=headers, body=b"x" * 2_200_000)
        assert (answer.status, b"<h1>Too large</h1>" in answer.body) == (413, True)

    def test_a_body_without_a_length_is_counted(self, plain: Stack) -> None:
        with plain.socket() as connection:
            connection.sendall(
                b"POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                b"Transfer-Encoding: chunked\r\n\r\n"
            )
            connection.sendall(b"200000\r\n" + b"x" * 0x200000 + b"\r\n10\r\n" + b"x" * 16 + b"\r\n0\r\n\r\n")
            assert connection.recv(65_536).startswith(b"HTTP/1.1 413")


def test_a_slow_client_is_let_go(plain: Stack) -> None:
    with plain.socket() as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n")
        connection.settimeout(13)  # client_header_timeout is 10 s, for the whole head
        assert connection.recv(100) == b""


def test_no_answer_of_the_application_is_kept_for_the_next_client_but_in_the_shared_cache(plain: Stack) -> None:
    """In one location, and where it is made to forget: test_shared_cache.py says what comes there."""
    text = plain.inside("nginx", "-T").stdout
    assert text.count("include /etc/nginx/parts/shared_cache.inc;") == 1
    assert len(re.findall(r"\bproxy_cache \w+;", text)) == 2
