"""Ends what is done for a client that has closed its connection."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from api.refusals import ClientGoneError

if TYPE_CHECKING:
    from types import TracebackType

    from config.asgi_types import Receive

# Most operations are over by then, and need nobody to look after their client.
LOOK_AFTER_SECONDS = 0.2


class CancelledWhenGone:
    """Around what is done for a request whose body has been read: raises ClientGoneError in it once the client has gone."""

    def __init__(self, receive: Receive, *, after_seconds: float = LOOK_AFTER_SECONDS) -> None:
        self._receive, self._after_seconds = receive, after_seconds
        self._watcher: asyncio.Task[None] | None = None
        self._is_gone = False

    def __enter__(self) -> None:
        self._task: asyncio.Task[Any] | None = asyncio.current_task()
        self._alarm = asyncio.get_running_loop().call_later(self._after_seconds, self._begin)

    def _begin(self) -> None:
        self._watcher = asyncio.ensure_future(self._watch())

    async def _watch(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        if self._task:
            self._is_gone = True
            self._task.cancel()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._alarm.cancel()
        if self._watcher:
            self._watcher.cancel()
        if self._is_gone and kind is asyncio.CancelledError and self._task:
            self._task.uncancel()
            raise ClientGoneError from None
