"""The certbot service beside a real authority, and beside a web server that shows the proofs."""

import functools
import http.server
import socket
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from ops.certificates.service import Service
from ops.certificates.settings import Places, Settings
from ops.service.telling.teller import Ways
from tests.ops.service.conftest import Told, host
from tests.pebble import Pebble, pebble

__all__ = ["host"]


@dataclass(kw_only=True)
class Site:
    """What stands for nginx: files over HTTP, and over TLS whichever pair it was given. `is_open`: whether proofs are shown."""

    folder: Path
    http_port: int
    tls_port: int
    is_open: bool = True
    pair: Path | None = field(default=None)


class Files(http.server.SimpleHTTPRequestHandler):
    """Shows files while the site is open."""

    def __init__(self, *arguments: object, site: Site, **more: object) -> None:
        self.site = site
        super().__init__(*arguments, directory=str(site.folder), **more)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        if not self.site.is_open:
            return self.send_error(403)
        return super().do_GET()

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002
        pass


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """A site that is open, and shows no certificate yet."""
    (tmp_path / "proofs").mkdir()
    with socket.create_server(("127.0.0.1", 0)) as tls:
        made = Site(folder=tmp_path / "proofs", http_port=0, tls_port=tls.getsockname()[1])
        handler = functools.partial(Files, site=made)
        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as files:
            made.http_port = files.server_port
            threading.Thread(target=files.serve_forever, daemon=True).start()
            threading.Thread(target=show, args=(made, tls), daemon=True).start()
            yield made
            files.shutdown()


def show(site: Site, tls: socket.socket) -> None:
    """Shake hands with whoever comes, until the socket is closed."""
    while True:
        try:
            plain, _ = tls.accept()
        except OSError:
            return
        with plain:
            if site.pair is None:
                continue
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(site.pair / "fullchain.pem", site.pair / "privkey.pem")
            try:
                context.wrap_socket(plain, server_side=True).close()
            except OSError:
                continue


@pytest.fixture
def authority(tmp_path: Path, site: Site, monkeypatch: pytest.MonkeyPatch) -> Iterator[Pebble]:
    """Pebble, trusted by certbot; what it issues is good for 90 days."""
    with pebble(tmp_path / "pebble", http_port=site.http_port) as found:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(found.trust))
        yield found


@pytest.fixture
def settings(tmp_path: Path, site: Site, host: Told) -> Settings:
    """The settings for a site called localhost, whose authority is not there."""
    for name in ("state", "issued"):
        (tmp_path / name).mkdir()
    places = Places(
        state=tmp_path / "state",
        proofs=site.folder,
        issued=tmp_path / "issued",
        nginx=("127.0.0.1", site.tls_port),
    )
    return Settings(
        names=("localhost",),
        server="https://localhost:9/dir",
        email="ops@example.com",
        ways=Ways(place="https://api.example.com", alert_url=f"{host.url}/hook"),
        mask=str,
        places=places,
    )


def service(settings: Settings) -> Service:
    """Return the service as the container starts it."""
    return Service(settings)
