"""Holds back messages until a WebSocket's client has taken those before: servers keep any number of them in memory.

Every so many messages the client is asked for a sign of life, by the protocol's own ping, and nothing more is sent before its
pong. So what waits anywhere between us and a client that reads slowly is bounded, whichever server serves.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

UNHEARD_MAX = 64


class Flow:
    """Counts what was sent since the client was last heard of."""

    def __init__(self, tell: Callable[[Mapping[str, Any]], Awaitable[None]]) -> None:
        self._tell = tell
        self._unheard = 0
        self._is_heard = asyncio.Event()
        self._is_heard.set()

    async def wait(self) -> None:
        """Return once one more message may be sent."""
        await self._is_heard.wait()
        self._unheard += 1
        if self._unheard >= UNHEARD_MAX:
            self._is_heard.clear()
            await self._tell({"type": "ping"})

    def hear(self) -> None:
        """Take note of a pong."""
        self._unheard = 0
        self._is_heard.set()
