"""When certbot runs next, and why the last attempt failed: without a clock, without an authority."""

import datetime
from pathlib import Path

import pytest

from config.served_certificate import Served
from ops.certificates import attempts, certbot, health, settings, state, words
from ops.certificates.publishing import Issued
from ops.certificates.state import State
from ops.errors import OperatorError

NOW = datetime.datetime(2026, 11, 25, 3, tzinfo=datetime.UTC)
WISH = "https://ca.example.com/dir  api.example.com"
REFUSED = """Certbot failed to authenticate some domains (authenticator: webroot). The Certificate Authority reported these problems:
  Identifier: api.example.com
  Type:   unauthorized
  Detail: 192.0.2.1: Invalid response from http://api.example.com/.well-known/acme-challenge/x: 404

  Identifier: www.example.com
  Type:   dns
  Detail: NXDOMAIN looking up A for www.example.com

Hint: The Certificate Authority failed to download the temporary challenge files created by Certbot.
Some challenges have failed.
Ask for help or search for solutions at https://community.letsencrypt.org."""
LIMITED = """Requesting a certificate for api.example.com
An unexpected error occurred:
Error creating new order :: too many certificates (5) already issued for this exact set of identifiers in the last 168h0m0s,
 retry after 2026-11-27 14:40:01 UTC: see https://letsencrypt.org/docs/rate-limits/#new-certificates-per-exact-set-of-identifiers
Ask for help or search for solutions at https://community.letsencrypt.org."""


def minutes_until_due(found: State) -> float:
    return (attempts.due_at(found, wish=WISH, now=NOW) - NOW).total_seconds() / 60


def test_a_first_start_does_not_wait_and_what_is_well_is_looked_at_twice_a_day() -> None:
    found = State()
    assert minutes_until_due(found) == 0
    attempts.succeeded(found, wish=WISH, now=NOW)
    assert minutes_until_due(found) == 12 * 60


def test_each_failure_is_followed_by_twice_the_wait_up_to_half_a_day() -> None:
    found, waits = State(), []
    for _ in range(9):
        attempts.failed(found, wish=WISH, now=NOW, problem="x")
        waits.append(minutes_until_due(found))
    assert waits == [15, 30, 60, 120, 240, 480, 720, 720, 720]
    attempts.succeeded(found, wish=WISH, now=NOW)
    attempts.failed(found, wish=WISH, now=NOW, problem="x")
    assert minutes_until_due(found) == 15


def test_never_are_there_five_failures_within_an_hour() -> None:
    found, at, times = State(), NOW, []
    for _ in range(20):
        attempts.failed(found, wish=WISH, now=at, problem="x")
        times.append(at)
        at = attempts.due_at(found, wish=WISH, now=at)
    assert min(later - earlier for earlier, later in zip(times, times[4:], strict=False)) > datetime.timedelta(hours=1)


def test_a_limit_that_was_reached_is_waited_for() -> None:
    found = State()
    limit = words.not_before(LIMITED)
    assert limit == datetime.datetime(2026, 11, 27, 14, 40, 1, tzinfo=datetime.UTC)
    attempts.failed(found, wish=WISH, now=NOW, problem="x", limit=limit)
    assert attempts.due_at(found, wish=WISH, now=NOW) == limit
    far = NOW + datetime.timedelta(days=4000)
    attempts.failed(found, wish=WISH, now=NOW, problem="x", limit=far)
    assert attempts.due_at(found, wish=WISH, now=NOW) == NOW + datetime.timedelta(days=8)


def test_another_wish_or_a_clock_that_was_put_back_does_not_wait() -> None:
    found = State()
    attempts.failed(found, wish="another", now=NOW, problem="x")
    assert minutes_until_due(found) == 0
    attempts.failed(found, wish=WISH, now=NOW + datetime.timedelta(days=1), problem="x")
    assert minutes_until_due(found) == 0


