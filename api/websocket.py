"""`/graphql` over a WebSocket, in the protocol graphql-transport-ws: subscriptions, queries and mutations.

https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from types import NoneType
from typing import TYPE_CHECKING, Any

import orjson
from django.conf import settings
from graphql import GraphQLError, OperationType

from api import errors, threads
from api.context import Context
from api.credentials import Credentials
from api.errors import ApplicationError, UnauthenticatedError
from api.execution import encode
from api.flow import Flow
from api.forgery import is_our_host, is_own_origin
from api.limits import require_affordable
from api.persisted import operation_of, with_document
from api.rate_limits import charge
from api.refusals import MalformedRequestError
from api.request_notes import address_of, note_operation, note_viewer
from api.requests import GraphQLRequest, checked
from api.streams import answers
from api.subscriptions import counted
from config.asgi_types import header
from config.measuring.numbers import count_errors, count_operation

if TYPE_CHECKING:
    from collections.abc import Mapping

    from config.asgi_types import Receive, Scope, Send

PROTOCOL = "graphql-transport-ws"
INIT_TIMEOUT_SECONDS = 10.0
TOLD_ID_BYTES = 80  # of an id in a closing reason, which has 123 in all: RFC 6455, section 5.5


class ClosingError(Exception):
    """The client broke the protocol: the connection is closed with a code and a reason."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code, self.reason = code, reason


async def serve(scope: Scope, receive: Receive, send: Send) -> None:
    """Serve a connection to its end."""
    await receive()  # websocket.connect
    if not (is_own_origin(scope) and is_our_host(header(scope, b"host") or "")):
        await send({"type": "websocket.close"})
        return
    if PROTOCOL not in scope.get("subprotocols", ()):
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.close", "code": 4406, "reason": "Subprotocol not acceptable"})
        return
    await send({"type": "websocket.accept", "subprotocol": PROTOCOL})
    await Connection(scope, receive, send).serve()


