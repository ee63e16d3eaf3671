"""Known defects of other backup tools, put in one at a time: each is found by what is expected of ours.

An expectation is a function that fails where the defect is in. Each is run without the defect, then with it.
"""

import contextlib
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from ops.backup import back_up, command, comparison, contents, manifest, programs, sets, take, tools, verify
from ops.backup.back_up import every_set
from ops.backup.contents import Facts
from ops.backup.database import Connection
from ops.backup.programs import Program
from ops.backup.progress import Progress
from ops.backup.sets import PARTIAL, BackupSet
from ops.backup.settings import Settings
from ops.errors import DONE, FAILED, OperatorError
from tests.ops.backup.history import aged, counting, cut, folder

Defect = Callable[[pytest.MonkeyPatch], None]


def counts_alone(patch: pytest.MonkeyPatch) -> None:
    """Compare how many rows there are, and not what is in them."""

    def compare(written: Facts, found: Facts) -> Iterator[str]:
        return (key for key in written if written[key]["rows"] != found[key]["rows"])

    patch.setattr(comparison, "of_tables", compare)


def final_name_at_once(patch: pytest.MonkeyPatch) -> None:
    """Write into the folder that readers look at."""

    def make(place: Path) -> Path:
        made = Path(str(real(place)).removesuffix(PARTIAL))
        made.mkdir()
        return made

    real = sets.make_partial
    patch.setattr(sets, "make_partial", make)


def list_as_proof(patch: pytest.MonkeyPatch) -> None:
    """Take the table of contents for the whole dump."""

    def list_alone(work: verify.Work) -> None:
        programs.run(["pg_restore", "--list", str(work.dump)], what="list the dump", hint="")
        work.level = 4

    patch.setattr(verify.Work, "restore_and_compare", list_alone)


def prune_first(patch: pytest.MonkeyPatch) -> None:
    """Remove old sets before the new one is known to be good."""

    def prune_and_take(settings: Settings, *arguments: object, **more: object) -> BackupSet:
        back_up.prune(settings, Progress())
        return take.take(settings, *arguments, **more)  # type: ignore[arg-type]  # as they came

    patch.setattr(back_up, "take", prune_and_take)


def pipe_without_pipefail(patch: pytest.MonkeyPatch) -> None:
    """Dump through a shell's pipe, whose status is that of its last program alone; and take that for the proof of the dump."""

    def piped(*of: object, **named: object) -> list[str]:
        words = real(*of, **named)  # type: ignore[arg-type]  # as they came
        place = words.index("-f")
        path, words = words[place + 1], words[:place] + words[place + 2 :]
        return ["sh", "-c", f"{shlex.join(words)} | cat > {shlex.quote(path)}"]

    real = tools.pg_dump
    patch.setattr(tools, "pg_dump", piped)
    patch.setattr(verify.Work, "restore_and_compare", lambda self: setattr(self, "level", 4))


def prune_after_a_failure(patch: pytest.MonkeyPatch) -> None:
    """Go on to remove old sets whatever the verification found."""
    real = verify.verify

    def verify_and_go_on(taken: BackupSet, **more: object) -> None:
        with contextlib.suppress(OperatorError):
            real(taken, **more)  # type: ignore[arg-type]  # as they came

    patch.setattr(back_up, "verify", verify_and_go_on)


def no_look_at_the_hashes(patch: pytest.MonkeyPatch) -> None:
    """Take the files of a set for what was written."""
    patch.setattr(verify.Work, "hashes", lambda self: setattr(self, "level", 1))


def errors_of_the_restore_ignored(patch: pytest.MonkeyPatch) -> None:
    """Go on after an error of a restore, and take that it came to its end for success."""
    real, finish = tools.restore, Program.finish

    def finish_whatever(self: Program) -> str:
        with contextlib.suppress(OperatorError):
            return finish(self)
        return ""

    patch.setattr(tools, "restore", lambda *of: [word for word in real(*of) if word != "--exit-on-error"])
    patch.setattr(Program, "finish", finish_whatever)
    patch.setattr(comparison, "differences", lambda *_: [])


def no_snapshot_for_the_dump(patch: pytest.MonkeyPatch) -> None:
    """Dump another moment than the one that is fingerprinted."""
    real = tools.pg_dump
    without = lambda *of, **named: [word for word in real(*of, **named) if "snapshot" not in word]  # noqa: E731
    patch.setattr(tools, "pg_dump", without)


def other_contents_are_noticed(settings: Settings, database: Connection, patch: pytest.MonkeyPatch) -> None:
    """A dump of as many rows with other contents does not count."""
    no_snapshot_for_the_dump(patch)
    a_changed_row_is_not_in_it(settings, database, patch, status=FAILED)


def a_changed_row_is_not_in_it(
    settings: Settings, database: Connection, patch: pytest.MonkeyPatch, *, status: int = DONE
) -> None:
    """What is written after the snapshot is neither in the dump nor in the proof."""
    start = take.start_dump

    def change_and_start(*arguments: object) -> Program:
        database.execute("UPDATE note SET text = 'other' WHERE id = 7")
        return start(*arguments)  # type: ignore[arg-type]  # as they came

    patch.setattr(take, "start_dump", change_and_start)
    assert command.main([]) == status
    assert len(counting(settings)) == (1 if status == DONE else 0)


