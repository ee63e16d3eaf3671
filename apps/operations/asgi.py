"""`/metrics`, answered ahead of Django. Whatever came through a proxy is told that there is no such page: nginx, too, refuses it."""

import asyncio

from apps.operations import metrics
from config.asgi_types import Application, Receive, Scope, Send, header

PATH = "/metrics"
# What a proxy adds. Prometheus asks the container itself, on the network of the data.
THROUGH_A_PROXY = (b"x-forwarded-for", b"forwarded", b"x-real-ip", b"via")


def answer_metrics(application: Application) -> Application:
    """Return `application` with the metrics in front."""

    async def answered(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] != PATH:
            await application(scope, receive, send)
        elif scope["method"] != "GET" or any(header(scope, name) is not None for name in THROUGH_A_PROXY):
            await answer(send, status=404, kind=b"text/plain", body=b"Not found.\n")
        else:
            # A thread of its own: Redis and the certificate are asked for, and an operation's threads may all be busy.
            body = await asyncio.get_running_loop().run_in_executor(None, metrics.as_text)
            await answer(send, status=200, kind=metrics.TYPE.encode(), body=body)

    return answered


async def answer(send: Send, *, status: int, kind: bytes, body: bytes) -> None:
    """Send a text that nobody keeps."""
    headers = [
        (b"content-type", kind),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
