"""Runs the site as a whole in a folder: own PostgreSQL and Valkey, migrations, server, worker."""

import os
import sys
import time
from pathlib import Path

import httpx

from config.environment import development_values
from embedded.postgres import Postgres
from embedded.processes import Child, run
from embedded.state import free_port
from embedded.valkey import Valkey

ROOT = Path(__file__).resolve().parent.parent.parent
START_SECONDS = 30


class Site:
    """The running system; `url` is where it answers."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port(0)
        self.url = f"http://127.0.0.1:{self.port}"
        self.postgres = Postgres(folder, is_durable=False)
        self.valkey = Valkey(folder, is_durable=False)
        self.children: list[Child] = []

    def start(self) -> None:
        """Start all of it and wait until it answers."""
        self.valkey.begin()
        self.postgres.start()
        self.valkey.finish()
        run([sys.executable, "manage.py", "migrate", "--verbosity=0"], env=self.environment(), cwd=ROOT)
        schedule = self.folder / "celerybeat-schedule"
        self.begin("worker", "celery", "-A", "config", "worker", "-B", "-s", str(schedule), "-c", "2", "-l", "warning")
        self.begin("web", "daphne", "-b", "127.0.0.1", "-p", str(self.port), "config.asgi:application")
        self.wait()

    def begin(self, name: str, module: str, *arguments: str) -> None:
        """Start one of the application's processes."""
        command = [sys.executable, "-m", module, *arguments]
        log_path = self.folder / "logs" / f"{name}.log"
        self.children.append(Child(name, command, log_path=log_path, env=self.environment(), cwd=ROOT))

    def environment(self) -> dict[str, str]:
        """Return the environment that the application runs in: development's."""
        return {
            **os.environ,
            **development_values(),
            "ENV_FILE": "",
            "DATABASE_URL": self.postgres.url,
            "REDIS_URL": self.valkey.url,
            "MEDIA_ROOT": str(self.folder / "media"),
            "SITE_URL": self.url,
        }

    def wait(self) -> None:
        """Wait until the site is ready; raises TimeoutError with the end of the server's log."""
        deadline = time.monotonic() + START_SECONDS
        while not self.is_ready():
            if time.monotonic() > deadline:
                raise TimeoutError(f"The site is not ready after {START_SECONDS} s.\n{self.children[-1].log_end()}")
            time.sleep(0.1)

    def is_ready(self) -> bool:
        """Tell whether the server answers and a worker listens."""
        try:
            return httpx.get(f"{self.url}/health/ready", timeout=5).status_code == httpx.codes.OK
        except httpx.HTTPError:
            return False

    def stop(self) -> None:
        """End all of it."""
        for child in reversed(self.children):
            child.stop()
        self.postgres.stop()
        self.valkey.stop()
