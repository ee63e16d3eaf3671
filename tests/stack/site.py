"""A production in a folder: a clone with a history of its own, deployed by scripts/deploy.sh and by nothing else."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from secrets import token_hex
from typing import Any

import psutil

from config.environment_values import ROOT
from embedded.state import free_port
from ops.deploy.site import Site
from tests.docs.documents import Command, commands
from tests.embedded.clone import wait_until
from tests.embedded.conftest import is_gone
from tests.stack.compose import KEPT, NOT_COPIED, ended

RUNBOOK = ROOT / "deployment instructions.md"
DEPLOY_SECONDS = 1800  # the first builds the images
AUTHOR = ("-c", "user.name=Ada", "-c", "user.email=ada@example.com")


class Production:
    """The host's folder and what is asked of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "pro duction"  # a blank in a path is where command lines break
        shutil.copytree(ROOT, self.folder, ignore=shutil.ignore_patterns(".git", "secrets", ".deploy", *ignored()))
        self.http_port, self.https_port = free_port(), free_port()
        self.site = Site(root=self.folder)
        self.project = f"slipway-test-{token_hex(4)}"
        self.environment = {name: os.environ[name] for name in KEPT if name in os.environ}
        self.git("init", "--quiet")
        self.commit("Start")
        self.git("clone", "--quiet", "--bare", ".", str(folder / "origin.git"))
        self.git("remote", "add", "origin", str(folder / "origin.git"))
        self.git("fetch", "--quiet", "origin")
        self.git("branch", "--quiet", "--set-upstream-to", f"origin/{self.git('branch', '--show-current')}")

    @property
    def url(self) -> str:
        """Where nginx answers."""
        return f"https://localhost:{self.https_port}"

    def git(self, *words: str) -> str:
        """Run git in the folder."""
        return self.run("git", *AUTHOR, *words).stdout.strip()

    def commit(self, message: str) -> str:
        """Commit what has changed, or nothing; return the version."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", message)
        return self.version

    @property
    def version(self) -> str:
        """What is checked out."""
        return self.git("rev-parse", "--short=12", "HEAD")

    def run(
        self, *command: str, check: bool = True, seconds: float = DEPLOY_SECONDS
    ) -> subprocess.CompletedProcess[str]:
        """Run a command in the folder."""
        found = ended(command, folder=self.folder, environment=self.environment, seconds=seconds)
        assert not check or found.returncode == 0, found.stdout + found.stderr
        return found

    def publish(self, message: str) -> str:
        """Commit, for somebody else's clone: here it comes by `git pull`. Return the version."""
        version = self.commit(message)
        self.git("push", "--quiet")
        self.git("reset", "--quiet", "--hard", "HEAD~1")
        return version

    def text(self, name: str) -> str:
        """Return a file's text as it was published last."""
        return self.git("show", f"@{{upstream}}:{name}") + "\n"

    def broken(self, files: Mapping[str, str]) -> str:
        """Commit what was published last with other files, build its image as a layer over the one that serves; return the version."""
        base = f"{self.project}-application:{self.serving()}"
        self.git("reset", "--quiet", "--hard", "@{upstream}")
        context = self.folder.parent / f"layer-{token_hex(4)}"
        context.mkdir()
        for name, text in files.items():
            for path in (self.folder / name, context / name):
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
        version = self.commit(f"Broken {token_hex(4)}")
        lines = [f"FROM {base}", "USER 0:0", "COPY . /app/"]
        if files:
            lines.append(f"RUN python -m compileall -q -f --invalidation-mode unchecked-hash {' '.join(files)}")
        (context / "Dockerfile").write_text("\n".join([*lines, "USER 10001:10001\n"]))
        self.run("docker", "build", "--quiet", "--tag", f"{self.project}-application:{version}", str(context))
        return version

    def by_the_runbook(
        self, title: str, *, first: int = 0, last: int | None = None, replaced: Mapping[str, str] | None = None
    ) -> str:
        """Run the commands of a section of the runbook, as they stand but for what is named; return what they said."""
        said = ""
        for command in in_section(title)[first:last]:
            text = command.text
            for there, here in {"api.example.com": "localhost", **(replaced or {})}.items():
                text = text.replace(there, here)
            found = self.run("bash", "-euo", "pipefail", "-c", text)
            said += found.stdout + found.stderr
        return said

    def deploy(self, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run scripts/deploy.sh."""
        return self.run("scripts/deploy.sh", *words, check=check)

    @contextlib.contextmanager
    def begun(self, *words: str) -> Iterator["Begun"]:
        """Have a deploy run beside the test."""
        found = Begun(self, *words)
        try:
            yield found
        finally:
            found.process.kill()
            found.process.wait()

    def prepare(self, **values: str) -> None:
        """Make env file and secrets, and set some values."""
        self.by_the_runbook("First deploy", last=1)
        self.site.change(**self.own(), **values)

    def own(self) -> dict[str, str]:
        """Return the values that no other production on this machine may have."""
        ports = {"HTTP_PORT": str(self.http_port), "HTTPS_PORT": str(self.https_port)}
        return {"COMPOSE_PROJECT_NAME": self.project, "PUBLISH_ADDRESS": "127.0.0.1", "SITE_URL": self.url, **ports}

    def compose(self, *words: str, check: bool = True) -> str:
        """Run `docker compose` as an operator does: the env file says all."""
        return self.run("docker", "compose", *words, check=check).stdout

    def psql(self, sql: str) -> str:
        """Ask the database."""
        return self.compose("exec", "-T", "db", "psql", "-X", "-U", "postgres", "-d", "slipway", "-Atc", sql)

    @contextlib.contextmanager
    def transaction(self, sql: str) -> Iterator[None]:
        """Be in a transaction in which something was done."""
        command = [
            "docker",
            "compose",
            "exec",
            "-T",
            "db",
            "psql",
            "-X",
            "-q",
            "-U",
            "postgres",
            "-d",
            "slipway",
            "-At",
        ]
        with subprocess.Popen(
            command, cwd=self.folder, env=self.environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as client:
            assert client.stdin
            assert client.stdout
            client.stdin.write(f"BEGIN;\n{sql};\n")
            client.stdin.flush()
            assert client.stdout.readline()
            yield
            client.stdin.close()  # it is taken back

    def history(self) -> list[dict[str, Any]]:
        """Return what is written down."""
        found: list[dict[str, Any]] = json.loads(self.deploy("--history", "--json").stdout)
        return found

    def colour(self) -> str:
        """Return the colour that nginx points at."""
        upstream = self.compose("exec", "-T", "nginx", "cat", "/etc/nginx/conf.d/upstream.inc")
        return "green" if "web_green" in upstream else "blue"

    def serving(self) -> str:
        """Return the version that nginx points at."""
        return self.site.version_of(self.colour())

    def web_servers(self) -> list[str]:
        """Return the colours that run."""
        running = self.compose("ps", "--services", "--status", "running").split()
        return [name for name in running if name.startswith("web_")]

    def containers(self, service: str) -> int:
        """Return how many of a service run."""
        return len(self.compose("ps", "--quiet", "--status", "running", service).split())

    def remove(self) -> None:
        """Remove all of it."""
        if self.site.is_set_up:
            self.compose("--profile", "*", "down", "--volumes", "--timeout", "5", "--remove-orphans", check=False)
        for volume in self.run("docker", "volume", "ls", "-q", "--filter", f"name={self.project}_").stdout.split():
            self.run("docker", "volume", "rm", volume, check=False)  # an upgrade of PostgreSQL leaves the old one
        names = self.run(
            "docker", "image", "ls", "--format", "{{.Repository}}:{{.Tag}}", f"{self.project}-*"
        ).stdout.split()
        if names:
            self.run("docker", "image", "rm", *names, check=False)


class Begun:
    """A deploy that runs beside the test."""

    def __init__(self, production: Production, *words: str) -> None:
        self.log = production.folder.parent / f"deploy-{token_hex(4)}.log"
        with self.log.open("w") as file:
            self.process = subprocess.Popen(
                ["scripts/deploy.sh", *words],
                cwd=production.folder,
                env=production.environment,
                stdout=file,
                stderr=file,
            )

    def wait_for(self, words: str, *, seconds: float = DEPLOY_SECONDS) -> None:
        """Wait until it has said something."""
        deadline = time.monotonic() + seconds
        while words not in self.said:
            assert self.process.poll() is None, self.said
            assert time.monotonic() < deadline, self.said
            time.sleep(0.05)

    @property
    def said(self) -> str:
        """All that it has said."""
        return self.log.read_text()

    def end(self, number: signal.Signals) -> int:
        """Send it a signal; return its exit status."""
        self.process.send_signal(number)
        return self.process.wait(DEPLOY_SECONDS)

    def kill(self) -> None:
        """Kill it outright. Docker goes on with what it was told; return when that has ended."""
        children = [child.pid for child in psutil.Process(self.process.pid).children(recursive=True)]
        self.end(signal.SIGKILL)
        wait_until(lambda: all(map(is_gone, children)), seconds=DEPLOY_SECONDS)


def in_section(title: str) -> list[Command]:
    """Return the commands below one of the runbook's titles."""
    lines = RUNBOOK.read_text(encoding="utf-8").splitlines()
    starts = [number for number, line in enumerate(lines, start=1) if line.startswith("## ")]
    begin = lines.index(f"## {title}") + 1
    end = min((number for number in starts if number > begin), default=len(lines))
    return [command for command in commands(RUNBOOK) if begin <= command.line < end]


def ignored() -> list[str]:
    """Return the patterns that no copy of the project has."""
    names = [".venv", ".data", ".env", ".ruff_cache", ".mypy_cache", ".pytest_cache", "__pycache__", "node_modules"]
    assert NOT_COPIED("", names) == set(names)
    return [*names, ".hypothesis"]
