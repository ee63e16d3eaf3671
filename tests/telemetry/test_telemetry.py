"""A real server tells a real receiver of what went wrong in it and how long things took, and nothing of what people sent."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from config.environment_values import ROOT
from config.telemetry.masking import MASK, masked
from embedded.state import free_port
from tests.telemetry.receiver import Receiver, receiving

SECRETS = (b"s3cret-variable", b"hunter2", b"ada@example.com", b"Bearer-of-news", b"sessionid")
SIGN_IN = """mutation SignIn($email: String!, $password: String!) {
  login(input: {email: $email, password: $password}) { viewer { id } }
}"""
CALLER = "4bf92f3577b34da6a3ce929d0e0e4736"


@contextmanager
def serving(log: Path, **environment: str) -> Iterator[tuple[str, "subprocess.Popen[bytes]"]]:
    """Have the application served whose sign-in is broken."""
    port = free_port()
    command = [
        sys.executable,
        "-m",
        "config.serve",
        "-p",
        str(port),
        "--application",
        "tests.telemetry.broken:application",
    ]
    with log.open("wb") as file:
        process = subprocess.Popen(command, cwd=ROOT, env=os.environ | environment, stdout=file, stderr=file)
        try:
            wait_until_it_answers(f"http://127.0.0.1:{port}", process)
            yield f"http://127.0.0.1:{port}", process
        finally:
            process.kill()
            process.wait()


def wait_until_it_answers(url: str, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + 300
    while not answers(url):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.1)


def answers(url: str) -> bool:
    try:
        urllib.request.urlopen(f"{url}/health/live", timeout=5).close()
    except OSError:
        return False
    return True


def ask(url: str, query: str, **variables: Any) -> dict[str, Any]:
    headers = {
        "Content-Type": "application/json",
        "GraphQL-Require-Preflight": "1",
        "Host": "localhost",
        "Authorization": "Bearer-of-news",
        "traceparent": f"00-{CALLER}-00f067aa0ba902b7-01",
    }
    body = json.dumps({"query": query, "variables": variables}).encode()
    request = urllib.request.Request(f"{url}/graphql?x=hunter2", data=body, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            found: dict[str, Any] = json.loads(answer.read())
    except urllib.error.HTTPError as error:
        found = json.loads(error.read())
    return found


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    with receiving() as server:
        yield server


@pytest.fixture(scope="module")
def told(receiver: Receiver, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """What a client was told, by a server that has told the receiver of it."""
    where = {
        "SENTRY_DSN": f"http://public@127.0.0.1:{receiver.port}/7",
        "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{receiver.port}",
    }
    with serving(tmp_path_factory.mktemp("telemetry") / "log", **where) as (url, process):
        said = {
            "sign in": ask(url, SIGN_IN, email="ada@example.com", password="s3cret-variable"),
            "tags": ask(url, "query Tags { tags { totalCount } }"),
        }
        process.send_signal(signal.SIGTERM)
        process.wait(120)
        yield said


def envelopes(receiver: Receiver) -> bytes:
    return b"\n".join(body for path, body in receiver.received if path == "/api/7/envelope/")


def spans(receiver: Receiver) -> list[Any]:
    found = []
    for path, body in receiver.received:
        if path == "/v1/traces":
            request = ExportTraceServiceRequest.FromString(body)
            found += [span for one in request.resource_spans for scope in one.scope_spans for span in scope.spans]
    return found


def attributes(span: Any) -> dict[str, Any]:
    return {each.key: each.value.string_value or each.value.int_value for each in span.attributes}


def test_a_bug_comes_with_its_traceback_and_the_id_that_the_client_has(
    told: dict[str, Any], receiver: Receiver
) -> None:
    error_id = told["sign in"]["errors"][0]["extensions"]["errorId"].encode()
    found = receiver.wait_for(lambda _: error_id in envelopes(receiver)) and envelopes(receiver)
    assert b"RuntimeError" in found
    assert b"broken.py" in found


def test_no_variable_header_address_or_secret_is_told(told: dict[str, Any], receiver: Receiver) -> None:
    receiver.wait_for(lambda _: envelopes(receiver) and spans(receiver))
    secrets = (*SECRETS, os.environ["DATABASE_URL"].encode())
    assert [secret for secret in secrets if secret in receiver.bodies()] == []
    assert b'"vars"' not in envelopes(receiver)
    assert b'"request"' not in envelopes(receiver)


def test_a_request_is_a_span_of_its_caller_s_trace_by_its_operation_s_name(
    told: dict[str, Any], receiver: Receiver
) -> None:
    receiver.wait_for(lambda _: any(span.name == "POST Tags" for span in spans(receiver)))
    (request,) = [span for span in spans(receiver) if span.name == "POST Tags"]
    assert request.trace_id.hex() == CALLER
    assert attributes(request)["graphql.operation.name"] == "Tags"
    assert attributes(request)["url.path"] == "/graphql"
    assert attributes(request)["http.response.status_code"] in (200, 294)


def test_sql_statements_are_spans_beneath_it_without_their_parameters(told: dict[str, Any], receiver: Receiver) -> None:
    def of_tags() -> list[Any]:
        return [span for span in spans(receiver) if "gallery_tag" in str(attributes(span).get("db.query.text"))]

    receiver.wait_for(lambda _: of_tags())
    by_id = {span.span_id: span for span in spans(receiver)}
    above = by_id[of_tags()[0].parent_span_id]
    assert of_tags()[0].name == "SELECT"
    assert above.name == "execute"
    assert by_id[above.parent_span_id].name == "POST Tags"


def test_probes_are_no_traces(told: dict[str, Any], receiver: Receiver) -> None:
    assert [span.name for span in spans(receiver) if "health" in span.name] == []


def test_who_is_told_may_be_away(tmp_path: Path) -> None:
    away = f"http://127.0.0.1:{free_port()}"
    where = {"SENTRY_DSN": f"{away.replace('//', '//public@')}/7", "OTEL_EXPORTER_OTLP_ENDPOINT": away}
    with serving(tmp_path / "log", **where) as (url, process):
        assert ask(url, "query Tags { __typename }") == {"data": {"__typename": "Query"}}
        ask(url, SIGN_IN, email="ada@example.com", password="s3cret-variable")
        process.send_signal(signal.SIGTERM)
        assert process.wait(120) == 0


def test_without_a_variable_nothing_of_it_is_imported() -> None:
    """But for the metrics that redis-py looks for by itself."""
    ours = (
        "config.telemetry.sentry",
        "config.telemetry.tracing",
        "sentry_sdk",
        "opentelemetry.exporter",
        "opentelemetry.sdk.trace",
    )
    code = f"import config.asgi, sys; print([name for name in sys.modules if name.startswith({ours})])"
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "config.settings"}
    command = [sys.executable, "-c", code]
    found = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("password='hunter2'", "password="),
        ('{"newPassword": "hunter2", "id": 7}', '"id": 7'),
        ("Authorization: Bearer hunter2", "Authorization"),
        ("access_token=hunter2 x=1", "x=1"),
        ("postgres://u:hunter2@db:5432/x", "db:5432/x"),
        ("DETAIL: Key (lower(email))=(hunter2@example.com) already exists", "already exists"),
    ],
)
def test_what_looks_like_a_secret_is_masked(text: str, kept: str) -> None:
    found = masked(text)
    assert "hunter2" not in found
    assert MASK in found
    assert kept in found


def test_a_text_without_secrets_stays_as_it_is() -> None:
    text = 'relation "gallery_tag" does not exist, line 42: SELECT COUNT(*)'
    assert masked(text) == text
