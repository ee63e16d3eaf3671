"""A copy of the project, worked with by its command line as at a terminal."""

import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

import psutil

from embedded.state import free_port

# What the test run itself has in its environment must not reach the copy.
KEPT = ("PATH", "HOME", "LANG", "TMPDIR")
START_SECONDS = 60


class Clone:
    """The copy, and the `run` that was started in it."""

    def __init__(self, root: Path) -> None:
        self.root, self.data, self.port = root, root / ".data", free_port()
        self.environment = {name: os.environ[name] for name in KEPT if name in os.environ} | {"PORT": str(self.port)}
        self.started: list[subprocess.Popen[str]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def begin(self, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        """Start a command, and return at once."""
        log = (self.root / "terminal.log").open("w")
        with log:
            self.started.append(
                subprocess.Popen(
                    [sys.executable, "-m", "embedded", *arguments],
                    cwd=self.root,
                    env=self.environment | environment,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    text=True,
                )
            )
        return self.started[-1]

    def command(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a command without a terminal to its end."""
        return subprocess.run(
            [sys.executable, "-m", "embedded", *arguments],
            cwd=self.root,
            env=self.environment | environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=START_SECONDS,
            check=False,
        )

    def run(self) -> subprocess.Popen[str]:
        """Start everything, and return when it says that it runs."""
        process = self.begin("run")
        wait_until(lambda: "Ctrl-C ends it" in self.terminal() or process.poll() is not None, seconds=START_SECONDS)
        assert process.poll() is None, self.terminal()
        return process

    def terminal(self) -> str:
        """Return what the last command that was begun has printed."""
        return (self.root / "terminal.log").read_text()

    def get(self, path: str) -> str:
        """Return what the web server answers."""
        with urllib.request.urlopen(self.url + path, timeout=10) as response:
            return str(response.read().decode())

    def processes(self) -> list[str]:
        """Return the command lines of all processes that work in the copy."""
        found = []
        for process in psutil.process_iter(["cmdline", "cwd"]):
            words = [*(process.info["cmdline"] or []), process.info["cwd"] or ""]
            if any(str(self.root) in word for word in words):
                found.append(" ".join(words))
        return found

    def end(self) -> None:
        """End what still runs."""
        for process in self.started:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
            process.wait(timeout=30)


def wait_until(is_so: Callable[[], bool], *, seconds: float = 15) -> None:
    """Wait until something is so; fail where it takes too long."""
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, f"not so within {seconds} s"
        time.sleep(0.1)
