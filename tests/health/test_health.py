import asyncio
import json
from typing import Any

import pytest

from apps.health import dependencies
from apps.health.asgi import answer_health
from config.asgi_types import Message, Receive, Scope, Send


def ask(path: str, *, headers: list[tuple[bytes, bytes]] | None = None) -> tuple[int, dict[str, Any]]:
    sent: list[Message] = []

    async def other(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 404})
        await send({"type": "http.response.body", "body": b"{}"})

    async def receive() -> Message:
        return {"type": "http.request"}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {"type": "http", "path": path, "headers": headers or []}
    answered: Any = answer_health(other)(scope, receive, send)
    asyncio.run(answered)
    return sent[0]["status"], json.loads(sent[1]["body"])


@pytest.fixture
def all_up(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    asked: dict[str, Any] = dict.fromkeys(dependencies.DEPENDENCIES, lambda: "answers")
    monkeypatch.setattr(dependencies, "DEPENDENCIES", asked)
    return asked


def test_liveness_asks_nobody() -> None:
    assert ask("/health/live") == (200, {"status": "ok"})


def test_readiness_answers_whatever_the_host_header_says(all_up: dict[str, Any]) -> None:
    status, body = ask("/health/ready", headers=[(b"host", b"evil.example")])
    assert status == 200
    assert body["status"] == "ok"
    assert set(body["dependencies"]) == {"database", "cache", "worker queue", "migrations"}


def test_what_is_down_is_named_without_a_secret(all_up: dict[str, Any]) -> None:
    def away() -> str:
        raise ConnectionError("cannot reach redis://:hunter2@10.0.0.7")

    all_up["cache"] = away
    status, body = ask("/health/ready")
    assert status == 503
    assert body["down"] == ["cache"]
    assert "hunter2" not in json.dumps(body)


def test_a_dependency_that_hangs_is_down(all_up: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    import threading

    released = threading.Event()

    def hang() -> str:
        released.wait(10)
        return "late"

    all_up["database"] = hang
    monkeypatch.setattr(dependencies, "LIMIT_SECONDS", 0.1)
    try:
        status, body = ask("/health/ready")
    finally:
        released.set()
    assert (status, body["down"]) == (503, ["database"])


def test_other_addresses_go_on_to_the_application() -> None:
    assert ask("/health/other")[0] == 404


def test_a_queue_without_a_worker_is_down(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dependencies, "WORKER_ANSWER_SECONDS", 0.2)
    assert dependencies.look(dependencies.worker_queue)["status"] == "down"
