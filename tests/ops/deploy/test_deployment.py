"""The steps in their order, and the way back from each of them."""

import signal
from collections.abc import Callable, Iterator

import pytest

from ops.backup.stopping import ENDING
from ops.deploy import front_door, history, release, rollback
from ops.deploy.commands import Commands
from ops.deploy.deployment import Deployment
from ops.deploy.hands import Hands
from ops.deploy.looking import Seen
from ops.deploy.progress import Progress
from ops.deploy.release import Wishes
from ops.deploy.site import Site
from ops.errors import REFUSED, OperatorError, StoppedError
from tests.ops.deploy.conftest import Docker

HEADS = '{"pending": [], "heads": ["gallery.0001_initial"], "dangers": [], "refused": []}'
WISHES = Wishes(is_backed_up=True, backup_max_age=None, allowed=[], repository="", with_interruption=False)
START, SMOKE, SWITCH = "up -d --no-deps web_green", "smoke_test", "switch-upstream web_green"
ELSEWHERE = "docker-compose.yml:docker-compose.prod.yml:docker-compose.redis-elsewhere.yml"
WORKERS, DRAIN = "up -d --no-deps worker scheduler", "stop web_blue"
BACK = ("switch-upstream web_blue", "stop web_green", "up -d --no-deps web_blue")


@pytest.fixture(autouse=True)
def signals() -> Iterator[None]:
    """Put back what the way back does to signals."""
    before = [(number, signal.getsignal(number)) for number in ENDING]
    yield
    for number, handler in before:
        signal.signal(number, handler)


@pytest.fixture
def deployment(site: Site, docker: Docker, monkeypatch: pytest.MonkeyPatch) -> Deployment:
    monkeypatch.setattr(front_door, "test", lambda _: docker.run(["front door"]))
    docker.answers = {
        "migrate_once": HEADS,
        "backup.sh": '{"id": "20260101T030000Z"}',
        "config.environment": '{"problems": []}',
    }
    docker.failing = {"image inspect": lambda: OperatorError("no image", hint="")}
    return made(site, is_dry_run=False)


def test_what_a_killed_one_has_left_half_replaced_is_removed_first(deployment: Deployment, docker: Docker) -> None:
    half = "f3083bd970fc_slipway-web_green-1"
    docker.answers["status=created"] = f"{half}\nslipway-nginx-1\n"
    deployment.start()
    assert docker.order(f"docker rm --force {half}", START) == [f"docker rm --force {half}", START]
    assert not [line for line in docker.commands if "nginx-1" in line]


def made(site: Site, *, is_dry_run: bool, say: Callable[[str], None] = lambda _: None) -> Deployment:
    return Deployment(
        site=site,
        commands=Commands(compose=site.compose, project=site.project),
        hands=Hands(environment={}, is_dry_run=is_dry_run, say=say),
        progress=Progress(steps=release.STEPS),
        seen=Seen(
            serving="blue",
            serving_version="one",
            version="two",
            running=frozenset({"db", "redis", "nginx", "web_blue"}),
        ),
        version="two",
    )


def test_the_steps_come_in_their_order(deployment: Deployment, docker: Docker) -> None:
    release.release(deployment, WISHES)
    steps = ("backup.sh", "docker build", "migrate_once", START, SMOKE, SWITCH, WORKERS, DRAIN)
    assert docker.order(*steps) == list(steps)
    assert docker.order(SWITCH, "front door", WORKERS, DRAIN) == [SWITCH, "front door", WORKERS, DRAIN, "front door"]
    assert docker.order("up -d --no-deps db") == []
    assert deployment.site.value("COMPOSE_PROFILES") == "green,backup"
    assert (
        deployment.site.value("WEB_GREEN_IMAGE")
        == deployment.site.value("APPLICATION_IMAGE")
        == "slipway-application:two"
    )


def test_it_is_written_down(deployment: Deployment, site: Site) -> None:
    release.release(deployment, WISHES)
    (record,) = history.read(site.state)
    assert (record.from_version, record.to_version, record.result) == ("one", "two", history.DONE)
    assert (record.backup, record.heads) == ("20260101T030000Z", ["gallery.0001_initial"])


@pytest.mark.parametrize(
    ("failing", "back"),
    [
        ("backup.sh", []),
        ("docker build", []),
        ("migrate_once", []),
        (START, [BACK[1]]),
        (SMOKE, [BACK[1]]),
        (SWITCH, [BACK[0], BACK[1]]),
        ("front door", [BACK[0], BACK[1]]),
        (WORKERS, [BACK[0], BACK[1]]),
        (DRAIN, [BACK[2], BACK[0], BACK[1]]),
    ],
)
@pytest.mark.parametrize("error", [OperatorError, StoppedError])
def test_whatever_fails_the_version_before_serves(
    deployment: Deployment, docker: Docker, failing: str, back: list[str], error: type[OperatorError | StoppedError]
) -> None:
    docker.failing[failing] = lambda: error("It failed", hint="Look.")
    with pytest.raises(OperatorError, match=r"Version one \(blue\) is still serving") as failed:
        release.release(deployment, WISHES)
    assert failed.value.status == 1
    assert docker.order(*BACK) == back
    assert deployment.site.value("COMPOSE_PROFILES") == "blue,backup"
    assert deployment.site.value("APPLICATION_IMAGE") == "slipway-application:one"
    assert history.read(deployment.site.state)[-1].result == history.FAILED


