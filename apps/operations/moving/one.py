"""Moves one file's content from one place to the other, and proves that it is there. Removes nothing that is not proven."""

import hashlib
from collections.abc import Callable
from threading import Event
from typing import Any, TypeVar

from config.media.moving import Either
from config.media.place import MediaAwayError

Answer = TypeVar("Answer")
PAUSES_SECONDS = (1, 2, 4, 8, 16, 30)


class OtherContentsError(Exception):
    """The new place has a file of that name with other contents, or did not keep what it was sent."""


def copied(name: str, *, old: Either, new: Either, is_there: bool, stop: Event) -> str | None:
    """Copy a file unless it is there; return the hash that it has in both places, None where it was deleted meanwhile.

    Raises OtherContentsError, OSError, and ValueError for a name that the new place can't have.
    """
    try:
        sha256 = patiently(lambda: stored(name, old=old, new=new, is_there=is_there), stop)
        found = patiently(lambda: new.sha256(name), stop)
    except FileNotFoundError:
        if patiently(lambda: old.exists(name), stop):
            raise
        return None
    if found != sha256:
        if not is_there:
            new.delete(name)
        raise OtherContentsError(name)
    # Who deletes a file does so in the old place first: it may have been gone before our copy came.
    if not patiently(lambda: old.exists(name), stop):
        new.delete(name)
        return None
    return sha256


def stored(name: str, *, old: Either, new: Either, is_there: bool) -> str:
    """Read a file, and store it unless it is there; return its hash."""
    with old.open(name) as opened:
        source: Any = opened.file
        sha256 = hashlib.file_digest(source, "sha256").hexdigest()
        if not is_there:
            source.seek(0)
            new.put(name, source)
    return sha256


def patiently(ask: Callable[[], Answer], stop: Event) -> Answer:
    """Ask again where the bucket does not answer, for a minute in all, unless it is to stop."""
    for pause in PAUSES_SECONDS:
        try:
            return ask()
        except MediaAwayError:
            if stop.wait(pause):
                raise
    return ask()
