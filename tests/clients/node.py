"""The clients' packages, installed once, and Node, which runs their programs."""

import fcntl
import hashlib
import os
import shutil
import subprocess
from pathlib import Path

from tests.pictures import picture
from tests.running.client import PASSWORD

HERE = Path(__file__).parent
INSTALL = ["npm", "install", "--no-package-lock", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
CLIENTS = ("apollo", "urql", "graphql-ws", "graphql-sse")


def install() -> None:
    """Install what package.json names, where that has not been done yet; another process of the run may be at it."""
    with (HERE / "package.json").open("rb") as wanted:
        fcntl.flock(wanted, fcntl.LOCK_EX)
        stamp = HERE / "node_modules" / ".installed"
        digest = hashlib.sha256(wanted.read()).hexdigest()
        if not stamp.exists() or stamp.read_text() != digest:
            shutil.rmtree(HERE / "node_modules", ignore_errors=True)
            subprocess.run(INSTALL, cwd=HERE, check=True, timeout=540)
            stamp.write_text(digest)
        for folder in ("relay/__generated__", "typescript/generated"):
            (HERE / folder).mkdir(exist_ok=True)


def run(*command: str, **environment: str) -> str:
    """Run a program under Node to its end, and return its output; fail where it does."""
    install()
    done = subprocess.run(
        ["node", *command],
        cwd=HERE,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def surroundings(site: str, email: str, folder: Path) -> dict[str, str]:
    """Return the environment of a client's program, which uploads a picture that is put into the folder."""
    (folder / "picture.jpg").write_bytes(picture())
    return {"SITE": site, "EMAIL": email, "PASSWORD": PASSWORD, "PICTURE": str(folder / "picture.jpg")}
