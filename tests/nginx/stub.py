"""Stands in for the application behind nginx: tells what it was sent, and answers as the query string's `do` says.

Runs in a container with nothing but Python: `python stub.py`. Not an example of a server: it trusts nginx's requests to be whole.
"""

import asyncio
import base64
import gzip
import hashlib
import itertools
import json
import os
from collections import Counter
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

ACCEPT_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
connections = itertools.count(1)
signed: dict[str, str] = json.loads(
    os.environ.get("SIGNED", "{}")
)  # by method and path: what fetches a file from the bucket
asked = Counter[str]()  # how often, by method and path
answers = itertools.count(1)
heads_seen: dict[str, int] = {}  # by the query's `mark`: how many bytes of that request's body have come so far


@dataclass
class Request:
    """A request's head; its body is read by `body`."""

    method: str
    target: str
    headers: list[tuple[str, str]]
    connection: int
    query: dict[str, str]

    def header(self, name: str) -> str:
        """Return a header's value, or nothing."""
        return next((value for key, value in self.headers if key.lower() == name), "")


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer one connection's requests until it closes."""
    connection = next(connections)
    try:
        while request := await read_head(reader, connection):
            await answer(request, reader, writer)
    except (ConnectionError, asyncio.IncompleteReadError):
        pass
    finally:
        writer.close()


async def read_head(reader: asyncio.StreamReader, connection: int) -> Request | None:
    """Return the next request, or None at the connection's end."""
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    except asyncio.IncompleteReadError:
        return None
    first, *lines = head.split("\r\n")
    method, target, _ = first.split(" ")
    headers = [(name, value.strip()) for name, _, value in (line.partition(":") for line in lines if line)]
    return Request(method, target, headers, connection, dict(parse_qsl(urlsplit(target).query)))


