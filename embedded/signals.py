"""Turns Ctrl-C, `kill` and a closed terminal into one exception, once, and only where we wait.

Not where the signal finds us: raised between a fork and the line that remembers the child, it would leave that behind; raised in a
destructor, Python would print and forget it.
"""

import os
import select
import signal
import time
from types import FrameType

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(BaseException):
    """We were told to end. Like KeyboardInterrupt no error, and nothing that an `except Exception` may swallow."""


class Wish:
    """The wish that we end, as a pipe: a signal handler may write to it, and who waits on it is woken."""

    def __init__(self) -> None:
        self.pipe: tuple[int, int] | None = None

    def listen(self) -> None:
        """Take note from now on."""
        self.pipe = self.pipe or os.pipe()

    def note(self, number: int, frame: FrameType | None) -> None:
        """Take note of the first signal, and of no other: what follows is brief."""
        del number, frame
        ignore_signals()
        if self.pipe:
            os.write(self.pipe[1], b"!")

    def comes_within(self, seconds: float) -> bool:
        """Wait; tell whether the wish came meanwhile, or had come before. It is told once."""
        if self.pipe is None:
            time.sleep(seconds)
            return False
        came = bool(select.select([self.pipe[0]], [], [], seconds)[0])
        if came:
            os.read(self.pipe[0], 1)
        return came


WISH = Wish()


def stop_on_signals() -> None:
    """Have `pause` raise Stopped after the first signal that ends a program."""
    WISH.listen()
    for each in ENDING:
        signal.signal(each, WISH.note)


def pause(seconds: float) -> None:
    """Wait; raises Stopped at once where a signal comes, or has come. Whatever waits in a loop waits with this."""
    if WISH.comes_within(seconds):
        raise Stopped


def ignore_signals() -> None:
    """Let nothing interrupt what comes now: the orderly end."""
    for each in ENDING:
        signal.signal(each, signal.SIG_IGN)


def leave_interrupt_to_child() -> None:
    """Do nothing at Ctrl-C: a command that has the terminal gets it too, and it is meant for that one alone.

    A handler, not SIG_IGN, which the command would inherit.
    """

    def do_nothing(number: int, frame: FrameType | None) -> None:
        del number, frame

    signal.signal(signal.SIGINT, do_nothing)
