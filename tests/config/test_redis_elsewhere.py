"""Redis that is not ours: one whose primary dies and another takes over, one behind TLS, and such as can't be used."""

import asyncio
import os
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import kombu
import pytest
import redis
import trustme
from kombu.exceptions import OperationalError
from pytest_django import Settings

from config import broker, redis_clients, redis_look
from config.cache import CountingCache
from config.channel_layer import ChannelLayer
from config.start_up import StartUpError
from embedded.stack import ROOT
from tests.redis_servers import PASSWORD, behind_tls, rounds, server, user, wait_until, watched, works_after

GOES_ON_SECONDS = 60  # the Sentinel takes some two, a machine with much to do longer


def test_the_application_goes_on_when_the_primary_is_killed_and_a_replica_takes_over(tmp_path: Path) -> None:
    with watched(tmp_path) as found, user(tmp_path, found.url) as using:
        wait_until(lambda: works_after(tmp_path, -1), seconds=60, why=using.log_end)
        found.primary.child.kill()
        last = rounds(tmp_path)[-1]["number"]
        wait_until(lambda: works_after(tmp_path, last + 1), seconds=GOES_ON_SECONDS, why=using.log_end)
        with found.replica.client() as client:
            assert client.role()[0] == "master"
        assert asyncio.run(answers_a_loop(found.url))


async def answers_a_loop(url: str) -> bool:
    async with redis_clients.loop_client(url, socket_timeout=5) as client:
        found = bool(await client.ping())
        asked = getattr(client.connection_pool, "sentinel_manager", None)
        for each in asked.sentinels if asked else ():
            await each.aclose()
        return found


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def ca_path(authority: trustme.CA, tmp_path: Path) -> Path:
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    return tmp_path / "ca.pem"


@pytest.fixture
def tls_port(authority: trustme.CA, tmp_path: Path) -> Iterator[int]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    with server(tmp_path, "alone") as alone, behind_tls(alone.port, context) as port:
        yield port


def test_all_go_by_tls_to_a_server_whose_authority_is_named(tls_port: int, ca_path: Path) -> None:
    url = f"rediss://:{PASSWORD}@localhost:{tls_port}/0?ssl_ca_certs={ca_path}"
    kept = CountingCache([url], {})
    kept.set("name", "value")
    assert kept.get("name") == "value"
    kept.close()
    assert broker_error(url) is None

    async def told() -> object:
        layer = ChannelLayer(hosts=[{"address": url}], prefix="slipway")
        channel = await layer.new_channel()
        await layer.group_add("group", channel)
        await asyncio.to_thread(layer.tell, "group", {"type": "told"})
        heard = await layer.receive(channel)
        await layer.flush()
        return heard

    assert asyncio.run(told()) == {"type": "told"}
    assert asyncio.run(answers_a_loop(url))


@pytest.mark.parametrize("options", ["", "?ssl_ca_certs={authority}&ssl_cert_reqs=required"])
def test_a_server_whose_certificate_nobody_vouches_for_gets_no_password(
    tls_port: int, tmp_path: Path, options: str
) -> None:
    trustme.CA().cert_pem.write_to_path(tmp_path / "another.pem")
    url = f"rediss://:{PASSWORD}@localhost:{tls_port}/0" + options.format(authority=tmp_path / "another.pem")
    with redis_clients.client(url) as client, pytest.raises(redis.ConnectionError, match="certificate verify failed"):
        client.ping()
    assert "certificate verify failed" in str(broker_error(url))


@pytest.mark.parametrize("options", ["?ssl_cert_reqs=none", "?ssl_ca_certs={ca}&ssl_check_hostname=false"])
def test_what_is_compared_can_be_said(tls_port: int, ca_path: Path, options: str) -> None:
    url = f"rediss://:{PASSWORD}@127.0.0.1:{tls_port}/0" + options.format(ca=ca_path)
    with redis_clients.client(url) as client:
        assert client.ping()
    assert broker_error(url) is None


def broker_error(url: str) -> Exception | None:
    """Return what Celery's transport says of an address."""
    broker.use()
    found = redis_clients.broker_settings(url)
    with kombu.Connection(found["url"], ssl=found["tls"], transport_options=found["options"]) as connection:
        try:
            connection.ensure_connection(max_retries=0, timeout=1)
        except OperationalError as error:
            return error
    return None


class TestLook:
    @pytest.fixture
    def said(self) -> list[str]:
        return []

    @pytest.fixture
    def look(self, settings: Settings, said: list[str]) -> Callable[[str], None]:
        def look(url: str) -> None:
            settings.CACHE_REDIS_URL = settings.BROKER_REDIS_URL = settings.CHANNELS_REDIS_URL = url
            redis_look.look(said.append)

        return look

    def test_one_that_is_well_is_passed_over(self, said: list[str]) -> None:
        redis_look.look(said.append)
        assert said == []

    def test_one_that_is_away_is_told_with_what_it_is_for_and_without_its_password(
        self, look: Callable[[str], None], said: list[str], settings: Settings
    ) -> None:
        look("redis://:s3cret@127.0.0.1:1/0")
        (line,) = said
        assert line.startswith("error: Redis at 127.0.0.1:1 (cache, tasks, subscriptions) is away: ")
        assert "hint: " in line
        assert "s3cret" not in line
        look("redis+sentinel://:s3cret@127.0.0.1:1,[::1]:2/main/0?sentinel_password=s3cret")
        assert said[1].startswith("error: Redis at main by the Sentinels 127.0.0.1:1, ::1:2 (cache,")
        assert "s3cret" not in said[1]

    def test_a_wrong_password_stops_the_start(self, look: Callable[[str], None], settings: Settings) -> None:
        with pytest.raises(StartUpError, match="does not let us in"):
            look(settings.REDIS_URL.replace(":", ":x", 2).replace("redis:x", "redis:"))

    def test_part_of_a_cluster_stops_the_start(self, look: Callable[[str], None], tmp_path: Path) -> None:
        with server(tmp_path, "part", "cluster-enabled yes") as part, pytest.raises(StartUpError, match="cluster"):
            look(part.url)

    def test_a_replica_stops_the_start_and_a_queue_that_is_evicted_is_told(
        self, look: Callable[[str], None], tmp_path: Path, said: list[str]
    ) -> None:
        with server(tmp_path, "one", "maxmemory-policy allkeys-lru") as one:
            look(one.url)
            assert "evicts tasks where it is full (allkeys-lru)" in said[0]
            with one.client() as client:
                client.replicaof("127.0.0.1", "1")
            with pytest.raises(StartUpError, match="is a replica"):
                look(one.url)


def test_cache_tasks_and_subscriptions_may_each_have_their_own() -> None:
    own = {"CACHE_REDIS_URL": "redis://cache.test", "BROKER_REDIS_URL": "redis://broker.test:7000/3"}
    environment = {**os.environ, "REDIS_URL": "redis://all.test", **own}
    program = (
        "from config import settings as s; "
        "print(*s.CACHES['default']['LOCATION'], s.CELERY_BROKER_URL, s.CHANNEL_LAYERS['default']['CONFIG']['hosts'][0]['address'])"
    )
    found = subprocess.run(
        [sys.executable, "-c", program], env=environment, cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert found.stdout.split() == ["redis://cache.test", "redis://broker.test:7000/3", "redis://all.test"]
