"""SIGTERM, on real servers, with requests in flight."""

import re
import socket
import time
from collections import Counter
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from tests.config.servers.application import LARGE_BYTES
from tests.config.servers.serving import STREAMED, Serving, clients, serving

each_server = pytest.mark.parametrize("server", ["daphne", "uvicorn", "granian"])


def begin(served: Serving, head: bytes) -> socket.socket:
    """Send the beginning of a request, or all of it."""
    opened = socket.create_connection(("127.0.0.1", served.port), timeout=30)
    opened.sendall(head)
    return opened


def rest_of(opened: socket.socket) -> bytes:
    """Return all that comes until the server closes the connection."""
    found = b""
    while part := opened.recv(1_000_000):
        found += part
    opened.close()
    return found


@each_server
def test_it_loses_no_request_under_load(server: str, tmp_path: Path) -> None:
    with serving(server, folder=tmp_path) as served:
        at_work = clients(served)
        time.sleep(1)
        signalled = served.signal()
        assert served.status() == 0
        assert time.monotonic() - signalled < 10
        for client in at_work:
            client.join(20)
        outcomes = sum((client.outcomes for client in at_work), Counter())
        assert set(outcomes) == {"answered", "refused"}, outcomes
        assert outcomes["refused"] == len(at_work)
        assert served.line("draining")["requests"] > 0
        assert served.line("drained")


@each_server
def test_it_finishes_what_is_half_done(server: str, tmp_path: Path) -> None:
    head = b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n"
    with serving(server, folder=tmp_path) as served:
        slow = begin(served, b"GET /thread?seconds=1.5 HTTP/1.1\r\nHost: x\r\n\r\n")
        streaming = begin(served, b"GET /stream?seconds=1.5 HTTP/1.1\r\nHost: x\r\n\r\n")
        uploading = begin(served, head + b"01234")
        large = begin(served, b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n")
        idle = served.connection()
        idle.request("GET", "/")
        idle.getresponse().read()
        with connect(f"ws://127.0.0.1:{served.port}/") as talking:
            talking.send("before")
            assert talking.recv(10) == "before"
            served.signal()
            idle.request("GET", "/")  # in the very moment
            assert idle.getresponse().read() == b"done"
            idle.close()
            with pytest.raises(ConnectionClosed):
                talking.recv(10)
            assert talking.close_code == 1001
        time.sleep(0.5)
        with pytest.raises(ConnectionRefusedError):
            served.get("/")
        uploading.sendall(b"56789")
        assert rest_of(uploading).endswith(b"0123456789")
        answer = rest_of(slow)
        assert answer.endswith(b"done")
        assert b"connection: close" in answer.lower()
        assert rest_of(streaming).replace(b"\r\n5\r\n", b"").count(b"part ") == STREAMED.count(b"part ")
        assert len(rest_of(large).partition(b"\r\n\r\n")[2]) == LARGE_BYTES
        assert served.status() == 0
        draining = served.line("draining")
        assert draining["websockets"] == 1
        assert draining["requests"] >= 2


@each_server
def test_it_serves_a_request_after_a_response_that_did_not_say_it_was_the_last(server: str, tmp_path: Path) -> None:
    with serving(server, folder=tmp_path) as served:
        kept = served.connection()
        kept.request("GET", "/stream?seconds=1")
        begun = kept.getresponse()
        served.signal()
        assert begun.read() == STREAMED
        assert begun.getheader("connection") is None
        kept.request("GET", "/")
        last = kept.getresponse()
        assert (last.read(), last.getheader("connection")) == (b"done", "close")
        assert served.status() == 0


@each_server
def test_it_cuts_off_what_takes_too_long(server: str, tmp_path: Path) -> None:
    with serving(server, folder=tmp_path, timeout_seconds=1) as served:
        cut = [begin(served, b"GET /%s?seconds=30 HTTP/1.1\r\nHost: x\r\n\r\n" % kind) for kind in (b"slow", b"thread")]
        time.sleep(0.3)
        signalled = served.signal()
        assert served.status() == 1
        assert 0.9 < time.monotonic() - signalled < 3
        assert [rest_of(each) for each in cut] == [b"", b""]
        assert served.line("cut off")["requests"] == 2


def test_a_second_signal_ends_it_at_once(tmp_path: Path) -> None:
    with serving("daphne", folder=tmp_path) as served:
        cut = begin(served, b"GET /thread?seconds=30 HTTP/1.1\r\nHost: x\r\n\r\n")
        time.sleep(0.3)
        served.signal()
        time.sleep(0.5)
        signalled = served.signal()
        assert served.status() == 1
        assert time.monotonic() - signalled < 1
        assert rest_of(cut) == b""


def test_it_ends_in_time_though_something_holds_up_the_loop(tmp_path: Path) -> None:
    with serving("daphne", folder=tmp_path, timeout_seconds=1) as served:
        cut = begin(served, b"GET /hold-up?seconds=30 HTTP/1.1\r\nHost: x\r\n\r\n")
        time.sleep(0.3)
        signalled = served.signal()
        assert served.status() == 1
        assert time.monotonic() - signalled < 3
        assert rest_of(cut) == b""


@each_server
def test_it_leaves_soon_when_idle(server: str, tmp_path: Path) -> None:
    with serving(server, folder=tmp_path) as served:
        idle = begin(served, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        signalled = served.signal()
        assert served.status() == 0
        assert time.monotonic() - signalled < 2
        answer = rest_of(idle)
        assert answer.endswith(b"done")
        assert re.search(rb"(?i)server: *\w", answer) is None
        assert [line["message"] for line in served.lines()] == ["serving", "draining", "drained"]
