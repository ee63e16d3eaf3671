"""A host on which scripts/deploy.sh runs as a process of its own, to be killed. Docker and git are stand-ins with a memory."""

import contextlib
import http.server
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from config.environment_values import ROOT
from ops.deploy import first_time
from ops.deploy.site import Site

LIMIT_SECONDS = 30.0
# The secrets are their containers' users' files, which only root can make.
PROGRAM = """
import os
from ops.deploy.preflight import configuration
configuration.OWNERS = dict.fromkeys(configuration.OWNERS, os.getuid())
from ops.deploy.command import main
raise SystemExit(main())
"""
GIT = '#!/bin/sh\ncase "$*" in *rev-parse*) cat "$(dirname "$0")/../docker/commit" ;; esac\n'
BACKUP = "#!/bin/sh\nexec docker back up"
SERVERS = ("db", "redis", "nginx")


class Host:
    """The host's folder. In the beginning blue serves version one; what is checked out is version two."""

    def __init__(self, folder: Path, *, port: int) -> None:
        self.docker, self.root = folder / "docker", folder / "site"
        self.bin = folder / "bin"
        for path in (self.bin, self.docker / "running", self.docker / "images", self.root / "scripts"):
            path.mkdir(parents=True)
        shutil.copy(ROOT / "tests" / "ops" / "deploy" / "docker.sh", self.bin / "docker")
        self.script(self.bin / "git", GIT)
        self.script(self.bin / "python3", f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
        self.script(self.root / "scripts" / "backup.sh", BACKUP)
        (self.docker / "commit").write_text("two\n")
        (self.docker / "upstream").write_text("server web_blue:8000 resolve\n")
        (self.docker / "images" / "site-application:one").touch()
        for service in (*SERVERS, "web_blue", "worker", "scheduler"):
            (self.docker / "running" / service).write_text("site-application:one\n")
        self.site = Site(root=self.root)
        self.set_up(port)
        self.hold("nothing")

    def set_up(self, port: int) -> None:
        """Make what a first deploy has made."""
        shutil.copy(ROOT / ".env.prod", self.root)
        self.site.env_file.write_text(first_time.own_text(self.site, server_name="localhost"))
        self.site.env_file.chmod(0o600)
        self.site.change(
            USE_TLS="false",
            HTTP_PORT=str(port),
            COMPOSE_PROFILES="blue",
            APPLICATION_IMAGE="site-application:one",
            WEB_BLUE_IMAGE="site-application:one",
        )
        self.site.state.mkdir(mode=0o700)
        self.site.secrets.mkdir(mode=0o700)
        for name, text in first_time.new_secrets().items():
            (self.site.secrets / name).write_text(text)
            (self.site.secrets / name).chmod(0o600)

    @staticmethod
    def script(path: Path, text: str) -> None:
        """Write something to be run."""
        path.write_text(text)
        path.chmod(0o755)

    def hold(self, words: str) -> None:
        """Have Docker wait at the next command that has these words."""
        for name in ("held", "release", "passed"):
            (self.docker / name).unlink(missing_ok=True)
        (self.docker / "hold").write_text(words)

    def release(self) -> None:
        """Have it go on."""
        (self.docker / "release").touch()

    def wait_for(self, name: str) -> None:
        """Wait until the command waits (`held`), or has been let go and has ended (`passed`)."""
        deadline = time.monotonic() + LIMIT_SECONDS
        while not (self.docker / name).exists():
            assert time.monotonic() < deadline, name
            time.sleep(0.01)

    def begin(self, *words: str) -> "subprocess.Popen[str]":
        """Begin a deploy."""
        return self.python("-c", PROGRAM, *words)

    def python(self, *words: str) -> "subprocess.Popen[str]":
        """Begin a program of ours."""
        path = f"{self.bin}{os.pathsep}{os.environ['PATH']}"
        return subprocess.Popen(
            [sys.executable, *words],
            cwd=self.root,
            env={"PATH": path, "PYTHONPATH": str(ROOT), "HOME": str(self.root)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def deploy(self, *words: str) -> tuple[int, str]:
        """Deploy; return the status, and what was said."""
        return ended(self.begin(*words))

    @property
    def serving(self) -> str:
        """Return the image that nginx points at; empty where nobody answers there."""
        upstream = (self.docker / "upstream").read_text()
        service = upstream.split()[1].partition(":")[0]
        return self.running.get(service, "")

    @property
    def running(self) -> dict[str, str]:
        """Return what runs, and with which image."""
        return {path.name: path.read_text().strip() for path in (self.docker / "running").iterdir()}


def ended(process: "subprocess.Popen[str]", *, number: signal.Signals | None = None) -> tuple[int, str]:
    """Send a signal, or none; return the exit status, and what was said."""
    if number:
        process.send_signal(number)
    try:
        out, error = process.communicate(timeout=LIMIT_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        out, error = process.communicate()
    return process.returncode, out + error


@contextlib.contextmanager
def front_door(docker: Path) -> Iterator[int]:
    """Answer as nginx does; gives the port. A query is a command of Docker's, too, so that it can be held."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            running = sorted(path.name for path in (docker.parent.parent / "docker" / "running").iterdir())
            subprocess.run([docker, "front door", *running], check=True)
            body = b'{"data": {"__typename": "Query"}}'
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()
