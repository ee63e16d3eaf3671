"""Turns Ctrl-C, `kill` and a closed terminal into one exception, once."""

import signal
from types import FrameType

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(BaseException):
    """We were told to end. Like KeyboardInterrupt no error, and nothing that an `except Exception` may swallow."""


def stop_on_signals() -> None:
    """Raise Stopped in the main thread at the first signal that ends a program, and ignore the others: what follows is brief."""

    def stop(number: int, frame: FrameType | None) -> None:
        del number, frame
        ignore_signals()
        raise Stopped

    for each in ENDING:
        signal.signal(each, stop)


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