def no_half_set_is_seen(settings: Settings, database: Connection, patch: pytest.MonkeyPatch) -> None:
    """While a set is written, there is no folder that could be taken for one."""
    watch = take.watch
    seen: list[str] = []

    def look_and_watch(*arguments: object) -> None:
        seen.extend(path.name for path in folder(settings).iterdir() if sets.NAME.fullmatch(path.name))
        watch(*arguments)  # type: ignore[arg-type]  # as they came

    patch.setattr(take, "watch", look_and_watch)
    command.main([])
    assert seen == []


def a_cut_dump_does_not_count(settings: Settings, database: Connection, patch: pytest.MonkeyPatch) -> None:
    """A dump that lacks its end, and was hashed like that, does not count."""
    described = take.described

    def cut_and_describe(path: Path) -> Facts:
        if path.suffix == ".dump":
            cut(path)
        return described(path)

    patch.setattr(take, "described", cut_and_describe)
    assert command.main([]) == FAILED
    assert counting(settings) == []


def a_failed_run_removes_nothing(settings: Settings, database: Connection, patch: pytest.MonkeyPatch) -> None:
    """A run that fails leaves sets alone that a good one would remove."""
    assert command.main([]) == DONE
    old = aged(every_set(settings)[0], days=90)
    before = counting(settings)
    patch.setattr(contents, "roles", None)
    with pytest.raises(TypeError):
        command.main([])
    assert counting(settings) == before
    assert old in before


def a_killed_pg_dump_makes_no_set(settings: Settings, database: Connection, patch: pytest.MonkeyPatch) -> None:
    """A dump whose program was killed half-way is no set."""
    start = take.start_dump

    def start_and_kill(*arguments: object) -> Program:
        dump = start(*arguments)  # type: ignore[arg-type]  # as they came
        psutil.Process(pg_dump_of(dump)).kill()
        return dump

    patch.setattr(take, "start_dump", start_and_kill)
    assert command.main([]) == FAILED
    assert counting(settings) == []


def pg_dump_of(dump: Program) -> int:
    """Return the process that dumps: the program itself, or a shell's child, once it is there."""
    process = psutil.Process(dump.process.pid)
    while dump.name != "pg_dump":
        found = [each.pid for each in process.children() if each.name() == "pg_dump"]
        if found:
            return found[0]
    return process.pid


def a_run_that_proves_nothing_removes_nothing(
    settings: Settings, database: Connection, patch: pytest.MonkeyPatch
) -> None:
    """Where the new set does not come to count, the old ones stay, even the one that is due."""
    assert command.main([]) == DONE
    old = aged(every_set(settings)[0], days=90)
    publish = sets.publish

    def publish_damaged(partial: Path) -> BackupSet:
        published = publish(partial)
        cut(published.folder / manifest.DUMP)
        return published

    patch.setattr(sets, "publish", publish_damaged)
    command.main([])
    assert old in counting(settings)


def a_changed_file_does_not_count(settings: Settings, database: Connection, patch: pytest.MonkeyPatch) -> None:
    """A file that was changed once it was there is found, though it restores to the same."""
    assert command.main([]) == DONE
    with (every_set(settings)[0].folder / manifest.ROLES).open("a", encoding="utf-8") as file:
        file.write("-- a comment\n")
    assert command.main(["--verify", "latest"]) == FAILED


def a_restore_with_errors_does_not_count(settings: Settings, database: Connection, patch: pytest.MonkeyPatch) -> None:
    """A dump whose rows no table takes back is no backup."""
    makes = "CREATE OR REPLACE FUNCTION is_fine(t text) RETURNS bool LANGUAGE sql IMMUTABLE AS "
    database.execute(f"{makes} 'SELECT true'")
    database.execute("ALTER TABLE note ADD CHECK (is_fine(text))")
    database.execute(f"{makes} 'SELECT false'")
    assert command.main([]) == FAILED
    assert counting(settings) == []


Expectation = Callable[[Settings, Connection, pytest.MonkeyPatch], None]
PAIRS: list[tuple[Expectation, Defect]] = [
    (other_contents_are_noticed, counts_alone),
    (a_changed_row_is_not_in_it, no_snapshot_for_the_dump),
    (no_half_set_is_seen, final_name_at_once),
    (a_cut_dump_does_not_count, list_as_proof),
    (a_failed_run_removes_nothing, prune_first),
    (a_run_that_proves_nothing_removes_nothing, prune_after_a_failure),
    (a_killed_pg_dump_makes_no_set, pipe_without_pipefail),
    (a_changed_file_does_not_count, no_look_at_the_hashes),
    (a_restore_with_errors_does_not_count, errors_of_the_restore_ignored),
]
each_pair = pytest.mark.parametrize(
    ("expectation", "defect"), PAIRS, ids=[f"{expectation.__name__}-{defect.__name__}" for expectation, defect in PAIRS]
)


@each_pair
def test_ours_is_as_expected(
    expectation: Expectation, defect: Defect, settings: Settings, database: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    expectation(settings, database, monkeypatch)


@each_pair
def test_the_defect_is_found(
    expectation: Expectation, defect: Defect, settings: Settings, database: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    defect(monkeypatch)
    with pytest.raises(AssertionError):
        expectation(settings, database, monkeypatch)
