"""Looks at the host: programs, memory, disk, ports, the site's name."""

import re
import shutil
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

from ops.deploy.hands import Hands
from ops.deploy.preflight.findings import Finding, error, ok, warning
from ops.deploy.site import Site

OLDEST_COMPOSE = (2, 24)
OLDEST_PYTHON = (3, 11)
MEGABYTE = 1_000_000
IMAGE_BYTES = 600 * MEGABYTE  # a version's layers above what the one before has, and what a build needs meanwhile
SPARE_BYTES = 500 * MEGABYTE
MEMORY_NAMES = {
    "WEB_MEMORY": ("512m", 2),  # both colours, while a deploy runs
    "WORKER_MEMORY": ("768m", 1),
    "SCHEDULER_MEMORY": ("256m", 1),
    "DB_MEMORY": ("1g", 1),
    "REDIS_MEMORY": ("256m", 1),
    "NGINX_MEMORY": ("128m", 1),
}
UNITS = {"": 1, "b": 1, "k": 1024, "m": 1024**2, "g": 1024**3}


def programs(hands: Hands) -> Iterator[Finding]:
    """Look for Docker, Compose and this Python."""
    server = hands.asked(["docker", "version", "--format", "{{.Server.Version}}"])
    if server is None:
        yield error("Docker", "does not answer", hint="Install it, start it, and give yourself the right: docker info")
        return
    yield ok("Docker", server.strip())
    compose = (hands.asked(["docker", "compose", "version", "--short"]) or "").strip().removeprefix("v")
    numbers = tuple(int(number) for number in re.findall(r"\d+", compose)[:2])
    if numbers < OLDEST_COMPOSE:
        yield error("Compose", f"is {compose or 'not there'}", hint="Install Docker Compose 2.24 or newer.")
    else:
        yield ok("Compose", compose)
    python = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info < OLDEST_PYTHON:
        yield error("Python", f"is {python}", hint="Install Python 3.11 or newer, as python3.")
    else:
        yield ok("Python", python)


def memory(site: Site, *, meminfo: Path = Path("/proc/meminfo")) -> Iterator[Finding]:
    """Compare the containers' limits with what there is."""
    wanted = sum(
        size_of(site.value(name, default)) * times * int(site.value(name.replace("MEMORY", "REPLICAS"), "1"))
        for name, (default, times) in MEMORY_NAMES.items()
        if site.present([name.removesuffix("_MEMORY").lower()])
    )
    found = re.search(r"^MemTotal: +(\d+) kB", meminfo.read_text(encoding="utf-8"), re.MULTILINE)
    there = int(found[1]) * 1024 if found else 0
    fact = f"{there // 1024**2} MB; the containers may use {wanted // 1024**2} MB while both colours run"
    if there < wanted:
        yield warning("memory", fact, hint="Lower the limits in .env (WEB_MEMORY and its companions), or add memory.")
    else:
        yield ok("memory", fact)


def size_of(text: str) -> int:
    """Return a container's memory limit in bytes, 0 where the text is none."""
    found = re.fullmatch(r"(\d+)([bkmg]?)b?", text.strip().lower())
    return int(found[1]) * UNITS[found[2]] if found else 0


def disk(site: Site, hands: Hands, *, database_bytes: int) -> Iterator[Finding]:
    """Compare what is free where Docker keeps its data with what the image and the next backup take."""
    folder = Path((hands.asked(["docker", "info", "--format", "{{.DockerRootDir}}"]) or "").strip() or "/")
    while not folder.exists():
        folder = folder.parent
    free = min(shutil.disk_usage(folder).free, shutil.disk_usage(site.root).free)
    # The set itself, and the scratch server that it is restored into.
    needed = IMAGE_BYTES + SPARE_BYTES + 2 * database_bytes
    fact = f"{free // MEGABYTE} MB free for images and backups, {needed // MEGABYTE} MB needed"
    if free < needed:
        yield error("disk", fact, hint="Make room: docker image prune; docker builder prune; and see df -h")
    else:
        yield ok("disk", fact)


def ports(site: Site, *, is_serving: bool) -> Iterator[Finding]:
    """Try to listen where nginx will, unless it does already."""
    for name, default in (("HTTP_PORT", "80"), ("HTTPS_PORT", "443")):
        port = site.value(name, default)
        if is_serving:
            yield ok(name, f"{port}, where our nginx listens")
            continue
        try:
            with socket.create_server((site.value("PUBLISH_ADDRESS"), int(port))):
                yield ok(name, f"{port} is free")
        except PermissionError:
            yield ok(name, f"{port}, which Docker may listen on and we may not")
        except OSError as problem:
            hint = f"See who listens: ss -ltnp 'sport = :{port}' - and stop it, or set {name} to another."
            yield error(name, f"{port} is taken: {problem.strerror}", hint=hint)


def name_service(site: Site, *, server_name: str) -> Iterator[Finding]:
    """Look each of the site's names up."""
    for name in (site.value("SERVER_NAME") or server_name).split() or [""]:
        addresses = addresses_of(name)
        if addresses:
            yield ok("DNS", f"{name} is {', '.join(addresses)}")
        else:
            hint = "Add an A record, and an AAAA record, for this host."
            yield warning("DNS", f"{name or 'the site'} has no address", hint=hint)


def addresses_of(name: str) -> list[str]:
    """Return a name's addresses; none where it has none."""
    try:
        return sorted({str(found[4][0]) for found in socket.getaddrinfo(name, None)}) if name else []
    except OSError:
        return []
