"""`/health/live` and `/health/ready`, answered ahead of Django, whatever the Host header says."""

import asyncio
import json

from apps.health.dependencies import report
from config.asgi_types import Application, Receive, Scope, Send, send_json

NEVER_CACHED = [(b"cache-control", b"no-store")]


def answer_health(application: Application) -> Application:
    """Return `application` with the two health addresses in front."""

    async def answered(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] not in ("/health/live", "/health/ready"):
            await application(scope, receive, send)
        elif scope["path"] == "/health/live":
            await answer(send, status=200, body={"status": "ok"})
        else:
            await answer_ready(send)

    return answered


async def answer_ready(send: Send) -> None:
    """Say how each dependency is: 200 where all are up, else 503."""
    # A thread of its own, not Django's: those may all be waiting for the very database that is asked about.
    found = await asyncio.get_running_loop().run_in_executor(None, report)
    down = [name for name, answer in found.items() if answer["status"] != "up"]
    body: dict[str, object] = {"status": "unavailable" if down else "ok", "down": down, "dependencies": found}
    await answer(send, status=503 if down else 200, body=body)


async def answer(send: Send, *, status: int, body: dict[str, object]) -> None:
    """Send a JSON object that nobody keeps."""
    await send_json(send, status=status, body=json.dumps(body).encode(), headers=NEVER_CACHED)