WORDS = {
    REFUSED: "api.example.com: 192.0.2.1: Invalid response from http://api.example.com/.well-known/acme-challenge/x: 404 "
    "(unauthorized); www.example.com: NXDOMAIN looking up A for www.example.com (dns)",
    "Saving debug log to /x\nAnother instance of Certbot is running.\n": "Another instance of Certbot is running",
    "": "certbot failed, and said nothing",
}


@pytest.mark.parametrize(("said", "expected"), WORDS.items())
def test_the_authority_s_words_are_found(said: str, expected: str) -> None:
    assert words.problem(said) == expected


def test_words_without_end_are_cut() -> None:
    assert words.problem(LIMITED).startswith("Error creating new order :: too many certificates (5) already issued")
    assert len(words.problem("An unexpected error occurred:\n" + "x " * 5000)) == words.MOST_LETTERS + 1


def served(days: float, *, fingerprint: str = "a") -> Served:
    until = NOW + datetime.timedelta(days=days)
    return Served(until=until, names=("localhost",), issuer="CA", is_own=False, fingerprint=fingerprint)


def codes(found: State, shown: Served | None, *, fingerprint: str = "a", days: float = 60) -> list[str]:
    issued = Issued(until=NOW + datetime.timedelta(days=days), fingerprint=fingerprint)
    return [each.code for each in health.problems(found, names=["localhost"], issued=issued, served=shown, now=NOW)]


def test_what_ends_within_fourteen_days_is_told() -> None:
    assert codes(State(), served(14.01)) == []
    assert codes(State(), served(13.99)) == ["expiry"]
    assert codes(State(), served(-1)) == ["expiry"]
    assert codes(State(), None, days=13) == ["expiry"]  # nginx is away
    assert codes(State(), None) == []


def test_nginx_has_a_moment_to_show_what_was_issued() -> None:
    other = served(60, fingerprint="b")
    assert codes(State(published=NOW - datetime.timedelta(seconds=30)), other) == []
    assert codes(State(published=NOW - datetime.timedelta(minutes=3)), other) == ["nginx"]


def test_the_state_outlives_a_restart_and_a_broken_file_is_a_first_start(tmp_path: Path) -> None:
    found = State()
    attempts.failed(found, wish=WISH, now=NOW, problem="x")
    state.write(tmp_path, found)
    assert state.read(tmp_path) == found
    (tmp_path / state.NAME).write_text('{"wish": 1}')
    assert state.read(tmp_path) == State()


class TestSettings:
    base = {"SITE_URL": "https://api.example.com", "SERVER_NAME": "api.example.com"}

    @pytest.mark.parametrize(
        ("given", "server"),
        [
            ({}, settings.LETS_ENCRYPT),
            ({"ACME_STAGING": "true"}, settings.STAGING),
            ({"ACME_SERVER": "https://ca.example.com/dir"}, "https://ca.example.com/dir"),
        ],
    )
    def test_who_is_asked(self, given: dict[str, str], server: str) -> None:
        found = settings.read({**self.base, **given})
        assert found.server == server
        command = certbot.command(found)
        assert command[command.index("--server") + 1] == server
        assert "--register-unsafely-without-email" in command
        assert str(found.folder).startswith("/var/lib/certbot/")

    def test_staging_s_certificate_is_never_taken_for_a_real_one(self) -> None:
        real, staging = settings.read(self.base), settings.read({**self.base, "ACME_STAGING": "true"})
        assert real.live != staging.live
        assert real.wish != staging.wish

    def test_what_is_wrong_stops_the_start(self) -> None:
        with pytest.raises(OperatorError, match="ACME_SERVER"):
            settings.read({**self.base, "ACME_SERVER": "ftp://ca"})

    def test_each_of_several_names_is_asked_for(self) -> None:
        found = settings.read({**self.base, "SERVER_NAME": "slipway.test  www.slipway.test"})
        command = " ".join(certbot.command(found))
        assert "--domain slipway.test --domain www.slipway.test" in command
        assert "--renew-with-new-domains" in command

    def test_an_address_to_write_to_is_handed_on(self) -> None:
        command = certbot.command(settings.read({**self.base, "ACME_EMAIL": "ops@example.com"}))
        assert command[command.index("--email") + 1] == "ops@example.com"
