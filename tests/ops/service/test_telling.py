"""Pings, alerts and mail, sent to real servers on 127.0.0.1."""

import datetime
import email
import json
import logging
import socket
import time

import pytest

from config.environment import Environment as Variables
from config.environment import email_settings, examine
from ops.errors import OperatorError
from ops.service import masking, settings
from ops.service.problem import Problem
from ops.service.state import Told as WasTold
from ops.service.telling import mail, message, ping
from ops.service.telling.courier import UntoldError
from ops.service.telling.message import Message
from ops.service.telling.teller import Teller, Ways
from tests.ops.service.conftest import Told

NOW = datetime.datetime(2026, 11, 25, 3, tzinfo=datetime.UTC)
PLACE = "https://api.example.com"
MESSAGE = Message(
    place=PLACE, what="backups are not well", when=NOW, why="The last one failed: s3cret.", hint="Look there."
)


def teller(**ways: object) -> Teller:
    return Teller(Ways(place=PLACE, **ways), mask=lambda text: text.replace("s3cret", "***"))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("url", "kind", "expected"),
    [
        ("https://hc.example.com/uuid", "start", "https://hc.example.com/uuid/start"),
        ("https://hc.example.com/uuid", "success", "https://hc.example.com/uuid"),
        ("https://hc.example.com/uuid/", "fail", "https://hc.example.com/uuid/fail"),
        ("https://up.example.com/push/x?a=b", "fail", "https://up.example.com/push/x/fail?a=b"),
    ],
)
def test_a_ping_goes_where_healthchecks_expects_it(url: str, kind: ping.Kind, expected: str) -> None:
    assert ping.address(url, kind) == expected


def test_pings_come_in_order_with_the_end_of_the_log_and_no_secret(host: Told) -> None:
    told = teller(ping_url=f"{host.url}/uuid")
    told.ping("start", "begins")
    told.ping("fail", "x" * 20_000 + "\nerror: s3cret")
    told.ping("success", "done")
    came = host.wait_for(3)
    assert [path for path, _ in came] == ["/uuid/start", "/uuid/fail", "/uuid"]
    assert came[1][1].endswith("\nerror: ***")
    assert len(came[1][1]) == ping.MOST_BYTES


def test_an_alert_is_json_that_slack_can_show(host: Told) -> None:
    teller(alert_url=f"{host.url}/hook").tell(MESSAGE)
    ((path, body),) = host.wait_for(1)
    assert path == "/hook"
    assert json.loads(body) == {
        "text": "https://api.example.com: backups are not well\nThe last one failed: ***.\nhint: Look there.",
        "status": "failed",
        "place": PLACE,
        "what": "backups are not well",
        "when": "2026-11-25T03:00:00+00:00",
        "why": "The last one failed: ***.",
        "hint": "Look there.",
    }


def test_a_mail_has_sender_recipients_subject_and_what_to_do(mail_host: Told) -> None:
    values, _ = examine({"EMAIL_URL": mail_host.url})
    server = mail.server_of(email_settings(Variables(values)))
    told = teller(
        mail_server=server, mail_to=("a@example.com", "b@example.com"), mail_from="Slipway <from@example.com>"
    )
    told.tell(MESSAGE)
    ((envelope, text),) = mail_host.wait_for(1)
    assert envelope.lower().startswith("mail from:<from@example.com>")
    assert [each in envelope for each in ("a@example.com", "b@example.com")] == [True, True]
    found = email.message_from_string(text)
    assert found["Subject"] == "[https://api.example.com] backups are not well"
    assert found["To"] == "a@example.com, b@example.com"
    assert "The last one failed: ***." in text
    assert "hint: Look there." in text


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("smtp+tls://u:p%40ss@mail.example.com:587", ("mail.example.com", 587, "u", "p@ss", True, False)),
        ("smtp+ssl://u:p@mail.example.com:465", ("mail.example.com", 465, "u", "p", False, True)),
        ("smtp://mail.example.com:25", ("mail.example.com", 25, "", "", False, False)),
    ],
)
def test_the_mail_server_is_read_as_the_application_reads_it(url: str, expected: tuple[object, ...]) -> None:
    values, _ = examine({"EMAIL_URL": url})
    server = mail.server_of(email_settings(Variables(values)))
    assert server is not None
    assert (server.host, server.port, server.user, server.password, server.is_starttls, server.is_tls) == expected


def test_a_mail_server_s_refusal_does_not_repeat_what_it_says(mail_host: Told) -> None:
    port = int(mail_host.url.rpartition(":")[2])
    server = mail.MailServer(host="127.0.0.1", port=port, user="u", password="hunter22")
    with pytest.raises(UntoldError) as failed:
        mail.send(server, mail.as_mail(MESSAGE, sender="a@example.com", to=["b@example.com"]))
    assert str(failed.value) == "the mail server answered 535"
    assert "hunter22" not in repr(server)


def test_a_host_that_does_not_answer_keeps_nobody_waiting(host: Told, caplog: pytest.LogCaptureFixture) -> None:
    host.hang.clear()
    told = teller(ping_url=f"{host.url}/s3cret-uuid")
    began = time.monotonic()
    for _ in range(5):
        told.ping("fail", "x")
    assert time.monotonic() - began < 5  # each would take ten
    told.courier.leave(seconds=0.1)


