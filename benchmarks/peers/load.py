"""Asks a server by wrk: so many connections, each with its next request as soon as it has its answer."""

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.peers.documents import Request
from embedded.errors import OperatorError
from embedded.processes import run

SCRIPT = Path(__file__).with_name("load.lua")


@dataclass(frozen=True, kw_only=True)
class Load:
    """What came of it: answers, seconds, milliseconds that half of them and 99 in 100 took at most."""

    answers: int
    seconds: float
    p50: float
    p99: float


def require_wrk() -> str:
    """Return where wrk is; raises OperatorError where there is none."""
    found = shutil.which("wrk")
    if found is None:
        raise OperatorError(
            "Cannot find wrk, which asks the questions.", hint="On Debian and Ubuntu: apt-get install wrk"
        )
    return found


def write_requests(path: Path, requests: Sequence[Request], headers: Mapping[str, str]) -> None:
    """Write the requests for load.lua."""
    told = ", ".join(f"[ {quoted(name)} ] = {quoted(value)}" for name, value in headers.items())
    lines = [
        f"{{{quoted(each.method)}, {quoted(each.path)}, {quoted(each.body) if each.body else 'nil'}, {{{told}}}}},"
        for each in requests
    ]
    path.write_text("\n".join(["return {", *lines, "}"]) + "\n")


def quoted(text: str) -> str:
    """Return a string as Lua writes it."""
    return f"[==[{text}]==]"


def command(address: str, requests: Path, *, concurrency: int, seconds: float) -> list[str]:
    """Return wrk's command."""
    return [*wrk(address, SCRIPT, concurrency=concurrency, seconds=seconds), "--", str(requests)]


def wrk(address: str, script: Path, *, concurrency: int, seconds: float) -> list[str]:
    """Return the command that runs a script."""
    options = ["-t1", f"-c{concurrency}", f"-d{max(1, round(seconds))}s", "--timeout", "60s", "-s", str(script)]
    return [require_wrk(), *options, address]


def ask(address: str, requests: Path, *, concurrency: int, seconds: float) -> Load:
    """Ask for so long; raises OperatorError where an answer was refused or none came."""
    printed = run(command(address, requests, concurrency=concurrency, seconds=seconds))
    return parsed(printed)


def parsed(printed: str) -> Load:
    """Return what load.lua printed, behind wrk's own lines; raises OperatorError where answers are missing."""
    found = json.loads(printed.strip().splitlines()[-1])
    if found["refused"] or found["broken"]:
        raise OperatorError(
            f"{found['refused']} of {found['requests']} answers were refusals, and {found['broken']} did not come.",
            hint="To see the servers' logs: --logs FOLDER.",
        )
    return Load(answers=found["requests"], seconds=found["microseconds"] / 1e6, p50=found["p50"], p99=found["p99"])
