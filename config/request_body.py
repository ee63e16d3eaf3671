"""Refuses a request body that is too large before it fills the disk: by its announced length, else while it comes in."""

import json

from config.asgi_types import Application, Message, Receive, Scope, Send, header, send_json


class BodyTooLargeError(Exception):
    """More bytes came than are accepted."""


def refusal(limit_bytes: int) -> bytes:
    """Return the body of the response."""
    message = f"The request is larger than the {limit_bytes} bytes that are accepted."
    return json.dumps({"errors": [{"message": message, "extensions": {"code": "REQUEST_TOO_LARGE"}}]}).encode()


def limit_body(application: Application, *, limit_bytes: int) -> Application:
    """Return `application`, answering 413 where a request's body has more than `limit_bytes`."""

    async def limited(scope: Scope, receive: Receive, send: Send) -> None:
        length = header(scope, b"content-length") or ""
        if length.isascii() and length.isdigit() and int(length) > limit_bytes:
            await refuse(send, limit_bytes=limit_bytes)
            return
        received = 0

        async def receive_and_count() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > limit_bytes:
                raise BodyTooLargeError
            return message

        try:
            await application(scope, receive_and_count, send)
        except BodyTooLargeError:
            await refuse(send, limit_bytes=limit_bytes)

    return limited


async def refuse(send: Send, *, limit_bytes: int) -> None:
    """Answer 413 and let the server close the connection, since the rest of the body is unread."""
    await send_json(send, status=413, body=refusal(limit_bytes), headers=[(b"connection", b"close")])