@pytest.mark.parametrize("status", [404, 500])
def test_what_could_not_be_sent_is_logged_without_its_address(
    host: Told, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    host.status = status
    told = teller(ping_url=f"{host.url}/s3cret-uuid", alert_url="http://127.0.0.1:9/s3cret-hook")
    with caplog.at_level(logging.WARNING, "telling"):
        told.ping("fail", "x")
        told.tell(MESSAGE)
        told.courier.leave(seconds=30)
    assert f"Cannot send the ping (fail) to BACKUP_PING_URL: the answer was {status}" in caplog.text
    assert "Cannot send the alert to ALERT_URL: [Errno 111] Connection refused" in caplog.text
    assert "uuid" not in caplog.text
    assert "hook" not in caplog.text


def test_a_host_that_speaks_no_http_is_no_bug(caplog: pytest.LogCaptureFixture) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        told = teller(ping_url=f"http://127.0.0.1:{listening.getsockname()[1]}")
        told.ping("start", "x")
        connection, _ = listening.accept()
        connection.recv(9)
        connection.sendall(b"\x16\x03\x01 no http\r\n\r\n")
        connection.close()
        with caplog.at_level(logging.WARNING, "telling"):
            told.courier.leave(seconds=30)
    assert "Cannot send the ping (start) to BACKUP_PING_URL" in caplog.text
    assert "Traceback" not in caplog.text


class TestWhatIsTold:
    late = Problem(code="db-late", what="It is late.", hint="Look.")
    full = Problem(code="space", what="It is full.", hint="Make room.")

    def due(self, told: dict[str, WasTold], *problems: Problem, after: float = 0) -> list[tuple[bool, str]]:
        now = NOW + datetime.timedelta(hours=after)
        found = message.due(problems, told, place=PLACE, now=now)
        return [(each.is_recovery, each.why) for each in found]

    def test_a_problem_is_told_when_it_comes_once_a_day_and_when_it_is_gone(self) -> None:
        told: dict[str, WasTold] = {}
        assert self.due(told) == []
        assert self.due(told, self.late) == [(False, "It is late.")]
        assert self.due(told, self.late, after=23) == []
        assert self.due(told, self.late, after=24) == [(False, "It is late.")]
        assert self.due(told, self.late, after=25) == []
        assert self.due(told, after=26) == [(True, "It was: It is late.")]
        assert self.due(told, after=27) == []

    def test_each_problem_is_told_on_its_own(self) -> None:
        told: dict[str, WasTold] = {}
        self.due(told, self.late)
        assert self.due(told, self.late, self.full, after=1) == [(False, "It is full.")]
        assert self.due(told, self.full, after=2) == [(True, "It was: It is late.")]

    def test_a_clock_that_was_put_back_does_not_silence_it(self) -> None:
        told = {"db-late": WasTold(at=NOW + datetime.timedelta(days=400), what="It is late.")}
        assert self.due(told, self.late) == [(False, "It is late.")]


class TestMasking:
    def test_secrets_and_passwords_of_addresses_are_taken_out(self) -> None:
        mask = masking.mask(
            {
                "DATABASE_URL": "postgres://me:p%40ssword@db:5432/slipway",
                "BACKUP_PING_URL": "https://hc.example.com/6d2a-uuid",
                "RESTIC_PASSWORD": "correct horse",
                "BACKUP_OFFSITE_TARGET": "sftp://me:tr0ub4dor@nas/backups?key=abcdef",
            }
        )
        said = mask(
            "me p@ssword p%40ssword https://hc.example.com/6d2a-uuid/fail correct horse sftp://me:tr0ub4dor@nas/backups abcdef"
        )
        assert said == "me *** *** ***/fail *** sftp://me:***@nas/backups ***"

    def test_the_place_of_a_target_can_be_read(self) -> None:
        mask = masking.mask({"MEDIA_BACKUP_TARGET": "rsync://nas/module/media"})
        assert mask("Copying to rsync://nas/module/media") == "Copying to rsync://nas/module/media"


class TestSettings:
    base = {
        "DATABASE_URL": "postgres://me@db/slipway",
        "REDIS_URL": "redis://cache",
        "SITE_URL": PLACE,
        "DJANGO_DEBUG": "true",
    }

    def test_mail_without_a_mail_server_stops_the_start(self) -> None:
        with pytest.raises(OperatorError, match="ALERT_EMAIL is set, and there is no mail server"):
            settings.read({**self.base, "ALERT_EMAIL": "a@example.com", "EMAIL_URL": "consolemail://"})

    def test_all_that_is_wrong_stops_the_start_at_once_and_no_secret_is_repeated(self) -> None:
        wrong = {"DB_BACKUP_CRON": "never", "ALERT_URL": "ftp://s3cret", "DJANGO_TIME_ZONE": "Mars/Olympus"}
        with pytest.raises(OperatorError) as failed:
            settings.read({**self.base, **wrong})
        assert all(name in str(failed.value) for name in wrong)
        assert "s3cret" not in str(failed.value)

    def test_what_is_the_application_s_alone_is_not_asked_for(self) -> None:
        assert settings.read(self.base).lines["db"] == "0 3 * * *"
        assert settings.read({**self.base, "POSTGRES_PASSWORD_FILE": ""}).lines["db"]

    def test_a_public_password_stops_a_production(self) -> None:
        with pytest.raises(OperatorError, match="POSTGRES_PASSWORD has development's public secret"):
            settings.read({**self.base, "DJANGO_DEBUG": "false", "POSTGRES_PASSWORD": "development-only"})

    def test_the_password_may_come_beside_the_address(self) -> None:
        found = settings.read({**self.base, "POSTGRES_PASSWORD": "hunter22"})
        assert found.backup.database.environment == {"PGPASSWORD": "hunter22"}
