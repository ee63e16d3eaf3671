"""The application's numbers, where containers are asked by their names and nginx serves the certificate."""

import datetime

import pytest

from tests.stack.compose import Compose

pytestmark = pytest.mark.stack

ASK = "import urllib.request; print(urllib.request.urlopen('http://127.0.0.1:8000/metrics').read().decode())"
CERTIFICATE = "slipway_certificate_expiry_timestamp_seconds "


def test_the_certificate_s_end_is_that_of_what_nginx_serves(production: Compose) -> None:
    told = production.execute("web", "python", "-c", ASK).stdout
    (value,) = [line.removeprefix(CERTIFICATE) for line in told.splitlines() if line.startswith(CERTIFICATE)]
    left = float(value) - datetime.datetime.now(tz=datetime.UTC).timestamp()
    assert 29 < left / 86_400 <= 30


def test_nginx_s_own_request_for_them_is_refused(production: Compose) -> None:
    command = ("curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "-H", "X-Forwarded-For: 203.0.113.7")
    assert production.execute("nginx", *command, "http://web:8000/metrics").stdout == "404"
