"""What every server has to leave as it is."""

import contextlib
from pathlib import Path

import pytest

from tests.config.servers.serving import serving

KEY = "https localhost:8443 application/json;  q=0.5,\t*/* /graphql?extensions=%7B%22a%22%3A1%7D&variables="


@pytest.mark.parametrize("server", ["daphne", "uvicorn", "granian"])
def test_a_304_has_no_body_and_a_long_header_comes_as_it_was_sent(server: str, tmp_path: Path) -> None:
    key = KEY + "x" * 3000
    with serving(server, folder=tmp_path) as served, contextlib.closing(served.connection()) as connection:
        for _ in range(2):  # over one connection: a body that nobody expects would be the next answer's beginning
            connection.request("GET", "/unchanged")
            answer = connection.getresponse()
            assert (answer.status, answer.headers["etag"], answer.read()) == (304, 'W/"one"', b"")
            assert answer.headers["transfer-encoding"] is None
            connection.request("GET", "/key", headers={"X-Shared-Cache-Key": key})
            assert connection.getresponse().read().decode() == key
