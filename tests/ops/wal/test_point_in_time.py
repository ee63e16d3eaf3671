"""Going back to a second: one story of a cluster under load, with kills, and recoveries to its moments."""

import datetime
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from config.environment_values import ROOT
from ops.backup import command as backup_command
from ops.backup import targets
from ops.backup.database import Connection
from ops.backup.progress import Progress
from ops.errors import DONE, REFUSED, OperatorError
from ops.wal import archive, bases, command, drill, plan, reach
from ops.wal import settings as wal_settings
from ops.wal.fetch import fetch
from ops.wal.recover import at, from_target, give_away
from ops.wal.settings import WalSettings
from ops.wal.ship import Shipping, names_of
from tests.docs.documents import commands
from tests.ops.backup.history import flip_a_bit
from tests.ops.wal.conftest import Cluster, Load, clock, environment_of, running_cluster, running_receiver, wait_for

LEFT_OVER = "20260101T000000Z.partial"
SECOND = datetime.timedelta(seconds=1)


@dataclass(kw_only=True)
class Story:
    """What happened, and when."""

    settings: WalSettings
    load: Load
    moments: dict[str, datetime.datetime] = field(default_factory=dict)
    bases: list[str] = field(default_factory=list)

    def note(self, name: str) -> None:
        """Note a moment of its own second."""
        time.sleep(0.3)
        self.moments[name] = clock()
        time.sleep(0.3)


