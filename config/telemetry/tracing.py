"""Traces to a collector of OpenTelemetry, over HTTP: a span for each request, operation, SQL statement and task.

No span has variables, parameters, headers, query strings or bodies: SQL statements go as they were prepared, with placeholders.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from celery.signals import task_postrun, task_prerun
from django.db import connection
from opentelemetry import context, trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.propagate import extract
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind, Status, StatusCode

from api import threads
from config.asgi_types import Application, Message, Receive, Scope, Send

EXPORT_SECONDS = 5
FIRST_FAILURE = 500
QUIET_PATHS = ("/health/live", "/health/ready", "/metrics")
STATEMENT_MAX_LENGTH = 4000

_tasks: dict[str, trace.Span] = {}


def begin(endpoint: str) -> TracerProvider:
    """Send traces from now on."""
    found = TracerProvider(resource=Resource.create({"service.name": "slipway"}))
    exporter = OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces", timeout=EXPORT_SECONDS)
    found.add_span_processor(BatchSpanProcessor(exporter))
    trace.set_tracer_provider(found)
    threads.carry = carried
    task_prerun.connect(begin_task)
    task_postrun.connect(end_task)
    return found


@contextmanager
def spanning(name: str, **options: Any) -> Iterator[trace.Span]:
    """Make a span around something. Of an exception it has the kind alone: messages may repeat what somebody sent."""
    found = trace.get_tracer("slipway").start_as_current_span(
        name, record_exception=False, set_status_on_exception=False, **options
    )
    with found as span:
        try:
            yield span
        except Exception as error:
            span.set_attribute("error.type", type(error).__qualname__)
            span.set_status(Status(StatusCode.ERROR))
            raise


def trace_requests(application: Application) -> Application:
    """Return `application` with a span for each request, which goes on where the caller's trace is."""

    async def traced(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in QUIET_PATHS:
            await application(scope, receive, send)
            return
        callers = extract({name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]})
        with spanning(scope["method"], context=callers, kind=SpanKind.SERVER) as span:

            async def send_and_look(message: Message) -> None:
                if message["type"] == "http.response.start":
                    note_status(span, message["status"])
                await send(message)

            try:
                await application(scope, receive, send_and_look)
            finally:
                describe(span, scope)

    return traced


def note_status(span: trace.Span, status: int) -> None:
    """Note how a request ended."""
    span.set_attribute("http.response.status_code", status)
    if status >= FIRST_FAILURE:
        span.set_status(Status(StatusCode.ERROR))


def describe(span: trace.Span, scope: Scope) -> None:
    """Name a request's span by its operation, or by its method and path."""
    fields = scope.get("request_log", {})
    span.set_attribute("http.request.method", scope["method"])
    span.set_attribute("url.path", scope["path"])
    if "request_id" in scope:
        span.set_attribute("request.id", scope["request_id"])
    operation = fields.get("operation")
    if operation:
        span.set_attribute("graphql.operation.name", operation)
    span.update_name(f"{scope['method']} {operation or scope['path']}")


def carried(function: Callable[[], Any]) -> Callable[[], Any]:
    """Return a function that does in a thread what `function` does, as a part of the trace of who asks for it."""
    around = context.get_current()

    def run() -> Any:
        token = context.attach(around)
        try:
            with spanning("execute"), connection.execute_wrapper(traced_statement):
                return function()
        finally:
            context.detach(token)

    return run


def traced_statement(execute: Callable[..., Any], sql: Any, params: Any, many: Any, surroundings: Any) -> Any:
    """Run an SQL statement in a span, without its parameters."""
    text = str(sql)
    with spanning(text.partition(" ")[0].upper() or "SQL", kind=SpanKind.CLIENT) as span:
        span.set_attribute("db.system.name", "postgresql")
        span.set_attribute("db.query.text", text[:STATEMENT_MAX_LENGTH])
        return execute(sql, params, many, surroundings)


def begin_task(task_id: str, task: Any, **_: Any) -> None:
    """Begin a task's span."""
    _tasks[task_id] = trace.get_tracer("slipway").start_span(task.name, kind=SpanKind.CONSUMER)


def end_task(task_id: str, state: str | None = None, **_: Any) -> None:
    """End it."""
    span = _tasks.pop(task_id, None)
    if span is not None:
        if state == "FAILURE":
            span.set_status(Status(StatusCode.ERROR))
        span.end()