def test_a_way_back_that_fails_does_not_stop_the_others(deployment: Deployment, docker: Docker) -> None:
    docker.fail("front door")
    docker.fail("switch-upstream web_blue")
    with pytest.raises(OperatorError, match="front door"):
        release.release(deployment, WISHES)
    assert docker.order("stop web_green") == ["stop web_green"]


def test_a_dangerous_migration_is_refused_with_its_name(deployment: Deployment, docker: Docker) -> None:
    docker.answers["migrate_once"] = '{"refused": [{"migration": "gallery.0002_x", "what": "renaming columns"}]}'
    with pytest.raises(OperatorError, match="renaming columns") as failed:
        release.release(deployment, WISHES)
    assert failed.value.status == REFUSED
    assert "--allow-dangerous-migration gallery.0002_x" in failed.value.hint
    assert docker.order(START) == []


def test_an_env_file_that_is_not_fit_for_the_version_stops_before_the_migration(
    deployment: Deployment, docker: Docker
) -> None:
    docker.answers["config.environment"] = (
        '{"problems": [{"name": "SITE_URL", "message": "is not set", "hint": "Set it."}]}'
    )
    with pytest.raises(OperatorError, match="SITE_URL is not set"):
        release.release(deployment, WISHES)
    assert docker.order("migrate_once") == []


def test_a_dry_run_changes_nothing_and_prints_every_command(site: Site, docker: Docker) -> None:
    docker.failing = {"image inspect": lambda: OperatorError("no image", hint="")}
    said: list[str] = []
    before = site.env_file.read_text()
    release.release(made(site, is_dry_run=True, say=said.append), WISHES)
    assert site.env_file.read_text() == before
    assert history.read(site.state) == []
    assert docker.order("docker build", "migrate_once", "up -d", "switch-upstream", "stop") == []
    told = "\n".join(said)
    for words in ("docker build", "migrate_once", START, SMOKE, SWITCH, WORKERS, DRAIN):
        assert words in told


def test_a_first_deploy_backs_nothing_up_and_drains_nobody(deployment: Deployment, docker: Docker) -> None:
    deployment.seen = Seen(serving="", serving_version="", version="two", running=frozenset())
    deployment.site.change(COMPOSE_PROFILES="", APPLICATION_IMAGE="")
    release.release(deployment, WISHES)
    assert docker.order("backup.sh", " stop ") == []
    assert docker.order("up -d --no-deps db redis nginx") == ["up -d --no-deps db redis nginx"]
    assert deployment.site.value("COMPOSE_PROFILES") == "blue"


def test_redis_that_is_elsewhere_is_not_started(deployment: Deployment, docker: Docker) -> None:
    deployment.seen = Seen(serving="", serving_version="", version="two", running=frozenset())
    deployment.site.change(COMPOSE_PROFILES="", APPLICATION_IMAGE="", COMPOSE_FILE=ELSEWHERE)
    release.release(deployment, WISHES)
    assert docker.order("up -d --no-deps db nginx") == ["up -d --no-deps db nginx"]


def test_after_a_first_deploy_that_fails_nobody_is_said_to_serve(deployment: Deployment, docker: Docker) -> None:
    deployment.seen = Seen(serving="", serving_version="", version="two", running=frozenset())
    deployment.site.change(COMPOSE_PROFILES="backup", APPLICATION_IMAGE="")
    docker.fail(WORKERS)
    with pytest.raises(OperatorError, match="Nothing serves yet"):
        release.release(deployment, WISHES)
    assert deployment.site.value("COMPOSE_PROFILES") == "backup"


def test_a_rollback_takes_the_same_steps_without_backup_and_migration(deployment: Deployment, docker: Docker) -> None:
    docker.failing = {}
    docker.answers["image inspect"] = "sha256:1"
    rollback.roll_back(deployment, [])
    assert docker.order("backup.sh", "docker build", "migrate_once") == []
    assert docker.order(START, SMOKE, SWITCH, WORKERS, DRAIN) == [START, SMOKE, SWITCH, WORKERS, DRAIN]


def test_a_rollback_to_an_image_that_is_gone_is_refused(deployment: Deployment, docker: Docker) -> None:
    with pytest.raises(OperatorError, match="no image of version two") as refused:
        rollback.roll_back(deployment, [])
    assert refused.value.status == REFUSED
    assert "git checkout two" in refused.value.hint


def test_a_backup_that_does_not_say_its_name_is_none(deployment: Deployment, docker: Docker) -> None:
    docker.answers["backup.sh"] = "done"
    with pytest.raises(OperatorError, match="Cannot tell which backup was taken"):
        release.release(deployment, WISHES)
    assert docker.order("migrate_once") == []


def test_media_are_backed_up_where_they_have_a_target(deployment: Deployment, docker: Docker) -> None:
    deployment.site.change(MEDIA_BACKUP_TARGET="file:///mnt/media")
    release.release(deployment, WISHES)
    assert docker.order("backup.sh all --json") == ["backup.sh all --json"]
