"""What comes through the front door, asked of a server of the test's own."""

import http.server
import threading
from collections.abc import Iterator

import pytest

from ops.deploy import front_door
from ops.deploy.site import Site
from ops.errors import OperatorError

ANSWERS: dict[str, tuple[int, bytes]] = {}


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers by what the test has set."""

    def do_GET(self) -> None:
        status, body = ANSWERS.get(self.headers["Host"] + self.path, ANSWERS.get(self.headers["Host"], (404, b"")))
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Write nothing."""


@pytest.fixture
def served(site: Site, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setattr(front_door, "TRIES", 1)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        site.change(USE_TLS="false", HTTP_PORT=str(server.server_port), SERVER_NAME="api.slipway.test")
        yield site
        server.shutdown()
    ANSWERS.clear()


def test_the_right_answer_under_the_site_s_name_is_good(served: Site) -> None:
    ANSWERS["api.slipway.test"] = (200, b'{"data": {"__typename": "Query"}}')
    assert not front_door.test(served)


def test_each_of_the_site_s_names_is_asked(served: Site) -> None:
    served.change(SERVER_NAME='"api.slipway.test www.slipway.test"')
    ANSWERS["api.slipway.test"] = (200, b'{"data": {"__typename": "Query"}}')
    with pytest.raises(OperatorError, match=r"www\.slipway\.test on port .* answers 404"):
        front_door.test(served)
    ANSWERS["www.slipway.test"] = ANSWERS["api.slipway.test"]
    assert not front_door.test(served)


def test_of_a_site_that_is_closed_the_health_is_asked(served: Site) -> None:
    ANSWERS["api.slipway.test"] = (503, b'{"errors":[{"extensions":{"code":"MAINTENANCE"}}]}')
    with pytest.raises(OperatorError, match="answers 503"):
        front_door.test(served)
    ANSWERS["api.slipway.test/health/live"] = (200, b"{}")
    assert front_door.test(served)


@pytest.mark.parametrize("answer", [(502, b"{}"), (200, b"<html>"), (200, b'{"errors": []}')])
def test_any_other_is_told(served: Site, answer: tuple[int, bytes]) -> None:
    ANSWERS["api.slipway.test"] = answer
    with pytest.raises(OperatorError, match=f"answers {answer[0]}"):
        front_door.test(served)


def test_nobody_there_is_told(served: Site) -> None:
    served.change(HTTP_PORT="1")
    with pytest.raises(OperatorError, match="ConnectionRefusedError"):
        front_door.test(served)
