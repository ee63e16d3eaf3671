"""A deploy that is killed in each of its steps, or whose disk is full from each of them on."""

import resource
import signal

import pytest

from ops.deploy import history, lock
from tests.ops.deploy.host import Host, ended

ONE, TWO = "site-application:one", "site-application:two"
SERVERS = "db nginx redis scheduler"
# A command of each step, which of the versions serves where the deploy is gone after it, and whether something is written later.
STEPS = {
    "lock": ("ps --services", ONE, True),
    "preflight": ("info --format", ONE, True),
    "backup": ("back up", ONE, True),
    "build": ("build --quiet --tag", ONE, True),
    "migration": ("migrate_once", ONE, True),
    "start": ("up -d --no-deps web_green", ONE, True),
    "smoke test": ("smoke_test", ONE, True),
    "switch": ("switch-upstream web_green", TWO, True),
    "first look through the front door": (f"front door {SERVERS} web_blue", TWO, True),
    "worker": ("up -d --no-deps worker scheduler", TWO, False),
    "drain": ("stop web_blue", TWO, False),
    "front door": (f"front door {SERVERS} web_green", TWO, False),
    "record": ("image ls", TWO, False),
}
FULL_BYTES = 700  # the kernel ends a write beyond as it does on a full disk; the env file is larger, and a line of history is not


def insist_on_two(host: Host) -> str:
    """Deploy once more, with nothing in the way: two serves, and nothing else does; return what was said."""
    host.hold("nothing")
    status, said = host.deploy()
    assert status == 0, said
    assert host.serving == host.running["worker"] == host.running["scheduler"] == TWO
    assert len([name for name in host.running if name.startswith("web_")]) == 1
    assert history.read(host.site.state)[-1].result == history.DONE
    return said


@pytest.mark.parametrize("step", STEPS)
def test_killed_outright_something_serves_and_the_next_deploy_goes_on(host: Host, step: str) -> None:
    words, serving, _ = STEPS[step]
    host.hold(words)
    killed = host.begin()
    host.wait_for("held")
    assert host.serving == (ONE if words.startswith("switch") else serving)
    assert ended(killed, number=signal.SIGKILL)[0] == -signal.SIGKILL
    host.release()  # Docker goes on with what it was told
    host.wait_for("passed")
    assert host.serving == serving
    assert f"Stale: process {killed.pid} of " in insist_on_two(host)


@pytest.mark.parametrize("step", [name for name in STEPS if name != "record"])
def test_told_to_end_it_takes_everything_back(host: Host, step: str) -> None:
    host.hold(STEPS[step][0])
    stopped = host.begin()
    host.wait_for("held")
    status, said = ended(stopped, number=signal.SIGTERM)
    host.release()
    assert status == 1, said
    assert "SIGTERM came" in said
    assert host.serving == host.running["worker"] == ONE
    assert "web_green" not in host.running
    assert not (host.site.state / lock.NAME).read_text()  # nothing that the next one would call stale


def test_a_version_that_crashes_ends_the_deploy_at_once_with_its_log(host: Host) -> None:
    (host.docker / "crashing").write_text("web_green-1\n")
    status, said = host.deploy()  # far sooner than DEPLOY_HEALTHY_SECONDS, or the test's limit ends it
    assert (status, host.serving) == (1, ONE), said
    assert "site-web_green-1 keeps ending: it was started again 2 times" in said
    assert "no module named nowhere" in said
    assert "web_green" not in host.running


def test_of_several_web_servers_each_has_to_be_healthy_and_the_next_deploy_starts_as_many(host: Host) -> None:
    host.site.change(WEB_REPLICAS="3")
    (host.docker / "crashing").write_text("web_green-3\n")
    status, said = host.deploy()
    assert (status, host.serving) == (1, ONE), said
    assert "site-web_green-3 keeps ending" in said
    (host.docker / "crashing").write_text("")
    insist_on_two(host)
    assert host.site.value("WEB_REPLICAS") == "3"


def test_told_to_end_once_it_is_done_it_is_done(host: Host) -> None:
    host.hold(STEPS["record"][0])
    process = host.begin()
    host.wait_for("held")
    process.send_signal(signal.SIGTERM)
    host.release()
    status, said = ended(process)
    assert (status, host.serving) == (0, TWO), said
    assert [record.result for record in history.read(host.site.state)] == [history.DONE]


@pytest.mark.parametrize("step", STEPS)
def test_a_full_disk_from_any_step_on_costs_the_deploy_alone(host: Host, step: str) -> None:
    words, _, is_written_later = STEPS[step]
    host.hold(words)
    process = host.begin()
    host.wait_for("held")
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (FULL_BYTES, resource.RLIM_INFINITY))
    host.release()
    status, said = ended(process)
    assert (status, host.serving) == ((1, ONE) if is_written_later else (0, TWO)), said
    assert "Traceback" not in said
    assert host.running["worker"] == host.serving


def test_a_disk_without_room_for_the_lock_is_told(host: Host) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        process = host.begin()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    status, said = ended(process)
    assert status == 1
    assert "error: Cannot take the lock" in said
    assert host.serving == ONE