class Connection:
    """One client's connection: its greeting, and its operations by the ids that it gave them."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._scope, self._receive, self._send = scope, receive, send
        self._credentials: Credentials | None = None
        self._is_greeted = False
        self._operations: dict[str, asyncio.Task[None]] = {}
        self._flow = Flow(self._tell)

    async def serve(self) -> None:
        """Take messages until the connection is closed, by either side."""
        alarm = asyncio.ensure_future(self._insist_on_greeting())
        try:
            await self._take_messages()
        except ClosingError as closing:
            self._end_all()  # first: a server may wait for the client's own close, and take nothing more meanwhile
            await self._close(closing)
        finally:
            alarm.cancel()
            self._end_all()
            await asyncio.gather(*self._operations.values(), return_exceptions=True)

    def _end_all(self) -> None:
        for task in self._operations.values():
            if not task.cancelling():  # once: it may be at leaving its group, which is to be finished
                task.cancel()

    async def _insist_on_greeting(self) -> None:
        await asyncio.sleep(INIT_TIMEOUT_SECONDS)
        if self._credentials is None:  # else the greeting came, and it is us who take their time
            await self._close(ClosingError(4408, "Connection initialisation timeout"))

    async def _close(self, closing: ClosingError) -> None:
        with contextlib.suppress(Exception):  # the client may have gone meanwhile
            await self._send({"type": "websocket.close", "code": closing.code, "reason": closing.reason})

    async def _take_messages(self) -> None:
        while True:
            event = await self._receive()
            if event["type"] == "websocket.disconnect":
                return
            await self._take(parsed(event.get("text")))

    async def _take(self, message: Mapping[str, Any]) -> None:
        kind = message.get("type")
        if kind == "connection_init":
            await self._greet(message.get("payload"))
        elif kind == "ping":
            await self._tell(answering(message))
        elif kind == "pong":
            self._flow.hear()
        elif kind == "subscribe":
            self._begin(message)
        elif kind == "complete":
            self._end(message)
        else:
            raise ClosingError(4400, "Unknown message type")

    async def _tell(self, message: Mapping[str, Any]) -> None:
        await self._send({"type": "websocket.send", "text": encode(message).decode()})

    async def _greet(self, payload: Any) -> None:
        if self._credentials:
            raise ClosingError(4429, "Too many initialisation requests")
        self._credentials = Credentials(self._scope, authorization=authorization_in(payload))
        try:
            await threads.run(self._require_working_token)
        except UnauthenticatedError:
            raise ClosingError(4403, "Forbidden") from None
        except Exception:  # noqa: BLE001 - PostgreSQL is away, or the like: clients come again on this code
            raise ClosingError(1013, "Try again later") from None
        self._is_greeted = True
        await self._tell({"type": "connection_ack"})

    def _require_working_token(self) -> None:
        if self._credentials and self._credentials.has_token:
            self._credentials.find_viewer()

    def _begin(self, message: Mapping[str, Any]) -> None:
        if not self._is_greeted:
            raise ClosingError(4401, "Unauthorized")
        operation_id, payload = message.get("id"), message.get("payload")
        if not (isinstance(operation_id, str) and operation_id and isinstance(payload, dict)):
            raise ClosingError(4400, "A subscribe message has an id and a payload")
        if operation_id in self._operations:
            told = operation_id.encode()[:TOLD_ID_BYTES].decode(errors="ignore")
            raise ClosingError(4409, f"Subscriber for {told} already exists")
        task = asyncio.ensure_future(self._run(operation_id, requested(payload)))
        self._operations[operation_id] = task

    def _end(self, message: Mapping[str, Any]) -> None:
        operation_id = message.get("id")
        if not isinstance(operation_id, str):
            raise ClosingError(4400, "A complete message has an id")
        task = self._operations.pop(operation_id, None)
        if task:
            task.cancel()

    async def _run(self, operation_id: str, asked: GraphQLRequest) -> None:
        try:
            found = await self._stream(operation_id, asked)
        except ApplicationError as refusal:
            found = refusal.formatted
            count_errors(found)
        except Exception as error:  # noqa: BLE001 - a bug: told by an id
            presented = GraphQLError("", original_error=error)
            errors.present(presented)
            found = [dict(presented.formatted)]
            count_errors(found)
        # First this, then the last message: at once the client may use the id again.
        if self._operations.pop(operation_id, None) is None:
            return
        last = (
            {"id": operation_id, "type": "error", "payload": found}
            if found
            else {"id": operation_id, "type": "complete"}
        )
        with contextlib.suppress(Exception):  # the client may have gone meanwhile
            await self._tell(last)

    async def _stream(self, operation_id: str, asked: GraphQLRequest) -> list[dict[str, Any]] | None:
        """Send an operation's answers; return the errors that ended it."""
        started = time.perf_counter()
        request = await with_document(asked)
        context = self._context()
        operation = await operation_of(request, context)
        note_operation(self._scope, operation)
        cost = require_affordable(operation, request)
        client, _ = await threads.run(lambda: (context.client, charge(context, cost)))
        note_viewer(self._scope, context)
        with counted(client):
            async for answer in answers(operation, request, context):
                if answer.errors:
                    return answer.errors
                await self._flow.wait()
                await self._send_next(operation_id, answer.body)
        if operation.kind is not OperationType.SUBSCRIPTION:
            count_operation(operation.name, seconds=time.perf_counter() - started)
        return None

    def _context(self) -> Context:
        if self._credentials is None:
            raise ClosingError(4401, "Unauthorized")
        return Context(credentials=self._credentials, address=address_of(self._scope))

    async def _send_next(self, operation_id: str, body: bytes) -> None:
        text = b'{"id":%b,"type":"next","payload":%b}' % (encode(operation_id), body)
        await self._send({"type": "websocket.send", "text": text.decode()})


def parsed(text: str | None) -> Mapping[str, Any]:
    """Return a message; raises ClosingError."""
    if text is not None and len(text) > settings.GRAPHQL_MAX_REQUEST_BYTES:
        raise ClosingError(1009, "Message too big")
    try:
        message = orjson.loads(text or "")
    except ValueError:
        raise ClosingError(4400, "A message is JSON") from None
    if not isinstance(message, dict):
        raise ClosingError(4400, "A message is an object")
    if not isinstance(message.get("payload"), (dict, NoneType)):
        raise ClosingError(4400, "A message's payload is an object")
    return message


def requested(payload: dict[str, Any]) -> GraphQLRequest:
    """Return what a subscribe message asks for; raises ClosingError for parts of other types than the protocol's."""
    try:
        return checked(payload)
    except MalformedRequestError as error:
        raise ClosingError(4400, error.message) from None


def answering(ping: Mapping[str, Any]) -> dict[str, Any]:
    """Return the pong to a ping, with what it brought."""
    return {"type": "pong", **({"payload": ping["payload"]} if ping.get("payload") is not None else {})}


def authorization_in(payload: Any) -> str | None:
    """Return the greeting's Authorization: a browser's WebSocket can send no such header."""
    if not isinstance(payload, dict):
        return None
    found = payload.get("Authorization", payload.get("authorization"))
    return found if isinstance(found, str) else None
