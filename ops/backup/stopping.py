"""What SIGTERM, SIGINT and SIGHUP do to a command: it ends in order, its programs are ended, what is unfinished is removed."""

import contextlib
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

from ops.errors import DONE, OperatorError, StoppedError

AGAIN_SECONDS = 0.01
ENDING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class Asked:
    """The error that a signal has asked for, until it is raised for good.

    An error raised in a signal's handler is lost where that interrupts a destructor, or a hook of the interpreter, as those around a
    fork are: Python prints and forgets it. That is noticed, and it is raised again a moment later.
    """

    error: StoppedError | None = None


def handler(consequence: str, *, hint: str) -> Callable[[int, FrameType | None], None]:
    """Return a signal's handler that raises StoppedError; a second signal would cut the order short, and is ignored."""

    def stop(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - the signature is Python's
        for each in ENDING:
            signal.signal(each, signal.SIG_IGN)
        message = f"Cannot go on: {signal.Signals(number).name} came. {consequence}".strip()
        Asked.error = StoppedError(message, hint=hint)
        raise Asked.error

    return stop


def again(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - the signature is Python's
    """Raise the error that was lost."""
    if Asked.error is not None:
        raise Asked.error


@contextlib.contextmanager
def undisturbed() -> Iterator[Callable[[], None]]:
    """Keep signals waiting to the end of the block, or to where it calls what it is given, which is for the first thread alone.

    For what an error must not come up in: it takes errors for its own, holds locks, or would tell an end as one before it. Not by a
    mask, which is one thread's: the kernel would give the signal to another. In another thread no signal's error comes up.
    """
    is_first = threading.current_thread() is threading.main_thread()
    came: list[int] = []
    before: dict[int, Any] = {}

    def note(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - the signature is Python's
        came.append(number)

    def hear() -> None:
        if came:
            give_back()
            signal.raise_signal(came.pop(0))

    def give_back() -> None:
        for each, handler_before in before.items():
            if signal.getsignal(each) is note:
                signal.signal(each, handler_before)

    try:
        for each in (*ENDING, signal.SIGALRM) if is_first else ():
            before[each] = signal.getsignal(each)
            signal.signal(each, note)
        yield hear
    finally:
        give_back()
        hear()


@contextlib.contextmanager
def in_order(stop: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    """Have that handler in the block."""
    before_hook = sys.unraisablehook

    def lost(unraisable: "sys.UnraisableHookArgs") -> None:
        if Asked.error is not None and unraisable.exc_value is Asked.error:
            signal.setitimer(signal.ITIMER_REAL, AGAIN_SECONDS)
        else:
            before_hook(unraisable)

    # Who began us with nohup wants us to outlive the terminal.
    ending = [each for each in ENDING if each != signal.SIGHUP or signal.getsignal(each) != signal.SIG_IGN]
    Asked.error = None
    before = {each: signal.signal(each, stop) for each in ending}
    before[signal.SIGALRM] = signal.signal(signal.SIGALRM, again)
    sys.unraisablehook = lost
    try:
        yield
    finally:
        sys.unraisablehook = before_hook
        signal.setitimer(signal.ITIMER_REAL, 0)
        Asked.error = None
        for each, handler_before in before.items():
            signal.signal(each, handler_before)


def ended(stop: Callable[[int, FrameType | None], None], verb: Callable[[], str]) -> int:
    """Run a verb, which signals end; print its result, if it has one, or an operator's error; return the exit status."""
    try:
        with in_order(stop):
            if text := verb():
                sys.stdout.write(f"{text}\n")
    except (OperatorError, StoppedError) as error:
        sys.stderr.write(f"{error}\n")
        return error.status
    return DONE
