"""A certificate that comes while nginx runs: from a real authority, by the real certbot, and pairs that are none."""

import dataclasses
import datetime
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from config.served_certificate import Served, look
from ops.certificates.publishing import issued, publish
from ops.certificates.service import Service
from ops.certificates.settings import Places, Settings
from ops.service.telling.teller import Ways
from tests.nginx.conftest import readable
from tests.nginx.containers import Stack, docker, stack
from tests.pebble import pebble

pytestmark = [pytest.mark.stack, pytest.mark.pebble]

SOON_SECONDS = 60
NAMES = ("localhost", "www.slipway.test")


@pytest.fixture(scope="module")
def acme(image: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """nginx as it starts where no certificate was issued yet."""
    folder = readable(tmp_path_factory.mktemp("acme"))
    with stack(image, folder, USE_TLS="true", TLS_MODE="acme", SERVER_NAME=" ".join(NAMES)) as started:
        yield started


def shown(made: Stack) -> Served:
    """Return the certificate that nginx shows."""
    return look(name="localhost", address=("127.0.0.1", made.tls_port))


def wait_until_shown(made: Stack, fingerprint: str) -> None:
    """Wait until nginx shows a certificate; meanwhile it always shows one."""
    until = time.monotonic() + SOON_SECONDS
    while shown(made).fingerprint != fingerprint:
        assert time.monotonic() < until, made.logs()
        time.sleep(0.2)


def hand(made: Stack, live: Path) -> None:
    """Hand nginx a pair. In the containers its group may read it."""
    publish(live, made.made("issued"))
    open_up(made)


def open_up(made: Stack) -> None:
    """Let nginx's user read what is this user's here."""
    for folder, _, names in os.walk(made.made("issued")):
        Path(folder).chmod(0o755)
        for name in names:
            (Path(folder) / name).chmod(0o644)


def pair(folder: Path, authority: trustme.CA, *, days: float = 90) -> Path:
    """Write a pair that is good for so many days."""
    folder.mkdir()
    now = datetime.datetime.now(tz=datetime.UTC)
    made = authority.issue_cert(
        "localhost", not_before=now - datetime.timedelta(days=1), not_after=now + datetime.timedelta(days=days)
    )
    made.private_key_pem.write_to_path(str(folder / "privkey.pem"))
    made.cert_chain_pems[0].write_to_path(str(folder / "fullchain.pem"))
    return folder


def test_nginx_shows_its_own_until_one_is_issued_and_each_that_follows(
    acme: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert shown(acme).is_own
    assert acme.get("/graphql").status == 308
    (tmp_path / "state").mkdir()
    with pebble(tmp_path / "pebble", http_port=acme.port) as authority:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority.trust))
        (tmp_path / "root.pem").write_text(authority.root)
        places = Places(
            state=tmp_path / "state",
            proofs=acme.made("acme"),
            issued=acme.made("issued"),
            nginx=("127.0.0.1", acme.tls_port),
        )
        settings = Settings(
            names=("localhost",), server=authority.directory, email="", ways=Ways(place=""), mask=str, places=places
        )
        for names in (NAMES[:1], NAMES):
            service = Service(dataclasses.replace(settings, names=names))
            service.attempt()
            open_up(acme)
            assert not service.state.problem
            wait_until_shown(acme, fingerprint(settings.live))
            assert set(shown(acme).names) == set(names)
            assert acme.get("/graphql", trusted=tmp_path / "root.pem").status == 200
        service.watch()
        assert service.state.wrong == []
    assert acme.inside("stat", "-Lc", "%a", "/etc/nginx/conf.d/acme/current/privkey.pem").stdout.strip() == "600"


def fingerprint(live: Path) -> str:
    """Return the fingerprint of a pair's certificate."""
    found = issued(live)
    assert found is not None
    return found.fingerprint


def test_a_broken_pair_stays_out_and_a_good_one_comes_after_it(acme: Stack, tmp_path: Path) -> None:
    authority = trustme.CA()
    good, other = pair(tmp_path / "good", authority), pair(tmp_path / "other", authority)
    hand(acme, good)
    wait_until_shown(acme, fingerprint(good))
    kept = acme.made("issued") / "broken"
    for why, files in broken(tmp_path, other, authority).items():
        shutil.rmtree(kept, ignore_errors=True)
        shutil.copytree(files, kept)
        open_up(acme)
        (acme.made("issued") / ".next").symlink_to("broken")
        (acme.made("issued") / ".next").replace(acme.made("issued") / "current")
        acme.wait_for_log(why)
        assert shown(acme).fingerprint == fingerprint(good)
        assert acme.inside("nginx", "-t").returncode == 0
    docker("restart", acme.nginx)
    acme.wait()
    assert shown(acme).fingerprint == fingerprint(good)
    assert acme.inside("switch-upstream", "web:8000").returncode == 0
    hand(acme, other)
    wait_until_shown(acme, fingerprint(other))


def broken(folder: Path, other: Path, authority: trustme.CA) -> dict[str, Path]:
    """Return folders with pairs that are none, by what nginx's container says of each."""
    mixed = pair(folder / "mixed", authority)
    shutil.copy(other / "privkey.pem", mixed / "privkey.pem")
    ended = pair(folder / "ended", authority, days=-0.5)
    torn = pair(folder / "torn", authority)
    (torn / "privkey.pem").write_text("-----BEGIN PRIVATE KEY-----\n")
    return {
        "key values mismatch": mixed,
        "it is no certificate, or has ended": ended,
        "cannot load certificate key": torn,
    }