@pytest.fixture(scope="module")
def story(empty_cluster: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    """A full base backup, two incremental ones, a receiver that is killed in two ways, and a server that is."""
    folder = tmp_path_factory.mktemp("story")
    with running_cluster(empty_cluster, folder / "data") as cluster, pytest.MonkeyPatch.context() as patched:
        (folder / "target").mkdir()
        for name, value in environment_of(cluster, folder / "backups").items():
            patched.setenv(name, value)
        patched.setenv("BACKUP_OFFSITE_TARGET", (folder / "target").as_uri())
        settings = wal_settings.read(os.environ)
        with running_receiver(settings, folder / "receiver.log") as receiver:
            with Load(cluster) as load:
                told = Story(settings=settings, load=load)
                told.bases.append(receiver.wait_for_base())
                with cluster.connect() as connection:
                    connection.execute("CREATE TABLE precious AS SELECT generate_series(1, 1000) AS id")
                    told.note("precious")
                    connection.execute("DROP TABLE precious")
                (receiver.archive.bases / LEFT_OVER).mkdir()
                assert command.main(["base"]) == DONE
                receiver.program.kill()
                told.note("killed program")
                receiver.end(signal.SIGKILL)
                told.note("killed receiver")
                receiver.start()
                receiver.wait_until(told.moments["killed receiver"])
                cluster.kill()
                cluster.start()
                told.note("killed server")
                assert command.main(["base"]) == DONE
            told.note("idle")
            receiver.wait_until(told.moments["idle"])
            receiver.wait_until_offsite(told.moments["killed server"])
            told.bases = [base.id for base in bases.found(receiver.archive.bases)]
            receiver.wait_until_bases_are_offsite(told.bases)
            assert receiver.end() == DONE
        yield told


@pytest.fixture
def copied(story: Story, tmp_path: Path) -> Path:
    """A copy of the archive, to be damaged."""
    root = tmp_path / "archive"
    shutil.copytree(story.settings.root, root)
    return root


def written(database: Connection) -> set[int]:
    """Return the rows that are there."""
    return {number for (number,) in database.execute("SELECT id FROM public.written")}


@pytest.mark.parametrize("name", ["precious", "killed server", "idle"])
def test_what_was_committed_until_a_moment_is_there_and_nothing_later(name: str, story: Story) -> None:
    moment = story.moments[name]
    with at(story.settings.backup, moment, progress=Progress()) as database, database.connect() as recovered:
        found, known = written(recovered), story.load.until(moment)
        assert known <= found, story.load.about(known - found, moment)
        assert found <= known | story.load.unsure | {max(known) + 1, max(known) + 2}  # committed, and not yet told
        precious = recovered.execute("SELECT to_regclass('public.precious') IS NOT NULL").fetchone()
        assert precious == (name == "precious",)
        if name == "precious":
            assert recovered.execute("SELECT count(*) FROM public.precious").fetchone() == (1000,)
    assert list(story.settings.backup.folder.glob(".scratch*")) == []


def test_each_base_backup_builds_on_the_one_before(story: Story) -> None:
    (one,) = archive.found(story.settings.root)
    found = bases.found(one.bases)
    assert [base.parent for base in found] == [None, found[0].id, found[1].id]
    assert found[1].bytes < found[0].bytes / 2
    assert not (one.bases / LEFT_OVER).exists()


def test_no_segment_is_missing_although_receiver_and_server_were_killed(story: Story) -> None:
    (one,) = archive.found(story.settings.root)
    assert reach.gaps(one) == []
    assert len(reach.windows(plan.everything(story.settings.root))) == 1


def test_a_flipped_bit_in_a_base_backup_is_noticed_and_an_older_one_taken(story: Story, copied: Path) -> None:
    (one,) = archive.found(copied)
    flip_a_bit(one.bases / story.bases[-1] / bases.ARCHIVE)
    chosen = plan.choose(copied, story.moments["idle"], zone="UTC")
    assert chosen.stretch.base.id == story.bases[1]


def test_a_flipped_bit_in_a_segment_is_noticed(story: Story, copied: Path) -> None:
    (one,) = archive.found(copied)
    idle = plan.choose(copied, story.moments["idle"], zone="UTC")
    path = one.path(idle.segments[0])
    flip_a_bit(path)
    with pytest.raises(
        OperatorError, match=f"wal/{path.name} is not as it was written. The last time before"
    ) as refused:
        plan.choose(copied, story.moments["idle"], zone="UTC")
    assert refused.value.status == REFUSED
    assert plan.choose(copied, story.moments["precious"], zone="UTC")  # no way leads there through that segment


def test_a_gap_is_noticed_and_ends_what_can_be_reached(story: Story, copied: Path) -> None:
    (one,) = archive.found(copied)
    chosen = plan.choose(copied, story.moments["killed server"], zone="UTC")
    missing = chosen.segments[1]
    one.path(missing).unlink()
    assert reach.gaps(one) == [missing.name(one.segment_bytes)]
    with pytest.raises(OperatorError, match=r"can't be reached\. What can: from .* to .*; from "):
        plan.choose(copied, story.moments["killed server"], zone="UTC")
    assert plan.choose(copied, story.moments["precious"], zone="UTC")


@pytest.mark.parametrize(
    ("when", "hint"),
    [
        (lambda _: clock() + 60 * SECOND, "Name the last of these"),
        (lambda story: story.moments["precious"] - 3600 * SECOND, "scripts/backup.sh --list"),
    ],
)
def test_a_time_out_of_reach_is_refused_with_those_that_can_be_reached(
    when: Callable[[Story], datetime.datetime], hint: str, story: Story
) -> None:
    with pytest.raises(OperatorError, match=re.compile(r"can't be reached\. What can: from 2\S+ \S+Z to ")) as refused:
        plan.choose(story.settings.root, when(story), zone="UTC")
    assert refused.value.status == REFUSED
    assert hint in refused.value.hint


def test_the_drill_recovers_to_the_latest_time_and_writes_down_what_it_found(
    story: Story, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.main(["drill", "--json"]) == DONE
    found = drill.last(story.settings.root)
    assert found is not None
    assert found["tables"] == 1
    assert 0 < found["rows"] <= len(story.load.committed) + 2
    assert '"recovered_to"' in capsys.readouterr().out


@pytest.mark.parametrize("show", [lambda: command.main(["list"]), lambda: backup_command.main(["--list"])])
def test_the_list_shows_what_can_be_reached(
    show: Callable[[], int], story: Story, capsys: pytest.CaptureFixture[str]
) -> None:
    assert show() == DONE
    assert re.search(r"any second from 2\S+ \S+Z to 2\S+ \S+Z\n3 base backups, ", capsys.readouterr().out)


def test_programs_are_told_what_can_be_reached(story: Story, capsys: pytest.CaptureFixture[str]) -> None:
    assert backup_command.main(["--list", "--json"]) == DONE
    found = json.loads(capsys.readouterr().out)["points_in_time"]
    ((begins, ends),) = [(window["from"], window["to"]) for window in found["windows"]]
    assert begins < story.moments["precious"].isoformat() < ends
    assert [each["id"] for each in found["bases"]] == story.bases
    assert found["gaps"] == []


def test_the_recovery_by_hand_goes_as_the_document_says(story: Story, tmp_path: Path) -> None:
    _, look, settings = list(commands(ROOT / "docs" / "point-in-time.md"))
    (one,) = archive.found(story.settings.root)
    moment = story.moments["precious"]
    text = f"{look.text}\n{settings.text}".replace("20261125T023000Z", story.bases[0])
    text = text.replace("2026-11-25 12:34:56+00", moment.isoformat(sep=" "))
    environment = {**os.environ, "A": str(one.folder), "D": str(tmp_path / "data")}
    done = subprocess.run(["bash", "-euc", text], env=environment, capture_output=True, text=True, check=True)
    assert "base.tar.gz: OK" in done.stdout
    sockets = Path(tempfile.mkdtemp(prefix="slipway-"))
    give_away(tmp_path / "data", sockets)
    by_hand = Cluster(tmp_path / "data", sockets)
    by_hand.start()
    try:
        with by_hand.connect() as recovered:
            wait_for(lambda: recovered.execute("SELECT pg_is_in_recovery()").fetchone() == (False,))
            assert recovered.execute("SELECT count(*) FROM precious").fetchone() == (1000,)
    finally:
        by_hand.stop()
        shutil.rmtree(sockets)


def test_what_is_off_the_machine_leads_to_the_same_rows(story: Story, tmp_path: Path) -> None:
    moment, target = story.moments["killed server"], targets.of(story.settings.offsite)
    elsewhere = replace(story.settings.backup, folder=tmp_path, scratch_folder=tmp_path / ".scratch")
    with from_target(elsewhere, target, moment, progress=Progress()) as database, database.connect() as recovered:
        found, known = written(recovered), story.load.until(moment)
        assert known <= found, story.load.about(known - found, moment)
        assert found <= known | story.load.unsure | {max(known) + 1, max(known) + 2}
    assert list(tmp_path.iterdir()) == []


def test_off_the_machine_too_early_a_time_is_refused(story: Story, tmp_path: Path) -> None:
    target, early = targets.of(story.settings.offsite), story.moments["precious"] - 3600 * SECOND
    with pytest.raises(OperatorError, match="the oldest base backup there is of 2") as refused:
        fetch(target, early, into=tmp_path, identity="", progress=Progress())
    assert refused.value.status == REFUSED


def test_what_is_off_the_machine_and_no_time_needs_goes(story: Story, tmp_path: Path) -> None:
    (one,) = archive.found(story.settings.root)
    shutil.copytree(tmp_path.parent / "story0" / "target", tmp_path / "target", symlinks=True)
    shipping = Shipping(one, targets.of((tmp_path / "target").as_uri()), recipients=(), days=-1)
    before = shipping.target.names(f"{shipping.place}/segments")
    shipping.expire()
    after = shipping.target.names(f"{shipping.place}/segments")
    assert shipping.target.names(f"{shipping.place}/base") == story.bases  # each builds on the one before
    newest = bases.found(one.bases)[-1]
    assert 0 < len(after) < len(before)
    assert after == names_of(before, first=newest.first_segment, segment_bytes=one.segment_bytes)
