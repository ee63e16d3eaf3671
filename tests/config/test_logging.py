import asyncio
import json
import logging
import subprocess
import sys
from pathlib import Path

import pytest

from config import logging as logs
from config.asgi_types import Message, Receive, Scope, Send
from config.logging import ConsoleFormatter, JsonFormatter
from config.request_body import limit_body
from config.request_log import log_requests


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Read the whole body, as Django does, then answer."""
    while (await receive()).get("more_body"):
        pass
    scope.get("request_log", {}).update(operation="Wall", user_id="7")
    await send({"type": "http.response.start", "status": 201, "headers": []})
    await send({"type": "http.response.body", "body": b"ok"})


def run(
    application: object,
    *,
    headers: list[tuple[bytes, bytes]] | None = None,
    chunks: tuple[bytes, ...] = (b"",),
) -> list[Message]:
    sent: list[Message] = []
    waiting = list(chunks)

    async def receive() -> Message:
        body = waiting.pop(0)
        return {"type": "http.request", "body": body, "more_body": bool(waiting)}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/graphql",
        "query_string": b"token=secret",
        "headers": headers or [],
    }
    asyncio.run(application(scope, receive, send))  # type: ignore[operator]
    return sent


def test_a_request_is_one_line_with_what_an_operator_asks_for(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "slipway.request"):
        run(
            log_requests(echo),
            headers=[(b"x-request-id", b"abc-12345"), (b"authorization", b"Bearer secret")],
        )
    line = json.loads(JsonFormatter().format(caplog.records[0]))
    assert line.pop("milliseconds") >= 0
    assert line.pop("time").endswith("+00:00")
    assert line == {
        "level": "INFO",
        "logger": "slipway.request",
        "message": "request",
        "request_id": "abc-12345",
        "method": "POST",
        "path": "/graphql",
        "operation": "Wall",
        "status": 201,
        "user_id": "7",
    }


def test_the_response_carries_the_request_s_id() -> None:
    sent = run(log_requests(echo), headers=[(b"x-request-id", b"abc-12345")])
    assert (b"x-request-id", b"abc-12345") in sent[0]["headers"]


@pytest.mark.parametrize("given", [b"", b"short", b"x" * 200, b'with "quotes"', b"new\nline-forged"])
def test_an_id_that_is_unfit_for_a_log_is_replaced(given: bytes) -> None:
    sent = run(log_requests(echo), headers=[(b"x-request-id", given)])
    made = dict(sent[0]["headers"])[b"x-request-id"]
    assert made != given
    assert len(made) == 32


def test_a_request_that_fails_is_logged_as_500(caplog: pytest.LogCaptureFixture) -> None:
    async def broken(scope: Scope, receive: Receive, send: Send) -> None:
        raise RuntimeError

    with caplog.at_level(logging.INFO, "slipway.request"), pytest.raises(RuntimeError):
        run(log_requests(broken))
    assert caplog.records[0].__dict__["status"] == 500


def test_an_exception_s_traceback_stays_on_the_line() -> None:
    try:
        int("why")
    except ValueError:
        record = logging.getLogger("x").makeRecord("x", 40, "f", 1, "broke", (), sys.exc_info())
    assert "ValueError: invalid literal" in json.loads(JsonFormatter().format(record))["exception"]


def test_a_console_line_names_its_fields() -> None:
    record = logging.makeLogRecord({"msg": "request", "levelname": "INFO", "name": "x", "status": 200, "user_id": None})
    assert ConsoleFormatter("%(levelname)s %(message)s").format(record) == "INFO request status=200"


class TestBodyLimit:
    def test_an_announced_length_over_the_limit_is_refused_unread(self) -> None:
        sent = run(limit_body(echo, limit_bytes=10), headers=[(b"content-length", b"11")], chunks=())
        assert sent[0]["status"] == 413
        assert json.loads(sent[1]["body"])["errors"][0]["extensions"]["code"] == "REQUEST_TOO_LARGE"

    def test_a_body_that_grows_over_the_limit_is_refused(self) -> None:
        sent = run(limit_body(echo, limit_bytes=10), chunks=(b"x" * 6, b"x" * 6, b"x" * 6))
        assert sent[0]["status"] == 413

    def test_a_body_within_the_limit_passes(self) -> None:
        assert run(limit_body(echo, limit_bytes=10), chunks=(b"x" * 5, b"x" * 5))[0]["status"] == 201


def test_containers_without_any_package_can_log() -> None:
    code = (
        "import sys; sys.modules['orjson'] = None; import config.logging as logs; print(logs.ENCODER.encode({'a': 1}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=Path(logs.__file__).parents[1]
    )
    assert json.loads(done.stdout) == {"a": 1}
