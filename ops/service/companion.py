"""A command that runs for as long as the service does, such as what receives WAL: started again a while after it has ended."""

import logging
import threading
from collections.abc import Callable, Mapping, Sequence

from ops.service.process import END_SECONDS, Process

AGAIN_SECONDS = 10.0


class Companion:
    """The command in a thread of its own, which starts it: the kernel ends it when that thread ends."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        log: logging.Logger,
        mask: Callable[[str], str],
        environment: Mapping[str, str],
        stopping: threading.Event,
    ) -> None:
        self.command, self.log, self.mask, self.environment = command, log, mask, environment
        self.stopping = stopping
        self.thread = threading.Thread(target=self.run, name="companion", daemon=True)

    def start(self) -> None:
        """Have it run until the service stops."""
        self.thread.start()

    def run(self) -> None:
        """Run it again and again."""
        while not self.stopping.is_set():
            process = Process(self.command, log=self.log, mask=self.mask, environment=self.environment)
            outcome = process.finish(is_stopping=self.stopping.is_set, limit_seconds=float("inf"))
            if not self.stopping.is_set():
                self.log.warning(
                    "ended: %s It is started again in %d s", outcome.problem or "by itself.", AGAIN_SECONDS
                )
                self.stopping.wait(AGAIN_SECONDS)

    def leave(self) -> None:
        """Wait until it has ended, once the service stops."""
        if self.thread.is_alive():
            self.thread.join(END_SECONDS)
