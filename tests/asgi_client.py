"""Django's test client, with `/graphql` answered by our application, in-process and in the test's own transaction."""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from typing import Any

from asgiref.current_thread_executor import CurrentThreadExecutor
from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpResponse
from django.middleware.csrf import _get_new_csrf_string  # what a page of ours would have sent
from django.test import Client as DjangoClient
from django.test.client import ClientHandler

from api import threads
from api.asgi import PATH, graphql_or, is_for_a_browser
from config.asgi import django_application
from config.asgi_types import Message, Scope

CSRF_TOKEN = _get_new_csrf_string()
django: Any = django_application
application: Any = graphql_or(django)


def run_here(main: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
    """Run a coroutine in a loop of its own, and in this thread what it gives to threads: these would have another transaction."""
    finished: Future[Any] = Future()
    here = CurrentThreadExecutor(None)
    usual = threads.executor, threads.release
    threads.executor, threads.release = (
        here,
        lambda: None,
    )  # a connection in a test's transaction stays open

    def in_loop() -> None:
        try:
            finished.set_result(asyncio.run(main()))
        except BaseException as error:  # noqa: BLE001 - raised again below
            finished.set_exception(error)

    loop_thread = threading.Thread(target=in_loop)
    loop_thread.start()
    try:
        here.run_until_future(finished)
        return finished.result()
    finally:
        loop_thread.join()
        threads.executor, threads.release = usual


def keep() -> None:
    """Do nothing."""


class Handler(ClientHandler):
    """Answers `/graphql` by the application that serves it, everything else as Django's test client does."""

    def __call__(self, environ: dict[str, Any]) -> Any:
        if environ["PATH_INFO"] != PATH or is_for_a_browser(scope_of(environ)):
            return super().__call__(environ)
        if not self.enforce_csrf_checks:
            environ = with_csrf_token(environ)
        response = ask(environ)
        response.wsgi_request = WSGIRequest(environ)
        return response


class Client(DjangoClient):
    """A browser, or a program."""

    def __init__(self, *, enforce_csrf_checks: bool = False, **defaults: Any) -> None:
        super().__init__(enforce_csrf_checks=enforce_csrf_checks, **defaults)
        self.handler = Handler(enforce_csrf_checks)


def with_csrf_token(environ: dict[str, Any]) -> dict[str, Any]:
    """Return the request as a page of ours would send it."""
    cookies = f"{environ.get('HTTP_COOKIE', '')}; csrftoken={CSRF_TOKEN}".strip("; ")
    return {**environ, "HTTP_COOKIE": cookies, "HTTP_X_CSRFTOKEN": CSRF_TOKEN}


def scope_of(environ: dict[str, Any]) -> Scope:
    """Return a WSGI request's environment as an ASGI scope."""
    named = {name[5:].replace("_", "-").lower(): value for name, value in environ.items() if name.startswith("HTTP_")}
    named |= {"host": environ.get("HTTP_HOST", "testserver")}
    if environ.get("CONTENT_TYPE"):
        named["content-type"] = environ["CONTENT_TYPE"]
    return {
        "type": "http",
        "method": environ["REQUEST_METHOD"],
        "path": environ["PATH_INFO"],
        "query_string": environ.get("QUERY_STRING", "").encode(),
        "headers": [(name.encode(), str(value).encode("latin-1")) for name, value in named.items()],
        "client": [environ.get("REMOTE_ADDR", "127.0.0.1"), 0],
        "scheme": environ.get("wsgi.url_scheme", "http"),
        "server": ("testserver", 80),
    }


def ask(environ: dict[str, Any]) -> Any:
    """Send a request to the application; return what it answered, as a response of Django's."""
    body = environ["wsgi.input"].read() if environ["REQUEST_METHOD"] != "GET" else b""
    sent: list[Message] = []
    coming: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Message:
        if not coming:
            await asyncio.Event().wait()
        return coming.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    run_here(lambda: application(scope_of(environ), receive, send))
    return response_of(sent)


def response_of(sent: list[Message]) -> Any:
    """Return what the application sent as a response."""
    start, *bodies = sent
    response = HttpResponse(b"".join(each.get("body", b"") for each in bodies), status=start["status"])
    for name, value in start["headers"]:
        if name == b"set-cookie":
            response.cookies.load(value.decode())
        else:
            response.headers[name.decode()] = value.decode()
    return response
