"""Starts nginx as production runs it, on a Docker network of its own beside a stub of the application, and removes all of it."""

import contextlib
import http.client
import json
import secrets
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from embedded.state import free_port
from tests.ops.backup.target_servers import RCLONE, S3_KEY, S3_SECRET

ROOT = Path(__file__).resolve().parent.parent.parent
BIN = Path(sys.executable).parent
STUB = Path(__file__).with_name("stub.py")
HARDENED = [
    "--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges", "--user=101:101", "--tmpfs=/tmp:size=64m",
    "--tmpfs=/var/cache/media:size=64m,uid=101,gid=101", "--memory=256m", "--pids-limit=64",
]  # fmt: skip
ENVIRONMENT = {
    "SERVER_NAME": "localhost",
    "USE_TLS": "false",
    "TLS_MODE": "files",
    "TLS_CERT_PATH": "/etc/nginx/tls/fullchain.pem",
    "TLS_KEY_PATH": "/etc/nginx/tls/privkey.pem",
    "SECURE_HSTS_SECONDS": "3600",
    "STATIC_URL": "static/",  # one with and one without the slash in front: both are allowed
    "STATIC_ROOT": "/srv/static",
    "MEDIA_URL": "/media/",
    "MEDIA_ROOT": "/srv/media",
    "MEDIA_ACCEL_LOCATION": "/protected-media/",
    "ADMIN_URL": "office/",
    "REQUEST_MAX_BYTES": str(8 * 1024 * 1024),
    "UPSTREAM": "web:8000",
    "NGINX_RESOLVER": "127.0.0.11",
    "NGINX_RATE_PER_SECOND": "1000",
    "NGINX_RATE_BURST": "1000",
    "NGINX_MAX_CONNECTIONS": "100",
    "NGINX_MEDIA_CACHE_SIZE": "32m",
    "GRAPHQL_SHARED_CACHE": "true",
    "GRAPHQL_SHARED_CACHE_SIZE": "16m",
}


@dataclass
class Answer:
    """A response, with its headers by lower-case name, each with all its values."""

    status: int
    headers: dict[str, list[str]]
    body: bytes

    @property
    def json(self) -> Any:
        """The body, parsed."""
        return json.loads(self.body)

    def header(self, name: str) -> str | None:
        """Return a header's one value, or None; fails where it is there twice."""
        values = self.headers.get(name.lower(), [])
        assert len(values) < 2, f"{name} is there {len(values)} times: {values}"
        return values[0] if values else None


def docker(*arguments: str, check: bool = True, timeout: float = 60) -> subprocess.CompletedProcess[str]:
    """Run a Docker command."""
    return subprocess.run(["docker", *arguments], check=check, capture_output=True, text=True, timeout=timeout)


