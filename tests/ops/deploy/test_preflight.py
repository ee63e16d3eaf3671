"""What is found before a deploy changes anything."""

import datetime
import os
import socket
from pathlib import Path

import pytest
import trustme

from config.env_file import load
from ops.deploy import first_time
from ops.deploy.commands import Commands
from ops.deploy.hands import Hands
from ops.deploy.preflight import certificate, configuration, connections, findings, host, stack, tree
from ops.deploy.preflight.findings import Finding
from ops.deploy.site import Site
from ops.errors import OperatorError
from tests.ops.deploy.conftest import Docker


@pytest.fixture
def hands(docker: Docker) -> Hands:
    return Hands(environment={}, is_dry_run=False, say=lambda _: None)


@pytest.fixture
def ready(site: Site, hands: Hands, monkeypatch: pytest.MonkeyPatch) -> Site:
    """A site as the first deploy leaves it, its secrets being ours."""
    monkeypatch.setattr(first_time, "give", lambda *_, **__: None)
    monkeypatch.setattr(first_time, "OWNERS", dict.fromkeys(first_time.OWNERS, os.getuid()))
    monkeypatch.setattr(configuration, "OWNERS", first_time.OWNERS)
    site.env_file.unlink()
    first_time.set_up(site, hands, server_name="api.slipway.test")
    return site


def bad(found: list[Finding]) -> list[str]:
    return [finding.name for finding in found if finding.level != "ok"]


def test_what_the_first_deploy_makes_is_fine(ready: Site) -> None:
    assert bad(list(configuration.variables(ready, server_name=""))) == []
    assert bad(list(configuration.secrets(ready))) == []
    assert ready.env_file.stat().st_mode & 0o777 == 0o600
    assert ready.value("SITE_URL") == "https://api.slipway.test"
    texts = {path.name: path.read_text().strip() for path in ready.secrets.iterdir()}
    assert texts["db_password"] in texts["database_url"]
    assert texts["redis_password"] in texts["redis_url"]
    assert (
        len({texts[name] for name in ("db_password", "postgres_password", "redis_password", "django_secret_key")}) == 4
    )


def test_a_site_may_have_several_names(ready: Site, hands: Hands) -> None:
    ready.env_file.unlink()
    first_time.set_up(ready, hands, server_name="slipway.test www.slipway.test")
    assert bad(list(configuration.variables(ready, server_name=""))) == []
    assert ready.names == ["slipway.test", "www.slipway.test"]
    assert load(ready.env_file)[0]["SERVER_NAME"] == "slipway.test www.slipway.test"
    assert ready.value("DJANGO_ALLOWED_HOSTS") == "slipway.test,www.slipway.test"
    assert ready.value("SITE_URL") == "https://slipway.test"
    assert ready.value("DEFAULT_FROM_EMAIL").endswith("@slipway.test>")


@pytest.mark.parametrize(
    ("allowed", "absent"),
    [
        ("slipway.test", "www.slipway.test, api.example.org"),
        ("Slipway.test, WWW.slipway.test", "api.example.org"),
        (".slipway.test,api.example.org", ""),
        (".www.slipway.test,slipway.test,.example.org", ""),
        ("*", ""),
    ],
)
def test_a_name_that_the_application_would_refuse_is_told(ready: Site, allowed: str, absent: str) -> None:
    ready.change(SERVER_NAME="slipway.test www.slipway.test api.example.org", DJANGO_ALLOWED_HOSTS=allowed)
    found = [each for each in configuration.variables(ready, server_name="") if each.level == "error"]
    assert [each.fact for each in found] == ([f"lacks {absent}, which SERVER_NAME has"] if absent else [])


