from pathlib import Path

import pytest

from ops.deploy import history, rollback
from ops.deploy.history import DONE, FAILED, Record
from ops.errors import OperatorError


def record(
    version: str, *, before: str = "", result: str = DONE, heads: tuple[str, ...] = (), dangerous: tuple[str, ...] = ()
) -> Record:
    return Record(
        what="deploy", from_version=before, to_version=version, result=result, seconds=1, heads=list(heads), dangerous=list(dangerous),
        backup="20260101T030000Z",
    )  # fmt: skip


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    for each in (record("one"), record("two", before="one")):
        history.append(tmp_path, each)
    assert [found.to_version for found in history.read(tmp_path)] == ["one", "two"]


def test_a_line_that_was_cut_short_is_left_out(tmp_path: Path) -> None:
    history.append(tmp_path, record("one"))
    with (tmp_path / history.NAME).open("a") as file:
        file.write('{"what": "dep')
    assert [found.to_version for found in history.read(tmp_path)] == ["one"]


def test_the_table_has_a_line_for_each(tmp_path: Path) -> None:
    assert history.as_table([]) == "Nothing was deployed yet."
    lines = history.as_table([record("one", heads=("auth.0012_x", "gallery.0001_initial")), record("two")]).splitlines()
    assert len(lines) == 3
    assert lines[1].endswith("gallery.0001_initial")


def test_a_rollback_without_a_version_goes_to_the_last_other_one_that_served() -> None:
    records = [record("one"), record("two"), record("three", result=FAILED)]
    assert rollback.wanted_version("", records=records, serving="two") == "one"
    assert rollback.wanted_version("zero", records=records, serving="two") == "zero"


@pytest.mark.parametrize(("named", "serving"), [("", "one"), ("one", "one")])
def test_a_rollback_to_nowhere_is_refused(named: str, serving: str) -> None:
    with pytest.raises(OperatorError, match="Refusing to go back"):
        rollback.wanted_version(named, records=[record("one")], serving=serving)


def test_a_rollback_says_what_the_database_means_for_it() -> None:
    one, two = record("one", heads=("gallery.1",)), record("two", heads=("gallery.2",))
    risky = record("two", heads=("gallery.2",), dangerous=("gallery.2",))
    assert rollback.about_the_database([one], version="one") == "The database is as that version left it."
    assert "can live with" in rollback.about_the_database([one, two], version="one")
    told = rollback.about_the_database([one, risky], version="one")
    assert "may fail" in told
    assert "20260101T030000Z" in told
    assert "nothing is written down" in rollback.about_the_database([], version="one")


def test_what_was_dangerous_before_a_version_served_does_not_stand_against_it() -> None:
    risky = record("five", heads=("gallery.5",), dangerous=("gallery.5",))
    six, seven = record("six", heads=("gallery.6",)), record("seven", heads=("gallery.7",))
    assert "can live with" in rollback.about_the_database([risky, six, seven], version="six")


def test_what_a_deploy_that_failed_has_migrated_counts() -> None:
    one, failed = record("one", heads=("gallery.1",)), record("two", heads=("gallery.2",), result=FAILED)
    assert "stays at gallery.2" in rollback.about_the_database([one, failed], version="one")
    assert history.newest_heads([one, failed, record("three", result=FAILED)]) == ["gallery.2"]
