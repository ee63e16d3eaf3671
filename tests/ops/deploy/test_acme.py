"""What a deploy does where TLS_MODE is acme: certbot's profile, its container, and the look at what it keeps."""

import dataclasses
import datetime

import pytest

from config import served_certificate
from config.served_certificate import Served
from ops.deploy import servers
from ops.deploy.commands import Commands
from ops.deploy.deployment import Deployment
from ops.deploy.hands import Hands
from ops.deploy.looking import Seen
from ops.deploy.preflight import acme, certificate
from ops.deploy.preflight.findings import Finding
from ops.deploy.progress import Progress
from ops.deploy.site import Site
from ops.errors import OperatorError
from tests.ops.deploy.conftest import Docker

NOW = datetime.datetime(2026, 11, 25, tzinfo=datetime.UTC)
NAME = "api.slipway.test"
RENEW, REMOVE = "up -d --no-deps certbot", "rm --stop --force certbot"


def deployment(site: Site, *, running: frozenset[str] = frozenset()) -> Deployment:
    return Deployment(
        site=site,
        commands=Commands(compose=site.compose, project=site.project),
        hands=Hands(environment={}, is_dry_run=False, say=lambda _: None),
        progress=Progress(steps=1),
        seen=Seen(serving="blue", serving_version="one", version="two", running=running),
        version="two",
    )


def test_certbot_is_built_started_and_stays_on(site: Site, docker: Docker) -> None:
    site.change(TLS_MODE="acme")
    made = deployment(site, running=frozenset({"db", "redis", "nginx"}))
    servers.start(made, with_interruption=False)
    servers.renew_optional(made)
    assert docker.order("build --quiet nginx backup certbot", RENEW) == ["build --quiet nginx backup certbot", RENEW]
    assert site.value("COMPOSE_PROFILES") == "blue,backup,certbot"


@pytest.mark.parametrize("change", [{"TLS_MODE": "files"}, {"TLS_MODE": "acme", "USE_TLS": "false"}])
def test_certbot_is_ended_where_it_is_of_no_use_any_more(site: Site, docker: Docker, change: dict[str, str]) -> None:
    site.change(COMPOSE_PROFILES="blue,certbot,backup", **change)
    servers.renew_optional(deployment(site, running=frozenset({"certbot"})))
    assert docker.order(RENEW, REMOVE) == [REMOVE]
    assert site.value("COMPOSE_PROFILES") == "blue,backup"


@pytest.fixture
def looked(site: Site, docker: Docker, monkeypatch: pytest.MonkeyPatch) -> list[Served | OSError]:
    """What nginx shows, to be filled in by the test."""
    shown: list[Served | OSError] = []

    def look(**_: object) -> Served:
        if isinstance(shown[0], OSError):
            raise shown[0]
        return shown[0]

    monkeypatch.setattr(served_certificate, "look", look)
    site.change(TLS_MODE="acme", SERVER_NAME=NAME)
    return shown


def found(site: Site, *, running: frozenset[str] = frozenset({"nginx"})) -> list[Finding]:
    made = deployment(site)
    return list(acme.certificate(site, made.commands, made.hands, running=running, now=NOW))


def served(*, days: float = 60, name: str = NAME, is_own: bool = False, issuer: str = "R11") -> Served:
    until = NOW + datetime.timedelta(days=days)
    return Served(until=until, names=(name,), issuer=issuer, is_own=is_own, fingerprint="a")


@pytest.mark.parametrize(
    ("shown", "level", "fact"),
    [
        (served(), "ok", "for api.slipway.test, until 2027-01-24 (60 days), by R11"),
        (served(days=13.9), "error", "ends in 13 days, on 2026-12-08: it was not renewed"),
        (served(days=-1), "error", "ends in -1 days"),
        (served(is_own=True), "warning", "none was issued yet"),
        (served(name="old.slipway.test"), "warning", "is for old.slipway.test, and not yet for api.slipway.test"),
        (served(issuer="(STAGING) Ersatz Edamame E1"), "warning", "no browser believes"),
        (OSError("Connection refused"), "error", "nginx shows none for api.slipway.test: Connection refused"),
    ],
)
def test_what_nginx_shows_is_judged(
    site: Site, looked: list[Served | OSError], shown: Served | OSError, level: str, fact: str
) -> None:
    looked.append(shown)
    (finding,) = found(site)
    assert (finding.level, fact in finding.fact) == (level, True), finding


def test_each_of_the_site_s_names_has_to_be_in_it(site: Site, looked: list[Served | OSError]) -> None:
    site.change(SERVER_NAME=f"{NAME} www.slipway.test")
    looked.append(served())
    (finding,) = found(site)
    assert (finding.level, finding.fact) == ("warning", f"is for {NAME}, and not yet for www.slipway.test")
    looked[0] = dataclasses.replace(served(), names=("www.slipway.test", NAME))
    assert [finding.level for finding in found(site)] == ["ok"]


def test_before_nginx_runs_there_is_nothing_to_look_at(site: Site, looked: list[Served | OSError]) -> None:
    (finding,) = found(site, running=frozenset())
    assert finding.level == "ok"
    assert list(certificate.certificate(site, server_name="")) == []  # one line about it is enough


def test_another_port_than_80_is_a_warning(site: Site, looked: list[Served | OSError]) -> None:
    looked.append(served())
    site.change(HTTP_PORT="8080")
    assert [finding.level for finding in found(site)] == ["warning", "ok"]
    site.change(ACME_SERVER="https://ca.example.com/dir")  # may ask elsewhere
    assert [finding.level for finding in found(site)] == ["ok"]


def test_what_certbot_complains_of_is_told(site: Site, looked: list[Served | OSError], docker: Docker) -> None:
    looked.append(served())
    running = frozenset({"nginx", "certbot"})
    assert [finding.name for finding in found(site, running=running)] == ["certificate"]
    said = "The certificate could not be renewed: 403"
    docker.failing["ops.certificates health"] = lambda: OperatorError(said, hint="Look.")
    assert [(each.name, each.level) for each in found(site, running=running)][1:] == [("certbot", "warning")]
