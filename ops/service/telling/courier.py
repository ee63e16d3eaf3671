"""Sends what is to be told, one after the other, in a thread of its own: a host that does not answer keeps no job waiting."""

import logging
import queue
import threading
import time
from collections.abc import Callable

LEAVE_SECONDS = 10.0
log = logging.getLogger("telling")


class UntoldError(Exception):
    """Something could not be sent; the message has no secret in it."""


class Courier:
    """A queue of things to send, each with a name for the log."""

    def __init__(self) -> None:
        self.queue: queue.Queue[tuple[str, Callable[[], None]]] = queue.Queue()
        threading.Thread(target=self.work, name="courier", daemon=True).start()

    def send(self, what: str, deliver: Callable[[], None]) -> None:
        """Have it delivered, soon."""
        self.queue.put((what, deliver))

    def work(self) -> None:
        """Deliver for ever."""
        while True:
            what, deliver = self.queue.get()
            try:
                deliver()
            except UntoldError as error:
                log.warning("Cannot send %s: %s", what, error)
            except Exception:
                log.exception("Cannot send %s", what)
            finally:
                self.queue.task_done()

    def leave(self, seconds: float = LEAVE_SECONDS) -> None:
        """Wait until all is sent, but not for long."""
        deadline = time.monotonic() + seconds
        while self.queue.unfinished_tasks and time.monotonic() < deadline:
            time.sleep(0.05)
