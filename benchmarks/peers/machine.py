"""Words about the machine and about what was measured on it: nothing that names the machine itself."""

import json
import os
import platform
import re
from collections.abc import Sequence
from pathlib import Path

import psutil

from benchmarks.peers import installing
from embedded.errors import OperatorError
from embedded.processes import run

# In each peer's folder, the packages whose versions matter.
PACKAGES = (
    "django",
    "strawberry-graphql-django",
    "strawberry-graphql",
    "graphene-django",
    "ariadne",
    "graphql-core",
    "psycopg",
    "uvicorn",
    "gunicorn",
    "orjson",
)


def machine() -> str:
    """Return a sentence about processor, memory and system."""
    memory = psutil.virtual_memory().total / 2**30
    return (
        f"{processor()}, {len(os.sched_getaffinity(0))} logical processors, {memory:.0f} GiB, "
        f"{system()} (Linux {platform.release().split('-')[0]}), Python {platform.python_version()}"
    )


def processor(path: Path = Path("/proc/cpuinfo")) -> str:
    """Return the processor's name as the kernel tells it."""
    found = re.search(r"^model name\s*:\s*(.+)$", path.read_text(), re.MULTILINE)
    return found[1].strip() if found else platform.machine()


def system() -> str:
    """Return the distribution's name."""
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except OSError:
        return platform.system()


def versions(folders: Sequence[str]) -> list[str]:
    """Return a line for each peer: what is installed in its folder."""
    return [f"{name}: {', '.join(installed(installing.INSTALLED / name))}" for name in sorted(set(folders) - {""})]


def installed(folder: Path) -> list[str]:
    """Return a folder's packages with their versions."""
    if (found := folder / "node_modules" / "postgraphile" / "package.json").exists():
        return [
            f"postgraphile {json.loads(found.read_text())['version']}",
            f"Node.js {run([installing.node(folder), '--version']).strip()}",
        ]
    listed = {}
    for each in folder.glob("lib/python*/site-packages/*.dist-info"):
        name, _, version = each.name.removesuffix(".dist-info").partition("-")
        listed[name.replace("_", "-").lower()] = version
    if not listed:
        raise OperatorError(
            f"Cannot find what is installed in {folder}.", hint=f"Remove that folder: it is made anew. rm -r {folder}"
        )
    return [f"{name} {listed[name]}" for name in PACKAGES if name in listed]
