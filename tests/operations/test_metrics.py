"""The numbers of this process, raised by real operations in it."""

import asyncio
import datetime
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import trustme
from django.core.cache import cache
from prometheus_client.parser import text_string_to_metric_families
from pytest_django import Settings

from apps.operations import certificate, metrics, queue
from apps.operations.asgi import answer_metrics
from config.asgi_types import Message, Receive, Scope, Send
from config.request_log import log_requests
from tests.graphql_client import GraphQLClient


def samples() -> dict[str, float]:
    found = {}
    for family in text_string_to_metric_families(metrics.as_text().decode()):
        for sample in family.samples:
            labels = ",".join(f"{name}={value}" for name, value in sorted(sample.labels.items()))
            found[f"{sample.name}{{{labels}}}" if labels else sample.name] = sample.value
    return found


def raised(before: dict[str, float], name: str) -> float:
    return samples().get(name, 0) - before.get(name, 0)


async def other(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 418, "headers": []})
    await send({"type": "http.response.body", "body": b""})


def ask(path: str = "/metrics", *, method: str = "GET", headers: list[tuple[bytes, bytes]] | None = None) -> int:
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request"}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {"type": "http", "path": path, "method": method, "headers": headers or []}
    answered: Any = log_requests(answer_metrics(other))(scope, receive, send)
    asyncio.run(answered)
    status: int = sent[0]["status"]
    return status


@pytest.mark.django_db
class TestNumbers:
    def test_who_asks_directly_is_answered(self) -> None:
        assert ask() == 200

    @pytest.mark.parametrize("name", [b"x-forwarded-for", b"forwarded", b"x-real-ip", b"via"])
    def test_who_comes_through_a_proxy_is_told_that_there_is_no_such_page(self, name: bytes) -> None:
        assert ask(headers=[(name, b"203.0.113.7")]) == 404

    def test_it_takes_no_other_method(self) -> None:
        assert ask(method="POST") == 404

    def test_errors_are_counted_by_their_codes(self, as_nobody: GraphQLClient) -> None:
        before = samples()
        as_nobody.execute("{ nothing }")
        as_nobody.execute("{")
        as_nobody.execute("query($t: DateTime) { photos(filter: {takenAfter: $t}) { totalCount } }", t="yesterday")
        for code in ("GRAPHQL_VALIDATION_FAILED", "GRAPHQL_PARSE_FAILED", "BAD_USER_INPUT"):
            assert raised(before, f"slipway_graphql_errors_total{{code={code}}}") == 1

    def test_lookups_of_documents_are_counted(self, as_nobody: GraphQLClient) -> None:
        before = samples()
        for _ in range(3):
            as_nobody.data("query CountedLookups { tags { totalCount } }")
        assert raised(before, "slipway_cache_lookups_total{cache=documents,result=miss}") == 1
        assert raised(before, "slipway_cache_lookups_total{cache=documents,result=hit}") == 2

    def test_lookups_in_the_cache_are_counted_and_answered_as_ever(self) -> None:
        before = samples()
        cache.set("there", None)
        assert cache.get("there", default="x") is None
        assert cache.get("away", default="x") == "x"
        assert cache.get_many(["there", "away"]) == {"there": None}
        assert raised(before, "slipway_cache_lookups_total{cache=application,result=hit}") == 2
        assert raised(before, "slipway_cache_lookups_total{cache=application,result=miss}") == 2

    def test_pool_threads_and_queue_have_numbers(self) -> None:
        found = samples()
        assert found["slipway_database_pool_max"] >= found["slipway_database_pool_in_use"] >= 0
        assert found["slipway_database_pool_waiting"] == 0
        assert found["slipway_graphql_threads_max"] > 0
        assert found["slipway_graphql_operations_waiting"] == 0
        assert found["slipway_redis_up"] == 1
        assert found["slipway_queue_waiting"] >= 0

    def test_the_queue_s_depth_is_what_no_worker_has_taken(self) -> None:
        before = samples()["slipway_queue_waiting"]
        queue.server().rpush("celery", b"{}")
        try:
            assert samples()["slipway_queue_waiting"] == before + 1
        finally:
            queue.server().rpop("celery")

    def test_without_redis_the_rest_is_there(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(queue, "depth", lambda: None)
        found = samples()
        assert found["slipway_redis_up"] == 0
        assert "slipway_queue_waiting" not in found
        assert "slipway_database_pool_max" in found


def test_a_redis_that_is_away_has_no_depth(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.BROKER_REDIS_URL = "redis://127.0.0.1:9/0"
    monkeypatch.setattr(queue, "server", queue.server.__wrapped__)
    assert queue.depth() is None


def test_requests_are_counted_by_area_method_and_status() -> None:
    before = samples()
    for path in ("/graphql", "/health/live", "/media/public/x.webp", "/anything/at/all", "/another"):
        ask(path, method="BREW")
    for area, count in {"graphql": 1, "probes": 1, "media": 1, "pages": 2}.items():
        assert raised(before, f"slipway_http_requests_total{{area={area},method=other,status=418}}") == count
        assert raised(before, f"slipway_http_request_seconds_count{{area={area}}}") == count


class TestCertificate:
    @pytest.fixture
    def served(self, tmp_path: Path) -> Iterator[tuple[str, datetime.datetime]]:
        ends = datetime.datetime.now(tz=datetime.UTC).replace(microsecond=0) + datetime.timedelta(days=9)
        issued = trustme.CA().issue_cert("api.example.com", not_after=ends)
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        issued.configure_cert(context)
        with serving(context) as address:
            yield address, ends

    def test_it_is_the_one_that_is_served_whoever_signed_it(self, served: tuple[str, datetime.datetime]) -> None:
        address, ends = served
        assert certificate.look(address, server_name="api.example.com") == ends

    def test_it_is_among_the_metrics(
        self, served: tuple[str, datetime.datetime], settings: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        settings.USE_TLS, settings.CERTIFICATE_ADDRESS = True, served[0]
        settings.SITE_URL = "https://api.example.com"
        monkeypatch.setattr(certificate, "_found", None)
        assert samples()["slipway_certificate_expiry_timestamp_seconds"] == served[1].timestamp()

    def test_nobody_who_answers_has_none(self) -> None:
        assert certificate.look("127.0.0.1:9", server_name="api.example.com") is None

    def test_without_tls_nobody_is_asked(self, settings: Settings) -> None:
        settings.USE_TLS, settings.CERTIFICATE_ADDRESS = False, "127.0.0.1:9"
        assert "slipway_certificate_expiry_timestamp_seconds" not in samples()


@contextmanager
def serving(context: ssl.SSLContext) -> Iterator[str]:
    listener = socket.create_server(("127.0.0.1", 0))

    def answer() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            try:
                with context.wrap_socket(connection, server_side=True) as secured:
                    secured.recv(1)
            except OSError:
                connection.close()

    thread = threading.Thread(target=answer, daemon=True)
    thread.start()
    try:
        yield f"127.0.0.1:{listener.getsockname()[1]}"
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)
