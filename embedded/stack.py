"""The whole system in a folder: PostgreSQL, Valkey, the web server and the worker, started, killed and restarted by name."""

import contextlib
import functools
import json
import os
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from embedded import left_over
from embedded.errors import OperatorError
from embedded.postgres import Postgres
from embedded.processes import Child, run
from embedded.server import Server
from embedded.signals import pause
from embedded.state import free_port
from embedded.valkey import Valkey

ROOT = Path(__file__).resolve().parent.parent
READY_SECONDS = 60
ASK_SECONDS = 5  # and for so long a signal may have to wait
WEB, WORKER = "web", "worker"
SERVERS: dict[str, type[Server]] = {"DATABASE_URL": Postgres, "REDIS_URL": Valkey}

Show = Callable[[str, str], None]


def web_command(port: int) -> list[str]:
    """Return the command of the web server, the one that production runs."""
    return [sys.executable, "-m", "config.serve", "-b", "127.0.0.1", "-p", str(port)]


def worker_command(folder: Path) -> list[str]:
    """Return the command of the worker, which keeps the schedule as well."""
    schedule = str(folder / "celerybeat-schedule")
    options = ["-B", "-s", schedule, "-c", "2", "-l", "warning", "--without-gossip", "--without-mingle"]
    # A machine of development's own, perhaps a container: that its worker is root's is no news there.
    quiet = ["-W", "ignore:You're running the worker with superuser"]
    return [sys.executable, *quiet, "-m", "celery", "--quiet", "-A", "config.celery", "worker", *options]


class Stack:
    """`folder` keeps data and logs. A server whose address is in `environment` already is used, not started."""

    def __init__(
        self,
        folder: Path,
        *,
        port: int = 0,
        environment: Mapping[str, str] | None = None,
        is_durable: bool = True,
        show: Show | None = None,
        commands: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        self.folder, self.port, self.show = folder, port or free_port(), show
        self.environment = dict(os.environ if environment is None else environment)
        self.servers: dict[str, Server] = {
            kind.name: kind(folder, is_durable=is_durable)
            for variable, kind in SERVERS.items()
            if not self.environment.get(variable) and not self.environment.get(f"{variable}_FILE")
        }
        self.commands = commands or {WEB: web_command(self.port), WORKER: worker_command(folder)}
        self.children: dict[str, Child] = {}

    @property
    def url(self) -> str:
        """Where the web server answers."""
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> "Stack":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start_servers(self) -> None:
        """Start PostgreSQL and Valkey side by side, and put their addresses into the environment."""
        for server in self.servers.values():
            server.begin()
        self.remember()
        for server in self.servers.values():
            server.finish()
        self.remember()  # again: one whose port was taken has been started anew
        self.name_servers()

    def join_servers(self) -> None:
        """Use the servers that another process of this clone has started."""
        for server in self.servers.values():
            server.join()
        self.name_servers()

    def name_servers(self) -> None:
        """Put the servers' addresses into the environment of what is started next."""
        for variable, kind in SERVERS.items():
            if kind.name in self.servers:
                self.environment[variable] = self.servers[kind.name].url

    def remember(self) -> None:
        """Write down what runs, for the next run, should this one be killed."""
        left_over.remember(self.folder, self.running())

    def running(self) -> list[Child]:
        """Return the processes that we started."""
        return [*self.children.values(), *(server.child for server in self.servers.values() if server.child)]

    def manage(self, *arguments: str) -> str:
        """Run a management command to its end; raises OperatorError where it fails."""
        return run([sys.executable, ROOT / "manage.py", *arguments], env=self.environment, cwd=ROOT)

    def start(self, name: str) -> None:
        """Start one of postgres, valkey, web and worker, also after it was killed."""
        if name in self.servers:
            self.servers[name].start()
        else:
            self.children[name] = self.started(name)
        self.remember()

    def started(self, name: str) -> Child:
        """Start the web server or the worker."""
        return Child(
            name,
            self.commands[name],
            log_path=self.folder / "logs" / f"{name}.log",
            env=self.environment,
            cwd=ROOT,
            show=functools.partial(self.show_line, name) if self.show else None,
        )

    def show_line(self, name: str, line: str) -> None:
        """Hand a line of a child's log to whoever shows it now."""
        if self.show:
            self.show(name, line)

    def kill(self, name: str) -> None:
        """Kill one of them, as a power cut would."""
        (self.servers[name] if name in self.servers else self.children.pop(name)).kill()

    def stop(self) -> None:
        """Stop what was started: first what needs the servers, all at once, then these."""
        is_ours = bool(self.running())
        for child in self.children.values():
            child.ask_to_stop()
        while self.children:
            self.children.popitem()[1].stop()
        for server in self.servers.values():
            server.stop()
        if is_ours:
            left_over.forget(self.folder)

    def wait_until_ready(self) -> None:
        """Wait until everything answers; raises OperatorError where a process ends, or it takes too long."""
        deadline = time.monotonic() + READY_SECONDS
        while not self.is_ready():
            self.require_alive()
            if time.monotonic() > deadline:
                raise OperatorError(
                    f"Cannot get ready within {READY_SECONDS} s: {self.readiness()}.",
                    hint=f"The logs are in {self.folder / 'logs'}.",
                )
            pause(0.1)

    def require_alive(self) -> None:
        """Raise OperatorError where one of the processes has ended by itself."""
        for child in self.running():
            if not child.is_running:
                raise OperatorError(
                    f"The {child.name} process ended with status {child.process.returncode}; everything was stopped.",
                    hint=f"The end of {child.log_path}:\n{child.log_end()}",
                )

    def is_ready(self) -> bool:
        """Tell whether readiness says 200 and the API answers."""
        return self.readiness() == "ok" and '"Query"' in self.ask("/graphql?query=%7B__typename%7D")

    def readiness(self) -> str:
        """Return what readiness says: ok, or what is down."""
        with contextlib.suppress(ValueError):
            answer = json.loads(self.ask("/health/ready"))
            return "ok" if answer["status"] == "ok" else f"down: {', '.join(answer['down'])}"
        return "no answer"

    def ask(self, path: str) -> str:
        """Return what the web server answers at a path, empty where it does not."""
        try:
            with urllib.request.urlopen(self.url + path, timeout=ASK_SECONDS) as response:  # noqa: S310 - our own loopback address
                return str(response.read().decode())
        except urllib.error.HTTPError as error:
            return error.read().decode()
        except OSError:
            return ""
