"""A certificate authority that speaks ACME, on 127.0.0.1: Let's Encrypt's own server for tests. Nothing about it is faked."""

import contextlib
import json
import os
import socket
import ssl
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import trustme

from embedded.state import free_port

DAY_SECONDS = 86_400
# By itself it waits, refuses, and leaves out steps by chance.
AT_ONCE = {"PEBBLE_VA_NOSLEEP": "1", "PEBBLE_WFE_NONCEREJECT": "0", "PEBBLE_AUTHZREUSE": "0"}


@dataclass(frozen=True, kw_only=True)
class Pebble:
    """The authority as it runs. `trust` is whom its own address is certified by."""

    folder: Path
    port: int
    management_port: int

    @property
    def directory(self) -> str:
        """What ACME_SERVER is."""
        return f"https://localhost:{self.port}/dir"

    @property
    def trust(self) -> Path:
        """What REQUESTS_CA_BUNDLE is."""
        return self.folder / "trust.pem"

    @property
    def root(self) -> str:
        """The root of what it issues."""
        context = ssl.create_default_context(cafile=self.trust)
        with urllib.request.urlopen(
            f"https://localhost:{self.management_port}/roots/0", timeout=10, context=context
        ) as answer:
            found: str = answer.read().decode()
        return found


def write_files(folder: Path, *, port: int, management_port: int, http_port: int, days: float, host: str) -> Path:
    """Write what pebble is started with; return its configuration."""
    authority = trustme.CA()
    own = authority.issue_cert("localhost", "nginx")
    own.private_key_pem.write_to_path(str(folder / "key.pem"))
    own.cert_chain_pems[0].write_to_path(str(folder / "own.pem"))
    authority.cert_pem.write_to_path(str(folder / "trust.pem"))
    settings = {
        "listenAddress": f"{host}:{port}",
        "managementListenAddress": f"{host}:{management_port}",
        "certificate": str(folder / "own.pem"),
        "privateKey": str(folder / "key.pem"),
        "httpPort": http_port,
        "tlsPort": 1,
        "ocspResponderURL": "",
        "externalAccountBindingRequired": False,
        "certificateValidityPeriod": int(days * DAY_SECONDS),
    }
    path = folder / "pebble.json"
    path.write_text(json.dumps({"pebble": settings}))
    return path


@contextlib.contextmanager
def pebble(folder: Path, *, http_port: int, days: float = 90) -> Iterator[Pebble]:
    """Run it; it asks for proofs at that port of 127.0.0.1, whatever the name, and what it issues is good for so many days."""
    folder.mkdir(exist_ok=True)
    made = Pebble(folder=folder, port=free_port(), management_port=free_port())
    configuration = write_files(
        folder, port=made.port, management_port=made.management_port, http_port=http_port, days=days, host="127.0.0.1"
    )
    names = free_port()
    name_server: list[str | Path] = [
        "pebble-challtestsrv", "-dns01", f"127.0.0.1:{names}", "-management", f"127.0.0.1:{free_port()}",
        "-defaultIPv4", "127.0.0.1", "-defaultIPv6", "", "-http01", "", "-https01", "", "-tlsalpn01", "",
    ]  # fmt: skip
    command: list[str | Path] = ["pebble", "-config", configuration, "-dnsserver", f"127.0.0.1:{names}"]
    with running(name_server, folder / "names.log") as asked, running(command, folder / "log") as authority:
        wait(asked, folder / "names.log", lambda: socket.create_connection(("127.0.0.1", names)).close())
        wait(authority, folder / "log", lambda: made.root)
        yield made


@contextlib.contextmanager
def running(command: list[str | Path], log_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program until the block is left."""
    with log_path.open("w") as log:
        process = subprocess.Popen(command, env={**os.environ, **AT_ONCE}, stdout=log, stderr=subprocess.STDOUT)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(10)


def wait(process: subprocess.Popen[bytes], log_path: Path, ask: Callable[[], object]) -> None:
    """Wait until a program answers."""
    until = time.monotonic() + 30
    while time.monotonic() < until:
        assert process.poll() is None, log_path.read_text()
        with contextlib.suppress(OSError):
            ask()
            return
        time.sleep(0.05)
    raise AssertionError(f"no answer within 30 s:\n{log_path.read_text()}")
