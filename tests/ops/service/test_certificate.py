"""The certificate of one's own: told by webhook and mail while it ends soon, once a day, by what the application says of it."""

import datetime
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from apps.operations import certificate as looked_at
from apps.operations import metrics
from ops.service import certificate
from ops.service.service import Service, utc_now
from ops.service.state import Told as WasTold
from tests.ops.service.conftest import MakeService, Told

DAY = datetime.timedelta(days=1)


@dataclass
class Application:
    """A web server that answers with the application's own metrics; `until` is when the certificate ends."""

    until: datetime.datetime | None = None
    looks: int = 0


@pytest.fixture
def application(monkeypatch: pytest.MonkeyPatch) -> Iterator[Application]:
    found = Application()
    monkeypatch.setattr(looked_at, "expiry", lambda: found.until)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found.looks += 1
            body = metrics.as_text()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        threading.Thread(target=listening.serve_forever, daemon=True).start()
        there = f"http://127.0.0.1:{listening.server_port}/metrics"
        monkeypatch.setattr(certificate, "APPLICATION", ("http://127.0.0.1:9/metrics", there))
        yield found
        listening.shutdown()


@pytest.mark.parametrize(
    ("days", "said"),
    [
        (14.1, []),
        (13.9, ["The certificate ends in 13 days, on 2026-12-08 21:36 UTC."]),
        (0.5, ["The certificate ends in 0 days, on 2026-11-25 12:00 UTC."]),
        (-1, ["The certificate has ended, on 2026-11-24 00:00 UTC."]),
    ],
)
def test_one_that_ends_within_fourteen_days_is_not_well(application: Application, days: float, said: list[str]) -> None:
    now = datetime.datetime(2026, 11, 25, tzinfo=datetime.UTC)
    application.until = now + days * DAY
    found = certificate.problems("files", now=now)
    assert found is not None
    assert [each.what for each in found] == said


@pytest.mark.parametrize(("mode", "looks"), [("acme", 0), ("files", 1), ("selfsigned", 1)])
def test_certbot_s_is_left_to_certbot_and_what_nobody_can_see_is_not_judged(
    application: Application, mode: str, looks: int
) -> None:
    assert certificate.problems(mode, now=utc_now()) is None
    assert application.looks == looks


def told_yesterday(running: Service) -> None:
    """Have it be a day later."""
    told = running.state.told_of_certificate
    for code, each in told.items():
        told[code] = WasTold(at=each.at - DAY, what=each.what)


def test_it_is_told_once_a_day_and_when_it_is_well_again(
    application: Application, make_service: MakeService, host: Told, mail_host: Told
) -> None:
    application.until = utc_now() + 5 * DAY
    ways = {"ALERT_URL": f"{host.url}/hook", "EMAIL_URL": mail_host.url, "ALERT_EMAIL": "ops@example.com"}
    running = make_service(TLS_MODE="files", **ways)
    running.watch()
    running.watch()
    running.watch_certificate()
    running = make_service(TLS_MODE="files", **ways)  # it remembers
    running.watch()
    assert application.looks == 3, "once an hour, at each start, and when it is asked to"
    told_yesterday(running)
    running.watch_certificate()
    application.until = None  # nobody can tell: it is not well again for that
    running.watch_certificate()
    application.until = utc_now() + 90 * DAY
    running.watch_certificate()
    bodies = [json.loads(body) for _, body in host.wait_for(3)]
    assert [(body["what"], body["status"]) for body in bodies] == [
        ("the certificate is not well", "failed"),
        ("the certificate is not well", "failed"),
        ("the certificate is well again", "recovered"),
    ]
    assert bodies[0]["why"].startswith("The certificate ends in 4 days, on ")
    assert "nginx -s reload" in bodies[0]["hint"]
    assert "the certificate is not well" in mail_host.wait_for(3)[0][1]


def test_backups_are_well_whatever_the_certificate_is(application: Application, make_service: MakeService) -> None:
    application.until = utc_now() - DAY
    running = make_service(TLS_MODE="selfsigned")
    running.watch()
    assert list(running.state.told_of_certificate) == ["expiry"]
    assert running.state.told == {}
    assert running.answer("/health")[0] == 200
