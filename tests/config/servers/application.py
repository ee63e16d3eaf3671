"""A small ASGI application that takes its time, for real servers to serve."""

import asyncio
import time
from urllib.parse import parse_qs

from config.asgi_types import Receive, Scope, Send

LARGE_BYTES = 30_000_000


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer `/slow`, `/thread`, `/hold-up`, `/stream` (each with `?seconds=1`), `/echo`, `/large`, `/key` and `/unchanged`.

    Over a WebSocket, echo.
    """
    if scope["type"] == "websocket":
        await talk(receive, send)
    elif scope["type"] == "http":
        await answer(scope, receive, send)


async def answer(scope: Scope, receive: Receive, send: Send) -> None:
    seconds = float(parse_qs(scope["query_string"].decode()).get("seconds", ["0"])[0])
    body = await body_of(receive)
    if scope["path"] == "/stream":
        await stream(send, seconds=seconds)
        return
    if scope["path"] == "/unchanged":
        await send({"type": "http.response.start", "status": 304, "headers": [(b"etag", b'W/"one"')]})
        await send({"type": "http.response.body", "body": b""})
        return
    if scope["path"] == "/hold-up":
        time.sleep(seconds)  # a mistake, which the server has to survive
    elif scope["path"] == "/thread":
        await asyncio.to_thread(time.sleep, seconds)
    else:
        await asyncio.sleep(seconds)
    key = dict(scope["headers"]).get(b"x-shared-cache-key", b"")
    content = {"/echo": body, "/large": b"x" * LARGE_BYTES, "/key": key}.get(scope["path"], b"done")
    length = (b"content-length", str(len(content)).encode())
    await send({"type": "http.response.start", "status": 200, "headers": [length]})
    await send({"type": "http.response.body", "body": content})


async def body_of(receive: Receive) -> bytes:
    body = b""
    while True:
        message = await receive()
        body += bytes(message.get("body", b""))
        if not message.get("more_body"):
            return body


async def stream(send: Send, *, seconds: float) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    for _ in range(10):
        await asyncio.sleep(seconds / 10)
        await send({"type": "http.response.body", "body": b"part ", "more_body": True})
    await send({"type": "http.response.body", "body": b"end"})


async def talk(receive: Receive, send: Send) -> None:
    await receive()
    await send({"type": "websocket.accept"})
    while (message := await receive())["type"] == "websocket.receive":
        await send({"type": "websocket.send", "text": message["text"]})
