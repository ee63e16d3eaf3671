"""TLS as Mozilla's intermediate guideline has it, for our name and for no other."""

import datetime
import os
import re
import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from tests.nginx.conftest import readable
from tests.nginx.containers import BIN, ROOT, Stack, everything, expect_nothing_of_gixy, stack

pytestmark = pytest.mark.stack


@pytest.fixture(scope="module")
def tls(image: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """nginx with TLS, as in production, with a certificate of a test authority."""
    folder = readable(tmp_path_factory.mktemp("tls"))
    authority = trustme.CA()
    now = datetime.datetime.now(datetime.UTC)
    issued = authority.issue_cert("localhost", not_before=now, not_after=now + datetime.timedelta(days=90))
    (folder / "tls").mkdir()
    issued.private_key_pem.write_to_path(str(folder / "tls/privkey.pem"))
    (folder / "tls/privkey.pem").chmod(0o644)
    for number, pem in enumerate(issued.cert_chain_pems):
        pem.write_to_path(str(folder / "tls/fullchain.pem"), append=number > 0)
    authority.cert_pem.write_to_path(str(folder / "authority.pem"))
    with stack(image, folder, USE_TLS="True") as started:
        yield started


def authority(tls: Stack) -> Path:
    """Return the authority's certificate."""
    return tls.folder / "authority.pem"


def handshake(tls: Stack, name: str | None) -> ssl.SSLSocket:
    """Return a connection after a handshake in which that name was asked for."""
    context = ssl.create_default_context(cafile=str(authority(tls)))
    context.check_hostname = False
    plain = socket.create_connection(("127.0.0.1", tls.tls_port), timeout=10)
    try:
        return context.wrap_socket(plain, server_hostname=name)
    except BaseException:
        plain.close()
        raise


class TestNames:
    @pytest.mark.parametrize("name", ["evil.example", None])
    def test_another_name_is_shown_no_certificate(self, tls: Stack, name: str | None) -> None:
        with pytest.raises(ssl.SSLError, match="UNRECOGNIZED_NAME"):
            handshake(tls, name)

    def test_another_host_behind_our_name_gets_no_answer(self, tls: Stack) -> None:
        with handshake(tls, "localhost") as connection:
            connection.sendall(b"GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n")
            assert everything(connection) == b""

    def test_over_http_2_it_is_sent_elsewhere(self, tls: Stack) -> None:
        answered = curl(tls, "/", "--http2", "--header", "Host: evil.example")
        assert answered.startswith("HTTP/2 421")


def curl(tls: Stack, path: str, *options: str) -> str:
    """Return an answer with its head, fetched by the curl beside nginx: it speaks HTTP/2 everywhere, and often HTTP/3."""
    address = f"https://localhost:8443{path}"
    return tls.inside(
        "curl", "-ksSi", "--max-time", "10", "--resolve", "localhost:8443:127.0.0.1", *options, address
    ).stdout


def test_requests_in_the_clear_are_sent_to_tls(tls: Stack) -> None:
    answer = tls.get("/graphql?a=b", method="POST", body=b"{}")
    assert (answer.status, answer.header("Location")) == (308, f"https://localhost:{tls.tls_port}/graphql?a=b")
    assert answer.header("Strict-Transport-Security") is None
    assert answer.header("X-Content-Type-Options") == "nosniff"
    assert tls.raw(b"GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n") == b""


def test_proofs_for_a_certificate_are_found_in_the_clear(tls: Stack) -> None:
    answer = tls.get("/.well-known/acme-challenge/proof")
    assert (answer.status, answer.body) == (200, b"it is me")


@pytest.mark.parametrize("path", ["/", "/?do=headers", "/static/icon.svg", "/metrics", "/media/public/t0/small.webp"])
def test_each_answer_binds_browsers_to_tls_once(tls: Stack, path: str) -> None:
    answer = tls.get(path, trusted=authority(tls))
    assert answer.header("Strict-Transport-Security") == "max-age=3600; includeSubDomains"


def test_the_application_is_told_about_tls(tls: Stack) -> None:
    told = tls.echo("/", trusted=authority(tls), headers={"X-Forwarded-Proto": "http"})
    assert (told["x-forwarded-proto"], told["x-forwarded-port"]) == (["https"], [str(tls.tls_port)])
    assert told["host"] == [f"localhost:{tls.tls_port}"]


def test_http_2(tls: Stack) -> None:
    answered = curl(tls, "/graphql", "--http2")
    assert answered.startswith("HTTP/2 200")
    assert '["Host", "localhost:8443"]' in answered


def test_http_3(tls: Stack) -> None:
    if "http_v3" not in tls.inside("nginx", "-V").stderr or "HTTP3" not in tls.inside("curl", "--version").stdout:
        pytest.skip("this image has no HTTP/3, or no client for it")
    assert curl(tls, "/graphql", "--http3-only").startswith("HTTP/3 200")
    assert tls.get("/", trusted=authority(tls)).header("Alt-Svc") == f'h3=":{tls.tls_port}"; ma=86400'


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_session_is_not_kept_in_a_ticket(tls: Stack, version: ssl.TLSVersion) -> None:
    context = ssl.create_default_context(cafile=str(authority(tls)))
    context.minimum_version = context.maximum_version = version
    with (
        socket.create_connection(("127.0.0.1", tls.tls_port), timeout=10) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as connection,
    ):
        connection.sendall(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        everything(connection)
        assert connection.session is not None
        assert connection.version() in ("TLSv1.2", "TLSv1.3")
        assert version == ssl.TLSVersion.TLSv1_3 or not connection.session.has_ticket


def test_mozilla_s_intermediate_guideline(tls: Stack) -> None:
    scanned = subprocess.run(
        [
            BIN / "uv", "run", "--quiet", "--no-project", "--isolated", "--with-requirements", ROOT / "requirements/scan.txt",
            "sslyze", "--mozilla_config=intermediate", f"--certinfo_ca_file={authority(tls)}", f"localhost:{tls.tls_port}",
        ],
        env={**os.environ, "UV_SYSTEM_CERTS": "1", "PYTHONWARNINGS": "ignore"},
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert "COMPLIANCE AGAINST TLS CONFIGURATION" in scanned.stdout, scanned.stdout[-2000:] + scanned.stderr[-2000:]
    told = scanned.stdout.partition("COMPLIANCE AGAINST")[2]
    # No public authority has issued the certificate; that is all that may be found.
    assert re.findall(r"^ +\* (\w+):", told, flags=re.MULTILINE) == ["certificate_path_validation"], told


def test_gixy_finds_nothing(tls: Stack, plain: Stack, tmp_path: Path) -> None:
    for each in (tls, plain):
        expect_nothing_of_gixy(each, tmp_path)
    assert shutil.which("gixy", path=str(BIN))
