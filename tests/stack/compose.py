"""The stack in containers, in a copy of the project that nobody has touched: what a newcomer has after `git clone`."""

import json
import os
import shutil
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from secrets import token_hex
from typing import Any

from config.environment_values import ROOT
from embedded.state import free_port

KEPT = ("PATH", "HOME", "DOCKER_HOST", "DOCKER_CONFIG")  # what the test run itself has must not reach Compose
NOT_COPIED = shutil.ignore_patterns(".venv", ".data", ".env", ".*_cache", "__pycache__", "node_modules")
UP_SECONDS = 420  # the first builds the images
HEALTHY_SECONDS = 240  # a start takes 10 s, and ten times that where as many others work


def ended(
    command: Sequence[str | Path], *, folder: Path, environment: Mapping[str, str], seconds: float
) -> subprocess.CompletedProcess[str]:
    """Run a command without a terminal to its end."""
    return subprocess.run(
        command,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )


class Compose:
    """One project of Docker Compose. `files` go over docker-compose.yml; `environment` is what a `.env` would say."""

    def __init__(self, folder: Path, *, files: tuple[Path, ...] = (), **environment: str) -> None:
        self.folder = folder / "slip way"  # a blank in a path is where command lines break
        shutil.copytree(ROOT, self.folder, ignore=NOT_COPIED)
        self.files = [self.folder / "docker-compose.yml", *files]
        self.http_port, self.https_port = free_port(), free_port()
        self.project = f"slipway-test-{token_hex(4)}"
        self.environment = {name: os.environ[name] for name in KEPT if name in os.environ} | {
            "COMPOSE_PROJECT_NAME": self.project,
            "APPLICATION_IMAGE": f"{self.project}-application",
            "HTTP_PORT": str(self.http_port),
            "HTTPS_PORT": str(self.https_port),
            **environment,
        }

    @property
    def is_tls(self) -> bool:
        """Whether the stack is to be reached over TLS."""
        return self.environment.get("USE_TLS") == "true"

    @property
    def url(self) -> str:
        """Where nginx answers."""
        return f"https://localhost:{self.https_port}" if self.is_tls else f"http://localhost:{self.http_port}"

    def run(
        self, *arguments: str, check: bool = True, seconds: float = HEALTHY_SECONDS
    ) -> subprocess.CompletedProcess[str]:
        """Run `docker compose` to its end; fail with what it said where it fails and `check` is true."""
        files = [word for file in self.files for word in ("-f", str(file))]
        command = ["docker", "compose", *files, *arguments]
        found = ended(command, folder=self.folder, environment=self.environment, seconds=seconds)
        assert not check or found.returncode == 0, found.stdout + found.stderr + self.why(arguments)
        return found

    @property
    def on_the_host(self) -> dict[str, str]:
        """The environment of an operator, which says which files make the stack."""
        return self.environment | {"COMPOSE_FILE": os.pathsep.join(str(path) for path in self.files)}

    def script(
        self, name: str, *arguments: str, check: bool = True, seconds: float = UP_SECONDS
    ) -> subprocess.CompletedProcess[str]:
        """Run a script of ours on the host, as an operator does."""
        command: list[str | Path] = [self.folder / "scripts" / name, *arguments]
        found = ended(command, folder=self.folder, environment=self.on_the_host, seconds=seconds)
        assert not check or found.returncode == 0, found.stdout + found.stderr
        return found

    def why(self, arguments: tuple[str, ...]) -> str:
        """Return the end of the logs, where a start failed."""
        return self.run("logs", "--tail", "30", check=False).stdout if arguments[0] == "up" else ""

    def up(self, *services: str) -> None:
        """Start, and wait until everything is healthy."""
        self.run("up", "-d", "--wait", *services, seconds=UP_SECONDS)

    def down(self) -> None:
        """Remove containers, networks, volumes and the images of this project."""
        self.run("--profile", "*", "down", "--volumes", "--timeout", "5", "--remove-orphans", check=False)
        images = [self.environment["APPLICATION_IMAGE"], f"{self.project}-nginx", f"{self.project}-backup"]
        subprocess.run(["docker", "image", "rm", *images], capture_output=True, check=False)

    def config(self) -> dict[str, Any]:
        """Return what Compose makes of its files."""
        found: dict[str, Any] = json.loads(self.run("config", "--format", "json").stdout)
        return found

    def services(self) -> list[str]:
        """Return the names of the services."""
        return sorted(self.run("config", "--services").stdout.split())

    def inspect(self, service: str) -> dict[str, Any]:
        """Return what Docker knows of a service's container."""
        identity = self.run("ps", "-aq", service).stdout.split()
        assert identity, f"{service} has no container"
        told = subprocess.run(["docker", "inspect", identity[0]], capture_output=True, text=True, check=True).stdout
        found: dict[str, Any] = json.loads(told)[0]
        return found

    def execute(self, service: str, *command: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a command in a service's container."""
        return self.run("exec", "-T", service, *command, check=check)

    def manage(self, *arguments: str) -> str:
        """Run a management command in the web container."""
        return self.execute("web", "python", "manage.py", *arguments).stdout

    def health(self) -> dict[str, str]:
        """Return how each service's container is, healthy or not, by one command: it is asked often."""
        told = self.run("ps", "--all", "--format", "json").stdout
        return {(seen := json.loads(line))["Service"]: seen["Health"] or seen["State"] for line in told.splitlines()}

    def wait_until_healthy(self, seconds: float = HEALTHY_SECONDS) -> None:
        """Wait until all services are healthy again."""
        deadline, healthy = time.monotonic() + seconds, dict.fromkeys(self.services(), "healthy")
        while (found := self.health()) != healthy:
            assert time.monotonic() < deadline, f"{found} after {seconds} s\n{self.why(('up',))}"
            time.sleep(0.5)

    def kill(self, service: str) -> None:
        """Kill a service's process from outside, as running out of memory would: `docker kill` would count as a wish."""
        os.kill(self.inspect(service)["State"]["Pid"], 9)

    def log(self, service: str) -> str:
        """Return what a service has logged."""
        return self.run("logs", "--no-log-prefix", service).stdout
