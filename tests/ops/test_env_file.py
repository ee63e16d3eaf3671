from pathlib import Path

import pytest

from ops import env_file
from ops.errors import REFUSED, OperatorError

TEXT = "# secrets\nDB_PASSWORD=old\n# REDIS_PASSWORD=\nOTHER_DB_PASSWORD=kept\n"


def test_a_value_is_changed_in_its_line_and_nothing_else_is() -> None:
    assert env_file.with_value(TEXT, "DB_PASSWORD", "new") == TEXT.replace("\nDB_PASSWORD=old", "\nDB_PASSWORD=new")


def test_a_line_that_is_commented_out_is_taken() -> None:
    assert env_file.with_value(TEXT, "REDIS_PASSWORD", "new") == TEXT.replace("# REDIS_PASSWORD=", "REDIS_PASSWORD=new")


@pytest.mark.parametrize(("text", "expected"), [("", "A=1\n"), ("B=2", "B=2\nA=1\n"), ("B=2\n", "B=2\nA=1\n")])
def test_a_new_value_gets_a_line_of_its_own(text: str, expected: str) -> None:
    assert env_file.with_value(text, "A", "1") == expected


def test_a_value_is_read() -> None:
    assert env_file.value(TEXT, "DB_PASSWORD") == "old"
    assert env_file.value(TEXT, "REDIS_PASSWORD") == ""


def test_a_file_is_replaced_with_the_rights_that_it_had(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text(TEXT)
    path.chmod(0o640)
    env_file.replace(path, "A=1\n")
    assert (path.read_text(), path.stat().st_mode & 0o777) == ("A=1\n", 0o640)
    assert list(tmp_path.iterdir()) == [path]


def test_a_new_file_is_its_owner_s_alone(tmp_path: Path) -> None:
    env_file.replace(tmp_path / ".env", "A=1\n")
    assert (tmp_path / ".env").stat().st_mode & 0o777 == 0o600


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(OperatorError) as refused:
        env_file.read(tmp_path / ".env.prod")
    assert refused.value.status == REFUSED
    assert "Nothing was changed" in str(refused.value)
