"""A first deploy with TLS_MODE=acme: an authority that is away, then issues; certbot as it was deployed."""

import json
import shutil
import socket
import ssl
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.served_certificate import Served, look
from tests.pebble import write_files
from tests.stack.site import Production

pytestmark = [pytest.mark.stack, pytest.mark.pebble]

PORT, MANAGEMENT_PORT = 14_000, 15_000
SOON_SECONDS = 120
ROOT = (
    "import ssl, urllib.request as request; context = ssl._create_unverified_context(); "
    f"print(request.urlopen('https://localhost:{MANAGEMENT_PORT}/roots/0', context=context).read().decode())"
)
TRUST = """services:
  certbot:
    environment: {REQUESTS_CA_BUNDLE: /trust/trust.pem}
    volumes: ["%s:/trust:ro"]
"""


@pytest.fixture
def authority_s_files(open_folder: Path) -> Path:
    """What the authority is started with, and what certbot trusts it by."""
    folder = open_folder / "authority"
    folder.mkdir()
    write_files(folder, port=PORT, management_port=MANAGEMENT_PORT, http_port=8080, days=90, host="0.0.0.0")
    (folder / "trust.yml").write_text(TRUST % folder)
    return folder


@pytest.fixture
def production(open_folder: Path, authority_s_files: Path) -> Iterator[Production]:
    """What the first deploy on a bare host has made, where nobody has put a certificate there."""
    made = Production(open_folder / "certified")
    try:
        made.prepare(TLS_MODE="acme", ACME_SERVER=f"https://nginx:{PORT}/dir", COMPOSE_PROFILES="")
        files = made.site.value("COMPOSE_FILE")
        made.site.change(COMPOSE_FILE=f"{files}:{authority_s_files / 'trust.yml'}")
        made.deploy()
        yield made
    finally:
        made.remove()


def shown(production: Production) -> Served:
    """Return the certificate that nginx shows."""
    return look(name="localhost", address=("127.0.0.1", production.https_port))


def start_authority(production: Production, folder: Path) -> str:
    """Start it beside nginx, where `localhost` is the site, and certbot finds it by nginx's name; return its root."""
    nginx, name = production.compose("ps", "--quiet", "nginx").strip(), f"{production.project}-authority"
    pebble = shutil.which("pebble")
    production.run(
        "docker", "run", "--detach", "--rm", "--name", name, "--network", f"container:{nginx}", "--memory", "128m",
        "--env", "PEBBLE_VA_NOSLEEP=1", "--env", "PEBBLE_WFE_NONCEREJECT=0", "--volume", f"{folder}:{folder}:ro",
        "--volume", f"{pebble}:/usr/bin/pebble:ro", "python:3.14-slim", "pebble", "-config", str(folder / "pebble.json"),
    )  # fmt: skip
    until = time.monotonic() + SOON_SECONDS
    while not (root := production.run("docker", "exec", name, "python", "-c", ROOT, check=False).stdout):
        assert time.monotonic() < until
        time.sleep(0.2)
    return root


def test_the_first_certificate_comes_once_the_authority_can_be_reached(
    production: Production, authority_s_files: Path
) -> None:
    assert shown(production).is_own
    assert production.site.value("COMPOSE_PROFILES") == "blue,certbot"
    wait_for_words(production, "Connection refused")
    assert_hardened(production)
    root = start_authority(production, authority_s_files)
    try:
        production.by_the_runbook("TLS", first=1, last=2)
        until = time.monotonic() + SOON_SECONDS
        while shown(production).is_own:
            assert time.monotonic() < until, production.compose("logs", "--tail", "40", "certbot", "nginx")
            time.sleep(0.5)
    finally:
        production.run("docker", "rm", "--force", f"{production.project}-authority", check=False)
    trusted = ssl.create_default_context(cadata=root)
    with (
        socket.create_connection(("127.0.0.1", production.https_port), timeout=10) as plain,
        trusted.wrap_socket(plain, server_hostname="localhost") as connection,
    ):
        assert connection.version() == "TLSv1.3"
    wait_for_health(production)
    level, fact = certificate_by_a_check(production)
    assert (level, fact.startswith("for localhost, until ")) == ("ok", True), fact
    assert "The certificate is well, until " in production.by_the_runbook("TLS", last=1)
    production.compose("restart", "nginx", "certbot")
    wait_for_health(production)
    assert not shown(production).is_own
    production.compose("stop", "certbot")
    assert '"message": "stopped"' in production.compose("logs", "--tail", "5", "--no-log-prefix", "certbot")


def certificate_by_a_check(production: Production) -> tuple[str, str]:
    """Return what a deploy says of the certificate, before it changes anything."""
    found = json.loads(production.deploy("--check", "--json").stdout)
    ((level, fact),) = [(each["level"], each["fact"]) for each in found if each["name"] == "certificate"]
    return level, fact


def wait_for_words(production: Production, words: str) -> None:
    """Wait until certbot has said something."""
    until = time.monotonic() + SOON_SECONDS
    while words not in (said := production.compose("logs", "certbot")):
        assert time.monotonic() < until, said
        time.sleep(0.5)


def wait_for_health(production: Production) -> None:
    """Wait until certbot has seen that nginx shows what was issued."""
    until = time.monotonic() + SOON_SECONDS
    health = ("exec", "-T", "certbot", "python", "-m", "ops.certificates", "health")
    while "The certificate is well" not in (said := production.compose(*health, check=False)):
        assert time.monotonic() < until, said
        time.sleep(0.5)


def assert_hardened(production: Production) -> None:
    """Insist that certbot may do nothing that it does not have to."""
    container = production.compose("ps", "--quiet", "certbot").strip()
    (told,) = json.loads(production.run("docker", "inspect", container).stdout)
    host = told["HostConfig"]
    assert (told["Config"]["User"], host["ReadonlyRootfs"], host["CapDrop"]) == ("10002:101", True, ["ALL"])
    assert "no-new-privileges:true" in host["SecurityOpt"]
    assert not any("docker.sock" in mount["Source"] for mount in told["Mounts"])
    tried = production.run("docker", "exec", container, "sh", "-c", "echo x >>/app/ops/errors.py", check=False)
    assert tried.returncode != 0
