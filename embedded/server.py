"""What PostgreSQL and Valkey have in common: a folder, a port, a password, and being started, found, killed and stopped."""

import abc
import time
from pathlib import Path
from typing import ClassVar

from embedded.errors import OperatorError
from embedded.processes import Child
from embedded.signals import pause
from embedded.state import ServerState, free_port

START_SECONDS = 30
TRIES = 5
PAUSE_SECONDS = 0.3


class Server(abc.ABC):
    """Its data are in `folder/<name>`, its port and password in `folder/<name>.json`, its log in `folder/logs`."""

    name: ClassVar[str]
    title: ClassVar[str]

    def __init__(self, folder: Path, *, is_durable: bool = True) -> None:
        self.folder, self.is_durable = folder, is_durable
        self.data_folder, self.state_path = folder / self.name, folder / f"{self.name}.json"
        self.log_path = folder / "logs" / f"{self.name}.log"
        self.state = ServerState.of(self.state_path)
        self.child: Child | None = None

    @property
    @abc.abstractmethod
    def url(self) -> str:
        """The address that the application gets, with the password."""

    @abc.abstractmethod
    def answers(self) -> bool:
        """Tell whether this very server, with its password, answers."""

    @abc.abstractmethod
    def make_ready(self) -> None:
        """Make what the server needs before it can start."""

    @abc.abstractmethod
    def launch(self) -> Child:
        """Start the server's process on `state.port`."""

    def complete(self) -> None:  # noqa: B027 - not every server has such
        """Make what can only be made in a server that runs."""

    def begin(self) -> None:
        """Start the server where it does not run already; `finish` waits for it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        if self.answers():
            return
        self.kill()
        self.make_ready()
        self.state = self.state.with_port(free_port(self.state.port))
        self.state.save(self.state_path)
        self.child = self.launch()

    def finish(self) -> None:
        """Wait until the server answers; start it again where it ended, for its port may have been taken since our look."""
        deadline = time.monotonic() + START_SECONDS
        for _ in range(TRIES):
            if self.wait(deadline=deadline):
                self.complete()
                return
            if time.monotonic() > deadline:
                break
            pause(PAUSE_SECONDS)
            self.begin()
        end = self.child.log_end() if self.child else ""
        self.kill()
        raise OperatorError(f"Cannot start {self.title}.", hint=f"The end of {self.log_path}:\n{end}")

    def start(self) -> None:
        """Start the server and wait for it."""
        self.begin()
        self.finish()

    def join(self) -> None:
        """Wait for the server that another process starts; raises OperatorError where it does not come."""
        deadline = time.monotonic() + START_SECONDS
        while not self.answers():
            if time.monotonic() > deadline:
                raise OperatorError(
                    f"Cannot reach {self.title}, which another process of this clone should have started.",
                    hint="python -m embedded stop",
                )
            pause(PAUSE_SECONDS)
            self.state = ServerState.of(self.state_path)

    def wait(self, *, deadline: float) -> bool:
        """Return whether the server answers, as soon as that is known."""
        while time.monotonic() < deadline and (self.child is None or self.child.is_running):
            if self.answers():
                return True
            pause(0.03)
        return False

    def stop(self) -> None:
        """Stop the server where we started it."""
        if self.child is not None:
            self.child.stop()
            self.child = None

    def kill(self) -> None:
        """Kill the server as a power cut would, where we started it."""
        if self.child is not None:
            self.child.kill()
            self.child = None
