"""Starts the servers that are asked, one process each, and stops them."""

import contextlib
import os
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.peers import front, installing
from benchmarks.peers.checking import UNVERIFIED
from benchmarks.peers.servers import SERVERS_BY_KEY, Server
from embedded.errors import OperatorError
from embedded.processes import Child
from embedded.signals import pause
from embedded.stack import ROOT
from embedded.state import free_port

START_SECONDS = 60


@dataclass(frozen=True, kw_only=True)
class Running:
    """A server that runs: where it answers, and the processes that it takes for it."""

    server: Server
    address: str
    children: tuple[Child, ...]

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.address.rpartition(":")[2])


@contextlib.contextmanager
def running(servers: Sequence[Server], *, environment: Mapping[str, str], logs: Path) -> Iterator[dict[str, Running]]:
    """Start all, hand them over by their keys, and stop them whatever happens."""
    folders = {server.key: installing.install(server.folder) if server.folder else ROOT for server in servers}
    started: dict[str, Running] = {}
    try:
        for server in servers:
            start(server, started, environment=environment, folder=folders[server.key], logs=logs)
        for each in started.values():
            wait_until_it_answers(each)
        yield {server.key: started[server.key] for server in servers if server.key in started}
    finally:
        stop(started.values())


def stop(started: Iterable[Running]) -> None:
    """Ask all to end, then see to it that they do."""
    children = {child.name: child for each in started for child in each.children}.values()
    for child in children:
        child.ask_to_stop()
    for child in children:
        child.stop(timeout_seconds=5)


def start(
    server: Server, started: dict[str, Running], *, environment: Mapping[str, str], folder: Path, logs: Path
) -> None:
    """Start a server on a free port, and put it among those that are started; what it shares is started before it."""
    if not server.shares:
        port = free_port()
        told = {**os.environ, **environment, **server.environment, "PORT": str(port)}
        child = Child(server.key, server.command(port, folder), log_path=logs / f"{server.key}.log", env=told, cwd=ROOT)
        started[server.key] = Running(server=server, address=f"http://127.0.0.1:{port}", children=(child,))
        return
    if server.shares not in started:
        start(SERVERS_BY_KEY[server.shares], started, environment=environment, folder=folder, logs=logs)
    if not server.is_behind_nginx:
        started[server.key] = replace(started[server.shares], server=server)
    elif front.program():
        started[server.key] = before(started[server.shares], server, logs=logs)
    else:
        sys.stderr.write(f"Leaving out {server.title}: there is no nginx.\n hint: apt-get install nginx-light\n")


def before(behind: Running, server: Server, *, logs: Path) -> Running:
    """Start nginx before a server."""
    port = free_port()
    child = front.start(server.key, port=port, behind=behind.port, logs=logs)
    return Running(server=server, address=f"https://127.0.0.1:{port}", children=(child, *behind.children))


def wait_until_it_answers(started: Running) -> None:
    """Wait for any HTTP answer; raises OperatorError where the process ends, or it takes too long."""
    deadline = time.monotonic() + START_SECONDS
    while not answers(started.address):
        if not all(child.is_running for child in started.children) or time.monotonic() > deadline:
            raise OperatorError(
                f"Cannot start {started.server.title}.", hint=f"The end of its log:\n{started.children[0].log_end()}"
            )
        pause(0.1)


def answers(address: str) -> bool:
    """Tell whether something speaks HTTP there."""
    try:
        urllib.request.urlopen(address, timeout=5, context=UNVERIFIED).close()  # noqa: S310 - loopback
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True
