import datetime
from pathlib import Path

import pytest

from ops.service import state
from ops.service.state import Past, State, Told

NOW = datetime.datetime(2026, 11, 25, 3, tzinfo=datetime.UTC)


def full() -> State:
    past = Past(
        handled=NOW, asked=NOW, attempts=2, started=NOW, seconds=1.5, problem="no", hint="look", runs=4, failures=3
    )
    return State(
        began=NOW,
        jobs={"db": past, "media": Past()},
        told={"db-late": Told(at=NOW, what="late")},
        told_of_certificate={"expiry": Told(at=NOW, what="soon")},
    )


def test_what_was_written_is_read_again(tmp_path: Path) -> None:
    path = state.path_in(tmp_path)
    state.write(path, full())
    assert state.read(path, now=NOW + datetime.timedelta(days=1)) == full()
    assert path.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in path.parent.iterdir()] == ["state.json"]


def test_without_a_file_it_is_a_first_start(tmp_path: Path) -> None:
    assert state.read(state.path_in(tmp_path), now=NOW) == State(began=NOW)


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"began": "then", "jobs": {}, "told": {}}', "\0" * 99])
def test_a_damaged_file_is_a_first_start(tmp_path: Path, text: str) -> None:
    path = state.path_in(tmp_path)
    path.parent.mkdir()
    path.write_text(text)
    assert state.read(path, now=NOW) == State(began=NOW)


def test_a_field_of_a_later_version_is_passed_over(tmp_path: Path) -> None:
    path = state.path_in(tmp_path)
    state.write(path, full())
    path.write_text(path.read_text().replace('"attempts"', '"new": 1, "attempts"'))
    assert state.read(path, now=NOW) == full()
