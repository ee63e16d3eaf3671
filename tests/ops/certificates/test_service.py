"""The certbot service: a certificate issued, renewed, refused, and told of, by a real authority."""

import dataclasses
import datetime
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ops.certificates import command, state
from ops.certificates.publishing import issued
from ops.certificates.service import Service, utc_now
from ops.certificates.settings import Settings
from tests.ops.certificates.conftest import Site
from tests.ops.service.conftest import Told
from tests.pebble import Pebble, pebble

pytestmark = pytest.mark.pebble


def shown(site: Site, root: str) -> set[object]:
    """Return the names of the certificate that the site shows, and that the authority's root vouches for."""
    context = ssl.create_default_context(cadata=root)
    with (
        socket.create_connection(("127.0.0.1", site.tls_port), timeout=10) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as connection,
    ):
        found = connection.getpeercert() or {}
    return {each[1] for each in found["subjectAltName"]}


def alerts(host: Told, number: int) -> list[dict[str, str]]:
    """Return what was told, once it was so much."""
    return [json.loads(body) for _, body in host.wait_for(number)]


def test_a_certificate_is_issued_and_handed_to_nginx(
    authority: Pebble, settings: Settings, site: Site, host: Told, capsys: pytest.CaptureFixture[str]
) -> None:
    service = Service(dataclasses.replace(settings, server=authority.directory))
    assert service.is_due()
    service.attempt()
    site.pair = settings.places.issued / "current"
    assert shown(site, authority.root) == {"localhost"}
    modes = {path.name: path.stat().st_mode & 0o777 for path in site.pair.iterdir()}
    assert modes == {"fullchain.pem": 0o640, "privkey.pem": 0o640}
    service.watch()
    assert not service.is_due()
    assert (service.state.wrong, host.came) == ([], [])
    assert command.health(settings.places.state) == 0
    assert f"The certificate is well, until {service.state.until:%Y-%m-%d}." in capsys.readouterr().out
    nginx_keeps_its_own(service, site, host)
    before = site.pair.readlink()
    service.attempt()
    assert site.pair.readlink() == before  # not due yet
    other = Service(dataclasses.replace(service.settings, names=("localhost", "api.slipway.test")))
    assert other.is_due()
    other.attempt()
    assert shown(site, authority.root) == {"localhost", "api.slipway.test"}


def test_what_is_due_is_renewed(
    tmp_path: Path, settings: Settings, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pebble(tmp_path / "pebble", http_port=site.http_port, days=6 / 86_400) as authority:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority.trust))
        service = Service(dataclasses.replace(settings, server=authority.directory))
        service.attempt()
        first = issued(service.settings.live)
        assert first is not None
        time.sleep(max((first.until - utc_now()).total_seconds() - 1, 0))  # half of its life is over: certbot's limit
        service.attempt()
        second = issued(service.settings.live)
        assert second is not None
        assert second.until > first.until
        assert len([path for path in settings.places.issued.iterdir() if path.is_dir() and not path.is_symlink()]) == 2


def test_a_refused_proof_is_told_with_the_authority_s_words_and_tried_again_later(
    authority: Pebble, settings: Settings, site: Site, host: Told, capsys: pytest.CaptureFixture[str]
) -> None:
    site.is_open = False
    service = Service(dataclasses.replace(settings, server=authority.directory))
    service.attempt()
    (told,) = alerts(host, 1)
    assert told["what"] == "the certificate is not well"
    assert "The certificate for localhost could not be issued: localhost: " in told["why"]
    assert "403" in told["why"]
    assert "http://localhost/.well-known/acme-challenge/" in told["hint"]
    assert not service.is_due()
    assert not Service(service.settings).is_due()  # a restart asks for nothing either
    assert command.health(settings.places.state) == 1
    assert "403" in capsys.readouterr().out
    site.is_open = True
    service.asked.set()  # SIGHUP
    assert service.is_due()
    service.attempt()
    assert alerts(host, 2)[1]["what"] == "the certificate is well again"
    assert service.state.failures == 0


def test_an_authority_that_is_away_is_told(settings: Settings, host: Told) -> None:
    Service(settings).attempt()
    assert "Connection refused" in alerts(host, 1)[0]["why"]


def nginx_keeps_its_own(service: Service, site: Site, host: Told) -> None:
    """See what is told where nginx does not take what it was handed: nothing for a moment, then that."""
    handed, site.pair = site.pair, own_pair(service.settings.places.state / "own")
    service.watch()
    assert host.came == []
    service.state.published = utc_now() - datetime.timedelta(minutes=3)
    service.watch()
    assert "nginx shows another certificate" in alerts(host, 1)[0]["why"]
    site.pair = handed


def own_pair(folder: Path) -> Path:
    """Make a pair as nginx makes one of its own."""
    folder.mkdir()
    words = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=localhost"]
    command = ["openssl", "req", "-x509", *words, "-keyout", "privkey.pem", "-out", "fullchain.pem"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return folder


def test_it_leaves_when_it_is_told_to(authority: Pebble, settings: Settings, site: Site) -> None:
    script = (
        "import sys; from pathlib import Path; from ops.certificates import service, settings\n"
        "found = settings.read(__import__('os').environ); import dataclasses\n"
        f"places = settings.Places(state=Path({str(settings.places.state)!r}), proofs=Path({str(site.folder)!r}), "
        f"issued=Path({str(settings.places.issued)!r}), nginx=('127.0.0.1', {site.tls_port}))\n"
        "service.Service(dataclasses.replace(found, places=places)).run()"
    )
    environment = {
        **os.environ,
        "ACME_SERVER": authority.directory,
        "SITE_URL": "https://localhost",
        "SERVER_NAME": "localhost",
    }
    process = subprocess.Popen([sys.executable, "-c", script], env=environment)
    try:
        until = time.monotonic() + 60
        while not (settings.places.issued / "current").exists():
            assert time.monotonic() < until
            assert process.poll() is None
            time.sleep(0.1)
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    finally:
        process.kill()
        process.wait(10)
    assert state.read(settings.places.state).failures == 0
