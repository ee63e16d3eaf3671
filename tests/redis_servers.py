"""Valkeys of a test's own: alone, with a replica, watched by a Sentinel, or behind TLS."""

import contextlib
import json
import os
import socket
import ssl
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import redis

from embedded.processes import Child
from embedded.stack import ROOT
from embedded.state import free_port
from embedded.valkey import binary

PASSWORD, SENTINEL_PASSWORD = "of-the-server", "of-the-sentinel"
SERVICE = "main"
USES = ("cache", "limits", "told", "sent", "queue")
NOBODY = 1  # a port that nobody listens on


@dataclass(frozen=True, kw_only=True)
class Server:
    """One process."""

    port: int
    child: Child
    password: str

    @property
    def url(self) -> str:
        return f"redis://:{self.password}@127.0.0.1:{self.port}/0"

    def client(self) -> redis.Redis:
        return redis.Redis(port=self.port, password=self.password, decode_responses=True)

    def answers(self) -> bool:
        with contextlib.suppress(redis.RedisError), self.client() as client:
            return bool(client.ping())
        return False

    def wait(self) -> None:
        wait_until(self.answers, why=self.child.log_end)


def wait_until(what: Callable[[], bool], *, seconds: float = 30, why: Callable[[], str] = str) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, why()
        time.sleep(0.02)


@contextlib.contextmanager
def server(
    folder: Path, name: str, *lines: str, password: str = PASSWORD, words: tuple[str, ...] = ()
) -> Iterator[Server]:
    """Run one with lines of configuration more."""
    own = folder / name
    own.mkdir()
    port = free_port()
    configuration = own / "server.conf"
    head = ["bind 127.0.0.1", f"port {port}", f"requirepass {password}", f"dir {own}", 'save ""']
    configuration.write_text("\n".join([*(head[:-1] if words else head), *lines]) + "\n")
    child = Child(name, [binary(), configuration, *words], log_path=own / "log", cwd=own)
    try:
        started = Server(port=port, child=child, password=password)
        started.wait()
        yield started
    finally:
        child.kill()


@dataclass(frozen=True, kw_only=True)
class Watched:
    """A primary and its replica, with the address by which the Sentinel is asked; another that it names is dead."""

    primary: Server
    replica: Server
    url: str


@contextlib.contextmanager
def watched(folder: Path) -> Iterator[Watched]:
    """Run a primary, a replica that has caught up, and a Sentinel that knows both."""
    with contextlib.ExitStack() as stack:
        signing = f"masterauth {PASSWORD}"
        primary = stack.enter_context(server(folder, "primary", signing))
        following = f"replicaof 127.0.0.1 {primary.port}"
        replica = stack.enter_context(server(folder, "replica", signing, following, "repl-diskless-sync-delay 0"))
        wait_until(lambda: info(replica)["master_link_status"] == "up")
        lines = [
            f"sentinel monitor {SERVICE} 127.0.0.1 {primary.port} 1",
            f"sentinel auth-pass {SERVICE} {PASSWORD}",
            f"sentinel down-after-milliseconds {SERVICE} 500",
            f"sentinel failover-timeout {SERVICE} 3000",
        ]
        own = {"password": SENTINEL_PASSWORD, "words": ("--sentinel",)}
        sentinel = stack.enter_context(server(folder, "sentinel", *lines, **own))  # type: ignore[arg-type]
        wait_until(lambda: knows_replica(sentinel))
        nodes = f"127.0.0.1:{NOBODY},127.0.0.1:{sentinel.port}"
        url = f"redis+sentinel://:{PASSWORD}@{nodes}/{SERVICE}/0?sentinel_password={SENTINEL_PASSWORD}"
        yield Watched(primary=primary, replica=replica, url=url)


def info(one: Server) -> dict[str, str]:
    with one.client() as client:
        found: dict[str, str] = client.info()
    return found


def knows_replica(sentinel: Server) -> bool:
    with sentinel.client() as client:
        return bool(client.execute_command("SENTINEL", "REPLICAS", SERVICE))


@contextlib.contextmanager
def behind_tls(port: int, context: ssl.SSLContext) -> Iterator[int]:
    """Listen with a certificate, and pass what comes on to a port without: as where a provider ends TLS before its Redis."""
    listening = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=accept, args=(listening, port, context), daemon=True).start()
    try:
        yield listening.getsockname()[1]
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()


def accept(listening: socket.socket, port: int, context: ssl.SSLContext) -> None:
    with contextlib.suppress(OSError):
        while True:
            threading.Thread(target=carry, args=(listening.accept()[0], port, context), daemon=True).start()


def carry(taken: socket.socket, port: int, context: ssl.SSLContext) -> None:
    """Carry one connection's bytes both ways, in turns: Redis answers, and tells what was subscribed."""
    with (
        contextlib.suppress(OSError),
        taken,
        context.wrap_socket(taken, server_side=True) as near,
        socket.create_connection(("127.0.0.1", port)) as far,
    ):
        near.settimeout(0.01)
        far.settimeout(0.01)
        while pass_on(near, far) and pass_on(far, near):
            pass


def pass_on(source: socket.socket, target: socket.socket) -> bool:
    """Carry what there is at once; tell whether the source is still there."""
    try:
        part = source.recv(65_536)
    except TimeoutError:
        return True
    target.settimeout(10)
    target.sendall(part)
    target.settimeout(0.01)
    return bool(part)


@contextlib.contextmanager
def user(folder: Path, url: str) -> Iterator[Child]:
    """Run what uses Redis, and a worker beside it."""
    environment = {**os.environ, "REDIS_URL": url, "DJANGO_SETTINGS_MODULE": "config.settings"}
    options = ["-I", "tests.config.slow_tasks", "-P", "solo", "-l", "warning", "--without-gossip", "--without-mingle"]
    commands: dict[str, list[str | Path]] = {
        "user": ["-m", "tests.config.redis_user", folder / "task"],
        "worker": ["-m", "celery", "--quiet", "-A", "config.celery", "worker", *options],
    }
    started = [
        Child(name, [sys.executable, *map(str, command)], log_path=folder / f"{name}.log", env=environment, cwd=ROOT)
        for name, command in commands.items()
    ]
    try:
        yield started[0]
    finally:
        for each in started:
            each.kill()


def rounds(folder: Path) -> list[dict[str, Any]]:
    text = (folder / "user.log").read_text()
    return [json.loads(line) for line in text.splitlines() if line.startswith("{") and line.endswith("}")]


def works_after(folder: Path, number: int) -> bool:
    """Tell whether there was a round since in which all was well, whose task was done as well."""
    return any(
        all(each[use] for use in USES) and (folder / f"task.{each['number']}").exists()
        for each in rounds(folder)
        if each["number"] > number
    )
