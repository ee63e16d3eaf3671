"""`make bench-cache`: answers that nginx has kept, beside static files of the same bytes, by the same nginx, in turn; with wrk.

In containers, asked at their own address on this machine. The application is a stub: it is asked once for each answer.
"""

import argparse
import gzip
import re
import secrets
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil

from embedded.processes import run
from tests.nginx.containers import ROOT, Stack, docker, stack

RATES: dict[str, Any] = {
    "NGINX_RATE_PER_SECOND": "100000",
    "NGINX_RATE_BURST": "100000",
    "NGINX_MAX_CONNECTIONS": "10000",
}
FILE = "answer.0123456789ab.json"  # as static files are called whose name has a hash
PLACE = "/graphql?do=share&expires=3600&padding={padding}&extensions=%7B%7D"
HEAD = [
    "| what | static file, requests/s | hit, requests/s | ratio | static file, µs | hit, µs | ratio |",
    "| --- |" + " --- |" * 6,
]


@dataclass(frozen=True, kw_only=True)
class Measured:
    """How many requests were answered in a second, and how many microseconds of nginx's processor each took."""

    per_second: float
    microseconds: float


def main() -> int:
    """Measure, and print the table."""
    options = parser().parse_args()
    if not shutil.which("wrk"):
        sys.stderr.write("error: Cannot measure without wrk.\n hint: apt-get install wrk\n")
        return 1
    sys.stdout.write("\n".join([*HEAD, *rows(options)]) + "\n")
    return 0


def parser() -> argparse.ArgumentParser:
    """Return what reads the command line."""
    root = argparse.ArgumentParser(prog="python -m benchmarks.cache", description=__doc__)
    root.add_argument("--rounds", type=int, default=5, help="how often each is asked, in turn (default: 5)")
    root.add_argument("--seconds", type=int, default=3, help="for how long (default: 3)")
    root.add_argument("--connections", type=int, default=16, help="over how many connections (default: 16)")
    root.add_argument("--bytes", type=int, nargs="+", default=[1000, 6000, 60_000], help="how long answers are")
    return root


def rows(options: argparse.Namespace) -> Iterator[str]:
    """Yield the table's rows."""
    image = f"slipway-bench-nginx:{secrets.token_hex(4)}"
    docker("build", "--quiet", "--tag", image, str(ROOT / "nginx"), timeout=300)
    try:
        with folder() as path, stack(image, path, **RATES) as made:
            for size in options.bytes:
                for encoding in ("", "gzip"):
                    yield row(made, options, size=size, encoding=encoding)
    finally:
        docker("rmi", image, check=False)


@contextmanager
def folder() -> Iterator[Path]:
    """Yield a folder that nginx's user may look into."""
    with tempfile.TemporaryDirectory(prefix="slipway-cache-") as made:
        Path(made).chmod(0o755)
        yield Path(made)


def row(made: Stack, options: argparse.Namespace, *, size: int, encoding: str) -> str:
    """Return the row of one size: the answer is kept, and put beside it as a file, then both are asked for in turn."""
    base = address_of(made)
    kept = base + PLACE.format(padding=size)
    headers = ["-H", f"Accept-Encoding: {encoding}"] if encoding else []
    body = fetched(kept, encoding)
    for path, content in ((FILE, body), (f"{FILE}.gz", gzip.compress(body, 5, mtime=0))):
        (made.made("static") / path).write_bytes(content)
    time.sleep(1.1)  # for a second nginx may show the file before (open_file_cache_valid)
    asked: dict[str, list[Measured]] = {f"{base}/static/{FILE}": [], kept: []}
    for _ in range(options.rounds):
        for place, measured in asked.items():
            measured.append(load(made, place, headers, options))
    static, hit = asked.values()
    what = f"{len(body)} bytes, {'compressed' if encoding else 'as they are'}"
    speeds = [statistics.median(each.per_second for each in measured) for measured in (static, hit)]
    costs = [statistics.median(each.microseconds for each in measured) for measured in (static, hit)]
    ratios = [
        statistics.median(one.per_second / other.per_second for one, other in zip(hit, static, strict=True)),
        statistics.median(one.microseconds / other.microseconds for one, other in zip(hit, static, strict=True)),
    ]
    return f"| {what} | {speeds[0]:.0f} | {speeds[1]:.0f} | {ratios[0]:.2f} | {costs[0]:.0f} | {costs[1]:.0f} | {ratios[1]:.2f} |"


def address_of(made: Stack) -> str:
    """Return where nginx's container is, without what Docker puts in between for a port."""
    template = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}"
    address = docker("inspect", "--format", template, made.nginx).stdout.strip()
    return f"http://{address}:8080"


def fetched(place: str, encoding: str) -> bytes:
    """Return an answer once nginx has kept it, not compressed."""
    for _ in range(20):
        answer = httpx.get(
            place, headers={"Host": "localhost", "Accept-Encoding": encoding or "identity", "Accept": ""}
        )
        if answer.headers["cache-status"] == "nginx; hit":
            return answer.content
        time.sleep(0.1)
    raise RuntimeError(f"nginx does not keep {place}: {answer.headers}")


def load(made: Stack, place: str, headers: list[str], options: argparse.Namespace) -> Measured:
    """Have wrk ask, and return what came of it."""
    command = [
        "wrk",
        "-t1",
        f"-c{options.connections}",
        f"-d{options.seconds}s",
        "-H",
        "Host: localhost",
        *headers,
        place,
    ]
    before = processor_seconds(made)
    said = run(command)
    spent = processor_seconds(made) - before
    if "Non-2xx" in said or "Socket errors" in said:
        raise RuntimeError(said)
    (answered,) = re.findall(r"(\d+) requests in", said)
    (per_second,) = re.findall(r"Requests/sec:\s+([\d.]+)", said)
    return Measured(per_second=float(per_second), microseconds=spent * 1_000_000 / int(answered))


def processor_seconds(made: Stack) -> float:
    """Return what nginx has used of the processor."""
    process = psutil.Process(int(docker("inspect", "--format", "{{.State.Pid}}", made.nginx).stdout))
    times = [each.cpu_times() for each in (process, *process.children(recursive=True))]
    return sum(each.user + each.system for each in times)


if __name__ == "__main__":
    sys.exit(main())