@dataclass
class Stack:
    """A network, nginx on it, the stub on it, and volumes in a folder of the test's."""

    image: str
    folder: Path
    environment: dict[str, str] = field(default_factory=dict)
    signed: dict[str, str] = field(default_factory=dict)
    volumes: list[str] = field(default_factory=list)
    hosts: list[str] = field(default_factory=list)
    name: str = field(default_factory=lambda: f"slipway-test-{secrets.token_hex(4)}")
    port: int = field(default_factory=free_port)
    tls_port: int = field(default_factory=free_port)
    bucket_port: int = field(default_factory=free_port)

    @property
    def nginx(self) -> str:
        """nginx's container."""
        return f"{self.name}-nginx"

    @property
    def stub(self) -> str:
        """The stub's container."""
        return f"{self.name}-web"

    def start_stub(self, *, name: str = "web", address: str = "") -> None:
        """Start the stub under a name on the network, at an address of its own where one is given."""
        docker("run", "--detach", "--name", f"{self.name}-{name}", "--network", self.name, "--network-alias", name, "--init",
               *(["--ip", address] if address else []), "--env", f"SIGNED={json.dumps(self.signed)}",
               "--volume", f"{STUB}:/stub.py:ro", "python:3.14-slim",
               "python", "-u", "/stub.py")  # fmt: skip

    def start_bucket(self) -> None:
        """Start an S3 server over TLS, by the pair in `s3-tls`, with the bucket `media` in a folder of the test's."""
        docker("run", "--detach", "--name", f"{self.name}-s3", "--network", self.name, "--network-alias", "s3", "--init",
               "--publish", f"127.0.0.1:{self.bucket_port}:9000",
               "--volume", f"{self.made('s3')}:/kept", "--volume", f"{self.made('s3-tls')}:/tls:ro",
               "--volume", f"{RCLONE}:/rclone:ro", "python:3.14-slim",
               "/rclone", "serve", "s3", "--addr=:9000", "--cert=/tls/cert.pem", "--key=/tls/key.pem",
               f"--auth-key={S3_KEY},{S3_SECRET}", "/kept")  # fmt: skip

    def start_nginx(self, *, volume: str | None = None) -> None:
        """Start nginx, hardened as in production; does not wait."""
        environment = {
            **ENVIRONMENT, "HTTP_PORT": str(self.port), "HTTPS_PORT": str(self.tls_port), **self.environment
        }  # fmt: skip
        docker(
            "run", "--detach", "--name", self.nginx, "--network", self.name, *HARDENED,
            *(f"--env={name}={value}" for name, value in environment.items()),
            "--volume", f"{volume or self.name}:/etc/nginx/conf.d",
            "--volume", "/var/cache/answers",
            "--volume", f"{self.made('media')}:/srv/media:ro",
            "--volume", f"{self.made('static')}:/srv/static:ro",
            "--volume", f"{self.made('tls')}:/etc/nginx/tls:ro",
            "--volume", f"{self.made('acme')}:/srv/acme:ro",
            "--volume", f"{self.made('issued')}:/etc/nginx/issued:ro",
            *(word for volume in self.volumes for word in ("--volume", volume)),
            *(f"--add-host={host}" for host in self.hosts),
            "--publish", f"127.0.0.1:{self.port}:8080", "--publish", f"127.0.0.1:{self.tls_port}:8443", self.image,
        )  # fmt: skip

    def made(self, name: str) -> Path:
        """Return a folder for a volume, which nginx's user may read."""
        path = self.folder / name
        path.mkdir(exist_ok=True)
        return path

    def wait(self, *, seconds: float = 20) -> None:
        """Wait until nginx is healthy."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            state = docker(
                "inspect", "--format", "{{.State.Status}} {{.State.Health.Status}}", self.nginx
            ).stdout.split()
            if state == ["running", "healthy"]:
                return
            assert state[0] == "running", self.logs()
            time.sleep(0.1)
        raise AssertionError(f"not healthy within {seconds} s:\n{self.logs()}")

    def wait_for_log(self, text: str, *, seconds: float = 60) -> None:
        """Wait until nginx's container has said something."""
        until = time.monotonic() + seconds
        while text not in (said := self.logs()):
            assert time.monotonic() < until, said
            time.sleep(0.2)

    def logs(self) -> str:
        """Return what nginx wrote, both streams."""
        found = docker("logs", self.nginx)
        return found.stdout + found.stderr

    def access_log(self) -> list[dict[str, Any]]:
        """Return the access log's lines, each of which has to be a JSON object."""
        return [json.loads(line) for line in docker("logs", self.nginx).stdout.splitlines()]

    def logged(self, **values: object) -> dict[str, Any]:
        """Return the first line with these values; nginx writes it once the answer has gone, and Docker passes it on after a while."""
        deadline = time.monotonic() + 60
        while not (found := [line for line in self.access_log() if values.items() <= line.items()]):
            assert time.monotonic() < deadline, values
            time.sleep(0.05)
        return found[0]

    def inside(self, *command: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a command in nginx's container."""
        return docker("exec", self.nginx, *command, check=check)

    def remove(self) -> None:
        """Remove what was made."""
        found = docker("ps", "--all", "--quiet", "--filter", f"network={self.name}").stdout.split()
        docker("rm", "--force", "--volumes", *{*found, self.nginx}, check=False)
        docker("volume", "rm", "--force", self.name, check=False)
        docker("network", "rm", self.name, check=False)

    def get(
        self,
        path: str,
        *,
        method: str = "GET",
        headers: dict[str, str] | None = None,
        body: bytes | None = None,
        port: int | None = None,
        trusted: Path | None = None,
    ) -> Answer:
        """Send a request exactly as written and return the answer; with `trusted` over TLS, checked against that authority."""
        connection: http.client.HTTPConnection
        if trusted:
            context = ssl.create_default_context(cafile=str(trusted))
            connection = http.client.HTTPSConnection("localhost", port or self.tls_port, timeout=15, context=context)
        else:
            connection = http.client.HTTPConnection("localhost", port or self.port, timeout=15)
        with contextlib.closing(connection):
            connection.request(method, path, body=body, headers=headers or {})
            response = connection.getresponse()
            found: dict[str, list[str]] = {}
            for name, value in response.getheaders():
                found.setdefault(name.lower(), []).append(value)
            return Answer(response.status, found, response.read())

    def echo(self, path: str = "/", **options: Any) -> dict[str, list[str]]:
        """Return the headers that the application was sent, by lower-case name."""
        answer = self.get(path, **options)
        found: dict[str, list[str]] = {}
        for name, value in answer.json["headers"]:
            found.setdefault(name.lower(), []).append(value)
        return found

    def socket(self) -> socket.socket:
        """Return a connection to nginx, for what no client library would send."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=15)

    def raw(self, request: bytes) -> bytes:
        """Send bytes and return all that comes back until nginx closes."""
        with self.socket() as connection:
            connection.sendall(request)
            return everything(connection)


def everything(connection: socket.socket) -> bytes:
    """Return all that comes until the other side closes, or resets."""
    found = b""
    with contextlib.suppress(ConnectionResetError):
        while some := connection.recv(65_536):
            found += some
    return found


@contextlib.contextmanager
def stack(image: str, folder: Path, *, has_stub: bool = True, **environment: str) -> Iterator[Stack]:
    """Start both containers, wait, and remove everything in any case."""
    made = Stack(image, folder, environment)
    try:
        docker("network", "create", made.name)
        if has_stub:
            made.start_stub()
        fill(made)
        made.start_nginx()
        made.wait()
        yield made
    finally:
        made.remove()


@contextlib.contextmanager
def unstarted(image: str, folder: Path, **environment: str) -> Iterator[Stack]:
    """Make the network alone: for a start that fails, or is the test's own."""
    made = Stack(image, folder, environment)
    try:
        docker("network", "create", made.name)
        yield made
    finally:
        made.remove()


def fill(made: Stack) -> None:
    """Put files into the volumes."""
    public, private = made.made("media") / "public" / "t0", made.made("media") / "private" / "t1"
    for folder in (public, private):
        folder.mkdir(parents=True)
    (public / "small.webp").write_bytes(b"0123456789" * 100)
    (public / "drawing.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    (public / "page.html").write_text("<script>alert(1)</script>")
    (public / ".secret").write_text("hidden")
    (public / "way-out").symlink_to("../../private/t1/original.jpg")
    (private / "original.jpg").write_bytes(b"private bytes")
    static = made.made("static")
    (static / "app.0123456789ab.js").write_text("console.log('hashed');" * 100)
    (static / "app.0123456789ab.js.gz").write_bytes(b"\x1f\x8b the compressed file as it lies there")
    (static / "module.mjs").write_text("export {};")
    (static / "icon.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    challenge = made.made("acme") / ".well-known" / "acme-challenge"
    challenge.mkdir(parents=True)
    (challenge / "proof").write_text("it is me")


def expect_nothing_of_gixy(stack: Stack, folder: Path) -> None:
    """Have gixy look at a configuration; it must find nothing."""
    dump = folder / f"{stack.name}.conf"
    dump.write_text(stack.inside("nginx", "-T").stdout)
    found = subprocess.run([BIN / "gixy", dump], capture_output=True, text=True, timeout=60, check=False)
    assert (found.returncode, "No issues found." in found.stdout) == (0, True), found.stdout + found.stderr