async def answer(request: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Do what the query string says, else tell what was sent."""
    doing = {
        "sse": send_events,
        "websocket": speak_websocket,
        "accel": send_accel,
        "headers": send_headers,
        "seen": send_seen,
        "asked": send_asked,
        "share": send_shared,
    }
    what = f"{request.method} {request.target.partition('?')[0]}"
    asked[what] += 1
    if request.target == "/health/live":
        await respond(writer, body={"status": "ok"})
    elif what in signed:
        await send_from_bucket(signed[what], writer)
    elif signed and request.target.startswith("/media/public/"):
        await respond(writer, body={}, status=404)
    elif request.query.get("do") in doing:
        await doing[request.query["do"]](request, reader, writer)
    else:
        await echo(request, reader, writer)


async def echo(request: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Tell what was sent."""
    size = await read_body(request, reader)
    told = {
        "method": request.method,
        "target": request.target,
        "headers": request.headers,
        "body_bytes": size,
        "connection": request.connection,
        "padding": "x" * int(request.query.get("padding", "0")),
    }
    await respond(
        writer,
        status=int(request.query.get("status", "200")),
        body=told,
        headers=[("X-Request-ID", request.header("x-request-id")), ("X-Frame-Options", "SAMEORIGIN")],
    )


async def send_shared(request: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Send an answer for the shared cache as the query says, with a number of its own; compressed, where nginx wants it so."""
    told = {
        "X-Accel-Expires": request.query.get("expires", ""),
        "Cache-Control": request.query.get("control", "public, max-age=60"),
        "ETag": request.query.get("etag", ""),
        "Set-Cookie": request.query.get("cookie", ""),
        "Vary": "Accept, Authorization, Cookie",
        "Date": "Mon, 01 Jan 2024 00:00:00 GMT",
        "Content-Encoding": request.header("accept-encoding"),
    }
    headers = [(name, value) for name, value in told.items() if value]
    number = next(answers)
    if told["ETag"] and request.header("if-none-match") == told["ETag"]:
        await respond(writer, body=None, status=304, headers=headers)
        return
    body = {
        "number": number,
        "key": request.header("x-shared-cache-key"),
        "padding": hashlib.shake_128(b"any").hexdigest(int(request.query.get("padding", "0")) // 2),
    }
    await respond(writer, body=body, headers=headers)


async def send_headers(request: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Send the headers that the application sends on its pages."""
    headers = [
        ("X-Frame-Options", "SAMEORIGIN"),
        ("X-Content-Type-Options", "nosniff"),
        ("Referrer-Policy", "no-referrer"),
        ("Cross-Origin-Opener-Policy", "unsafe-none"),
        ("Content-Security-Policy", "default-src 'self'"),
        ("Strict-Transport-Security", "max-age=1"),
        ("X-Request-ID", request.header("x-request-id")),
    ]
    await respond(writer, body={}, headers=headers)


async def send_seen(request: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Tell how much has come of the request with the given mark; -1 for nothing, not even its head."""
    await respond(writer, body={"bytes": heads_seen.get(request.query["mark"], -1)})


async def send_asked(request: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Tell how often a path was asked for."""
    await respond(writer, body={"times": asked[request.query["what"]]})


async def send_from_bucket(what: str, writer: asyncio.StreamWriter) -> None:
    """Have nginx send a file from the bucket, as the application does."""
    is_private = "/private/" in what
    headers = [
        ("X-Accel-Redirect", "/-/bucket"),
        ("X-Bucket-Request", what),
        ("Cache-Control", "private, no-cache" if is_private else "public, max-age=31536000, immutable"),
        ("Content-Security-Policy", "default-src 'none'; sandbox"),
        ("Content-Disposition", 'inline; filename="file"'),
    ]
    kind = "text/html" if ".html" in what else "image/jpeg" if is_private else "image/webp"
    await respond(writer, body=None, headers=headers, content_type=kind)


async def send_accel(request: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Have nginx send a private file."""
    headers = [
        ("X-Accel-Redirect", request.query["path"]),
        ("Cache-Control", "private, no-cache"),
        ("Content-Security-Policy", "default-src 'none'; sandbox"),
        ("X-Content-Type-Options", "nosniff"),
        ("X-Frame-Options", "DENY"),
        ("Content-Disposition", 'inline; filename="original.jpg"'),
        ("X-Request-ID", request.header("x-request-id")),
    ]
    await respond(writer, body=None, headers=headers, content_type="image/jpeg")


async def send_events(request: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Send three events, half a second apart."""
    await read_body(request, reader)
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {request.query.get('type', 'text/event-stream')}\r\nTransfer-Encoding: chunked\r\n\r\n"
    writer.write(head.encode())
    for number in range(3):
        event = f"data: {number}\n\n"
        writer.write(f"{len(event):x}\r\n{event}\r\n".encode())
        await writer.drain()
        await asyncio.sleep(0.5)
    writer.write(b"0\r\n\r\n")
    await writer.drain()


async def speak_websocket(request: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Shake hands and send every byte back, frames and all."""
    digest = hashlib.sha1((request.header("sec-websocket-key") + ACCEPT_GUID).encode()).digest()
    accept = base64.b64encode(digest).decode()
    head = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    writer.write(f"{head}Sec-WebSocket-Accept: {accept}\r\n\r\n".encode())
    while some := await reader.read(65_536):
        writer.write(some)
        await writer.drain()


async def read_body(request: Request, reader: asyncio.StreamReader) -> int:
    """Read the body, telling on the way how far it has come, and return its size."""
    mark = request.query.get("mark", "")
    heads_seen[mark] = 0
    if request.header("transfer-encoding") == "chunked":
        while size := int((await reader.readline()).split(b";")[0], 16):
            await reader.readexactly(size + 2)
            heads_seen[mark] += size
        await reader.readline()
        return heads_seen[mark]
    left = int(request.header("content-length") or 0)
    while left:
        some = await reader.read(min(left, 65_536))
        if not some:
            raise asyncio.IncompleteReadError(b"", left)
        left -= len(some)
        heads_seen[mark] += len(some)
    return heads_seen[mark]


async def respond(
    writer: asyncio.StreamWriter,
    *,
    body: dict[str, Any] | None,
    status: int = 200,
    headers: list[tuple[str, str]] | None = None,
    content_type: str = "application/json",
) -> None:
    """Send a JSON object, or nothing."""
    content = b"" if body is None else json.dumps(body).encode()
    if ("Content-Encoding", "gzip") in (headers or []):
        content = gzip.compress(content, 5)
    lines = [f"HTTP/1.1 {status} Stub", f"Content-Type: {content_type}", f"Content-Length: {len(content)}"]
    lines += [f"{name}: {value}" for name, value in headers or []]
    writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + content)
    await writer.drain()


async def main() -> None:
    """Serve for ever."""
    server = await asyncio.start_server(serve, "0.0.0.0", 8000)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
