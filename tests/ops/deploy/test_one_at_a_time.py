"""One deploy, backup or restore at a time on a host; who looks waits for nobody."""

import shutil

import pytest

from config.environment_values import ROOT
from ops.deploy import history
from tests.ops.deploy.host import Host, ended

INSIDE = ("-m", "ops.inside")


def test_a_second_deploy_meanwhile_is_told_who_does_the_first(host: Host) -> None:
    host.hold("smoke_test")
    first = host.begin()
    host.wait_for("held")
    for words in ((), ("--rollback",)):
        status, said = host.deploy(*words)
        assert status == 4
        assert f"process {first.pid} of " in said
    host.release()
    assert ended(first)[0] == 0
    assert host.serving == "site-application:two"


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (("ops.restore", "latest"), "restore"),
        (("--service=restore", "ops.restore.media", "latest"), "restore of media"),
        (("ops.backup", "db"), "backup"),
    ],
)
def test_a_deploy_and_a_restore_or_backup_by_hand_keep_each_other_out(
    host: Host, words: tuple[str, ...], what: str
) -> None:
    host.hold(f"python3 -m {words[-2]}")
    other = host.python(*INSIDE, *words)
    host.wait_for("held")
    status, said = host.deploy()
    assert status == 4
    assert f"process {other.pid} of " in said
    assert f"does a {what} since " in said
    host.release()
    assert ended(other)[0] == 0

    host.hold("smoke_test")
    deploy = host.begin()
    host.wait_for("held")
    status, said = ended(host.python(*INSIDE, *words))
    assert status == 4
    assert f"process {deploy.pid} of " in said
    assert ended(host.python(*INSIDE, *words[:-1], "--list"))[0] == 0
    host.release()
    assert ended(deploy)[0] == 0


def test_a_deploy_s_own_backup_is_not_kept_out(host: Host) -> None:
    shutil.copy(ROOT / "scripts" / "backup.sh", host.root / "scripts")
    for name in ("ops", "config"):
        (host.root / name).symlink_to(ROOT / name)
    status, said = host.deploy()
    assert status == 0, said
    assert history.read(host.site.state)[-1].backup == "20260101T030000Z"


def test_a_host_that_deploys_nothing_has_no_lock(host: Host) -> None:
    host.site.state.rmdir()
    assert ended(host.python(*INSIDE, "ops.backup", "db"))[0] == 0
    assert not host.site.state.exists()
