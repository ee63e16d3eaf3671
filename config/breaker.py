"""A server that does not answer is left alone for a moment: each caller would else wait for it again."""

import time

OPEN_SECONDS = 1.0


class Breaker:
    """Remembers until when trying is pointless. One for each server and process; a torn read costs one try more or less."""

    def __init__(self) -> None:
        self._closed_at = 0.0

    @property
    def is_open(self) -> bool:
        """Whether the server did not answer a moment ago."""
        return time.monotonic() < self._closed_at

    def open(self) -> None:
        """Keep callers away for a while."""
        self._closed_at = time.monotonic() + OPEN_SECONDS
