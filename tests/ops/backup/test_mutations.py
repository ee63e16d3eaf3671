"""Known defects of other backup tools, put in one at a time: each is found by what is expected of ours.

An expectation is a function that fails where the defect is in. Each is run without the defect, then with it.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ops.backup import back_up, command, comparison, contents, sets, take, tools, verify
from ops.backup.back_up import every_set
from ops.backup.contents import Facts
from ops.backup.database import Connection
from ops.backup.programs import Program
from ops.backup.progress import Progress
from ops.backup.sets import PARTIAL, BackupSet
from ops.backup.settings import Settings
from ops.errors import DONE, FAILED
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
    patch.setattr(tools, "decode", lambda path: ["pg_restore", "--list", str(path)])
    patch.setattr(verify.Work, "restore_and_compare", lambda self: setattr(self, "level", 4))


def prune_first(patch: pytest.MonkeyPatch) -> None:
    """Remove old sets before the new one is known to be good."""

    def prune_and_take(settings: Settings, *arguments: object, **more: object) -> BackupSet:
        back_up.prune(settings, Progress())
        return take.take(settings, *arguments, **more)  # type: ignore[arg-type]  # as they came

    patch.setattr(back_up, "take", prune_and_take)


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

    def look_and_watch(dump: Program, fingerprints: object) -> None:
        seen.extend(path.name for path in folder(settings).iterdir() if sets.NAME.fullmatch(path.name))
        watch(dump, fingerprints)  # type: ignore[arg-type]  # as they came

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


Expectation = Callable[[Settings, Connection, pytest.MonkeyPatch], None]
PAIRS: list[tuple[Expectation, Defect]] = [
    (other_contents_are_noticed, counts_alone),
    (a_changed_row_is_not_in_it, no_snapshot_for_the_dump),
    (no_half_set_is_seen, final_name_at_once),
    (a_cut_dump_does_not_count, list_as_proof),
    (a_failed_run_removes_nothing, prune_first),
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
