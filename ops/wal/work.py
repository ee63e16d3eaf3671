"""Work that goes on beside the receiver in a thread of its own: again and again, with its failure told once and then tried anew."""

import threading
from collections.abc import Callable

from ops.errors import OperatorError

PAUSE_SECONDS, AFTER_FAILURE_SECONDS = 0.2, 5.0


class Work:
    """One thing that is done until it is told to end. `problem` is what the last try said."""

    def __init__(
        self, what: str, do: Callable[[], object], *, say: Callable[[str], None], pause_seconds: float = PAUSE_SECONDS
    ) -> None:
        self.what, self.do, self.say, self.pause_seconds = what, do, say, pause_seconds
        self.problem = ""
        self.is_ending = threading.Event()
        self.thread = threading.Thread(target=self.run, name=what, daemon=True)

    def start(self) -> None:
        """Begin."""
        self.thread.start()

    def run(self) -> None:
        """Do it until the end."""
        while not self.is_ending.wait(AFTER_FAILURE_SECONDS if self.problem else self.pause_seconds):
            self.once()

    def once(self) -> None:
        """Do it once; tell a failure, and its end."""
        try:
            self.do()
        except OperatorError as error:
            self.fail(f"{error.args[0]}", error.hint)
        except OSError as error:
            self.fail(f"Cannot {self.what}: {error.filename or ''}: {error.strerror}.", "See the disk: df -h")
        except Exception as error:  # noqa: BLE001 - a bug: told, and tried anew, since WAL must not stop in silence
            self.fail(f"Cannot {self.what}: {error!r}.", "It is tried again.")
        else:
            if self.problem:
                self.say(f"Well again: {self.what}")
            self.problem = ""

    def fail(self, problem: str, hint: str) -> None:
        """Note a failure."""
        if problem != self.problem:
            self.say(f"{problem}\n hint: {hint}")
        self.problem = problem

    def end(self, *, seconds: float) -> None:
        """Have it end after what it does now."""
        self.is_ending.set()
        self.thread.join(seconds)
