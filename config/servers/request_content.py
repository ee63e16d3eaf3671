"""Hands a request's body to the application piece by piece. daphne has it in a file, and would put all of it in memory at once."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from config.asgi_types import Application, Message, Receive, Scope, Send

PIECE_BYTES = 256 * 1024
KEY = "slipway.content"


class Content:
    """A body in a file, in the place where daphne looks for it: there it finds nothing, so that it reads nothing ahead."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._is_read = False
        file.seek(0)

    @property
    def closed(self) -> bool:
        """Whether the client has gone."""
        return self._file.closed

    def close(self) -> None:
        """Remove the file."""
        self._file.close()

    def read(self, _size: int = -1) -> bytes:
        """Return nothing."""
        return b""

    async def next_message(self, receive: Receive) -> Message:
        """Return the body's next piece, and once there is no more what daphne tells: that the client has gone."""
        if not self._is_read and not self.closed:
            piece = self._file.read(PIECE_BYTES)
            self._is_read = len(piece) < PIECE_BYTES
            return {"type": "http.request", "body": piece, "more_body": not self._is_read}
        while (message := await receive())["type"] == "http.request":
            pass  # the nothing that it found
        return message


def with_content(application: Application) -> Application:
    """Return an application that reads its requests' bodies out of what `scope[KEY]` holds."""

    async def reading(scope: Scope, receive: Receive, send: Send) -> None:
        content: Content | None = scope.pop(KEY, None)
        if content is None:
            await application(scope, receive, send)
            return
        await application(scope, lambda: content.next_message(receive), send)

    return reading
