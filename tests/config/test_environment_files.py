import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from config.env_file import parse
from config.environment_command import main
from config.environment_files import written_files
from config.environment_values import ROOT
from config.variables import VARIABLES


@pytest.mark.parametrize("path", written_files(), ids=lambda path: path.name)
def test_the_written_files_are_what_the_declaration_says(path: Path) -> None:
    assert path.read_text(encoding="utf-8") == written_files()[path], "run: make env"


@pytest.mark.parametrize("name", [".env.example", ".env.prod", "docs/configuration.md"])
def test_each_names_every_variable(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert [variable for variable in VARIABLES if variable not in text] == []


class TestCheck:
    def test_the_production_file_lacks_its_secrets_and_nothing_else(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["check", str(ROOT / ".env.prod"), "--json"]) == 1
        found = [problem["name"] for problem in json.loads(capsys.readouterr().out)["problems"]]
        assert found == ["DJANGO_SECRET_KEY", "DATABASE_URL", "REDIS_URL"]

    def test_the_production_file_with_secrets_is_fine(self, tmp_path: Path) -> None:
        text = (ROOT / ".env.prod").read_text(encoding="utf-8")
        text = text.replace("change-me-50-random-characters", "0123456789abcdefghijklmnopqrstuvwxyz-ABCDEFGHIJKLMNO")
        (tmp_path / "env").write_text(text.replace("change-me", "s3cret"))
        assert main(["check", str(tmp_path / "env")]) == 0

    def test_the_file_of_a_first_run_is_fine_and_its_owner_s_alone(self, tmp_path: Path) -> None:
        path = tmp_path / ".env"
        assert main(["init", str(path)]) == 0
        assert path.stat().st_mode & 0o777 == 0o600
        assert main(["check", str(path)]) == 0

    def test_a_file_that_is_there_is_left_alone(self, tmp_path: Path) -> None:
        path = tmp_path / ".env"
        path.write_text("mine")
        assert main(["init", str(path)]) == 0
        assert path.read_text() == "mine"

    def test_a_file_that_is_not_there_is_another_exit_status(self, tmp_path: Path) -> None:
        assert main(["check", str(tmp_path / "none")]) == 2

    def test_an_unknown_verb_is_wrong_usage(self) -> None:
        with pytest.raises(SystemExit) as left:
            main(["explode"])
        assert left.value.code == 2


class TestEnvFile:
    @pytest.mark.parametrize(
        ("line", "value"),
        [
            ("A=b", "b"), ("A = b ", "b"), ("export A=b", "b"), ("A=", ""), ("A=b # why", "b"), ("A=b#c", "b#c"),
            ('A="b # c"', "b # c"), ("A='b # c' # why", "b # c"), ('A="b\\nc"', "b\nc"), ("A=b=c", "b=c"),
            ("A=a$$b", "a$b"), ("A='a$b'", "a$b"), ('A="a$$b"', "a$b"),
        ],
    )  # fmt: skip
    def test_a_line_is_read_as_compose_reads_it(self, line: str, value: str) -> None:
        assert parse(line) == ({"A": value}, [])

    @pytest.mark.parametrize("line", ["A=a$b", 'A="a$b"', "A=$$$b", "A=a$"])
    def test_a_single_dollar_is_told(self, line: str) -> None:
        (problem,) = parse(line)[1]
        assert problem.name == "A"
        assert "$$" in problem.hint

    @pytest.mark.parametrize("line", ["A", "1A=b", 'A="b', "A='b", "= b"])
    def test_a_line_that_is_none_is_told_with_its_number(self, line: str) -> None:
        (problem,) = parse(f"# first\n{line}\n")[1]
        assert problem.name == "line 2"

    def test_a_name_that_comes_twice_is_told(self) -> None:
        assert [problem.name for problem in parse("A=1\nA=2")[1]] == ["A"]


def run_manage(**environment: str) -> subprocess.CompletedProcess[str]:
    bare = {"PATH": os.environ["PATH"], "ENV_FILE": "", **environment}
    return subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=ROOT,
        env=bare,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_application_refuses_to_start_in_an_empty_environment() -> None:
    refused = run_manage()
    assert refused.returncode == 1
    assert "Traceback" not in refused.stderr
    for name in ("DJANGO_SECRET_KEY", "DJANGO_ALLOWED_HOSTS", "DATABASE_URL", "REDIS_URL", "SITE_URL"):
        assert name in refused.stderr