def test_each_of_the_site_s_names_is_looked_up(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def look_up(name: str, _: object) -> list[object]:
        if name != "slipway.test":
            raise socket.gaierror
        return [(0, 0, 0, "", ("192.0.2.1", 0))]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    site.change(SERVER_NAME="slipway.test www.slipway.test")
    found = [(each.level, each.fact) for each in host.name_service(site, server_name="")]
    assert found == [("ok", "slipway.test is 192.0.2.1"), ("warning", "www.slipway.test has no address")]


def test_a_second_time_nothing_is_made(ready: Site, hands: Hands) -> None:
    before = {path: path.read_bytes() for path in [ready.env_file, *ready.secrets.iterdir()]}
    first_time.set_up(ready, hands, server_name="other.test")
    assert {path: path.read_bytes() for path in before} == before


def test_a_first_deploy_without_a_name_is_refused(site: Site, hands: Hands) -> None:
    site.env_file.unlink()
    with pytest.raises(OperatorError, match="nothing says what the site is called"):
        first_time.set_up(site, hands, server_name="")
    assert not site.secrets.exists()
    assert bad(list(configuration.variables(site, server_name=""))) == ["env file"]


@pytest.mark.parametrize(
    ("name", "value", "fact"),
    [
        ("SITE_URL", "", "is not set"),
        ("SITE_URL", "https://api.example.com", "still is the template's"),
        ("SERVER_NAMES", "x", "nothing reads it"),
        ("DJANGO_DEBUG", "true", "is a development's"),
    ],
)
def test_a_wrong_env_file_is_told(ready: Site, name: str, value: str, fact: str) -> None:
    ready.change(**{name: value})
    found = [finding for finding in configuration.variables(ready, server_name="") if finding.level == "error"]
    assert any(fact in finding.fact for finding in found)


def test_an_env_file_that_others_may_read_is_told(ready: Site) -> None:
    ready.env_file.chmod(0o644)
    assert bad(list(configuration.variables(ready, server_name=""))) == ["env file"]


def test_a_secret_that_is_open_gone_or_another_user_s_is_told(ready: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    (ready.secrets / "db_password").chmod(0o640)
    (ready.secrets / "redis_url").unlink()
    monkeypatch.setitem(first_time.OWNERS, "django_secret_key", 4711)
    found = {finding.name: finding.fact for finding in configuration.secrets(ready)}
    assert "others may read it" in found["db_password"]
    assert "No such file" in found["redis_url"]
    assert "user 4711 has to read it" in found["django_secret_key"]


def test_secrets_that_are_gone_are_not_made_anew(ready: Site) -> None:
    ready.secrets.rename(ready.root / "away")
    (found,) = configuration.secrets(ready)
    assert found.level == "error"


@pytest.fixture
def pair(site: Site) -> Path:
    """A folder with a certificate for api.slipway.test, which the env file names."""
    folder = site.root / "tls"
    folder.mkdir()
    made = trustme.CA().issue_cert("api.slipway.test")
    made.private_key_pem.write_to_path(folder / "privkey.pem")
    for blob in made.cert_chain_pems:
        blob.write_to_path(folder / "fullchain.pem", append=True)
    site.change(TLS_MODE="files", TLS_FOLDER="tls", SERVER_NAME="api.slipway.test")
    return folder


def looked(site: Site, *, days: int = 0) -> Finding:
    now = datetime.datetime.now(tz=datetime.UTC) + datetime.timedelta(days=days)
    (found,) = certificate.certificate(site, server_name="", now=now)
    return found


def test_a_certificate_that_is_good_is_told_with_its_end(site: Site, pair: Path) -> None:
    assert looked(site).level == "ok"
    assert looked(site).fact.startswith("for api.slipway.test, until ")


def test_a_certificate_for_another_name_is_an_error(site: Site, pair: Path) -> None:
    site.change(SERVER_NAME="other.test")
    assert looked(site).level == "error"
    assert "other.test" in looked(site).fact


def test_a_certificate_that_lacks_one_of_the_names_is_an_error(site: Site, pair: Path) -> None:
    site.change(SERVER_NAME="api.slipway.test www.slipway.test")
    assert looked(site).level == "error"
    assert "www.slipway.test" in looked(site).fact


def test_a_certificate_that_ends_soon_is_an_error(site: Site, pair: Path) -> None:
    until = certificate.expiry(pair / "fullchain.pem", pair / "privkey.pem", name="api.slipway.test")
    days = (until - datetime.datetime.now(tz=datetime.UTC)).days
    assert looked(site, days=days - 20).level == "ok"
    assert looked(site, days=days - 10).level == "error"


def test_a_certificate_of_nginx_s_own_is_a_warning(site: Site) -> None:
    assert site.value("TLS_MODE") == "selfsigned"
    assert looked(site).level == "warning"


def test_a_certificate_that_cannot_be_looked_at_is_a_warning(site: Site) -> None:
    site.change(TLS_MODE="files")
    assert looked(site).level == "warning"


def test_a_key_of_another_certificate_is_an_error(site: Site, pair: Path) -> None:
    trustme.CA().issue_cert("api.slipway.test").private_key_pem.write_to_path(pair / "privkey.pem")
    assert "are no pair" in looked(site).fact


def test_a_pair_that_is_not_there_is_an_error(site: Site, pair: Path) -> None:
    (pair / "privkey.pem").unlink()
    assert looked(site).fact.endswith("privkey.pem is not there")


def test_a_port_that_is_taken_is_an_error(site: Site) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        site.change(PUBLISH_ADDRESS="127.0.0.1", HTTP_PORT=str(port), HTTPS_PORT=str(port))
        assert bad(list(host.ports(site, is_serving=False))) == ["HTTP_PORT", "HTTPS_PORT"]
        assert bad(list(host.ports(site, is_serving=True))) == []


def test_a_full_disk_is_an_error(site: Site, hands: Hands) -> None:
    assert bad(list(host.disk(site, hands, database_bytes=0))) == []
    assert bad(list(host.disk(site, hands, database_bytes=10**16))) == ["disk"]


def test_too_little_memory_is_a_warning(site: Site, tmp_path: Path) -> None:
    (tmp_path / "meminfo").write_text("MemTotal:        1024000 kB\n")
    (found,) = host.memory(site, meminfo=tmp_path / "meminfo")
    assert found.level == "warning"


def test_what_is_elsewhere_needs_no_memory_here(site: Site) -> None:
    (before,) = host.memory(site)
    names = ("docker-compose.yml", "docker-compose.prod.yml", "docker-compose.redis-elsewhere.yml")
    site.change(COMPOSE_FILE=":".join(names))
    (found,) = host.memory(site)
    less = int(before.fact.split("use ")[1].split()[0]) - int(found.fact.split("use ")[1].split()[0])
    assert less == 256


@pytest.mark.parametrize(
    ("text", "size"), [("512m", 512 * 1024**2), ("1g", 1024**3), ("1GB", 1024**3), ("64", 64), ("x", 0)]
)
def test_sizes_are_compose_s(text: str, size: int) -> None:
    assert host.size_of(text) == size


def test_docker_that_does_not_answer_is_all_that_is_told(docker: Docker, hands: Hands) -> None:
    docker.fail("docker version")
    assert bad(list(host.programs(hands))) == ["Docker"]


def test_an_old_compose_is_an_error(docker: Docker, hands: Hands) -> None:
    docker.answers = {"compose version": "v2.20.3\n", "docker version": "26\n"}
    assert bad(list(host.programs(hands))) == ["Compose"]


def test_changes_that_are_not_committed_are_an_error(docker: Docker, hands: Hands, site: Site) -> None:
    docker.answers = {"rev-parse": "abc\n", "status": " M a.py\n?? b.py\n"}
    (found,) = tree.tree(hands, root=site.root)
    assert (found.level, found.fact) == ("error", "abc with changes that are not committed: a.py, b.py")


def test_another_major_of_postgresql_in_the_volume_is_an_error(docker: Docker, hands: Hands, site: Site) -> None:
    commands = Commands(compose=site.compose, project="slipway")
    docker.answers = {"ls /var/lib/postgresql": "17\n", "image inspect": "PATH=/x\nPG_MAJOR=18\n"}
    (found,) = stack.postgres_major(site, commands, hands)
    assert (found.level, found.fact) == ("error", "the volume has 17, the image postgres:18 is 18")
    docker.answers["ls /var/lib/postgresql"] = "18\n"
    assert bad(list(stack.postgres_major(site, commands, hands))) == []


def test_a_password_that_the_database_does_not_take_is_an_error(docker: Docker, hands: Hands, site: Site) -> None:
    commands = Commands(compose=site.compose, project="slipway")
    docker.answers = {"SELECT 1": "1\n"}
    assert bad(list(stack.password(commands, hands))) == []
    docker.fail("SELECT 1")
    assert bad(list(stack.password(commands, hands))) == ["password"]


def test_a_server_whose_declaration_has_changed_is_a_warning(docker: Docker, hands: Hands, site: Site) -> None:
    commands = Commands(compose=site.compose, project="slipway")
    docker.answers = {"config --hash": "db abc\nredis abc\n", "docker ps": "db abd\n"}
    (found,) = stack.servers(("db", "redis"), commands, hands)
    assert (found.level, found.fact.split()[0]) == ("warning", "db")
    docker.answers["docker ps"] = "db abc\n"
    assert bad(list(stack.servers(("db",), commands, hands))) == []


def test_findings_are_shown_to_people_and_to_programs() -> None:
    found = [findings.ok("one", "fine"), findings.error("other", "not fine", hint="Mend it.")]
    assert findings.as_table(found).splitlines()[-1].strip() == "hint: Mend it."
    assert '"level": "error"' in findings.as_json(found)


@pytest.mark.parametrize(
    ("values", "level", "fact"),
    [
        ({}, "ok", "100 to PostgreSQL; web servers and workers may take 33 while both colours run"),
        ({"WEB_REPLICAS": "4", "WORKER_REPLICAS": "3", "WORKER_CONCURRENCY": "2"}, "ok", "may take 99"),
        ({"WEB_REPLICAS": "5"}, "warning", "may take 113"),
        ({"WEB_REPLICAS": "5", "DB_MAX_CONNECTIONS": "113"}, "ok", "113 to PostgreSQL"),
        ({"DB_POOL_SIZE": "60"}, "warning", "may take 133"),
    ],
)
def test_connections_are_counted_for_all_web_servers_of_both_colours(
    site: Site, values: dict[str, str], level: str, fact: str
) -> None:
    site.change(**values)
    (found,) = connections.connections(site)
    assert (found.level, fact in found.fact) == (level, True), found
