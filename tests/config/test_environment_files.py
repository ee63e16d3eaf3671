import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from config.env_file import load, parse
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
        names = [
            "DJANGO_SECRET_KEY",
            "DJANGO_SECRET_KEY_FALLBACKS",
            "DB_PASSWORD",
            "POSTGRES_PASSWORD",
            "REDIS_PASSWORD",
        ]
        assert found == names

    def test_the_production_file_with_secrets_is_fine(self, tmp_path: Path) -> None:
        text = (ROOT / ".env.prod").read_text(encoding="utf-8")
        for name in ("django_secret_key", "db_password", "postgres_password", "redis_password"):
            (tmp_path / name).write_text("0123456789abcdefghijklmnopqrstuvwxyz-ABCDEFGHIJKLMNO\n")
        (tmp_path / "django_secret_key_fallbacks").write_text("\n")  # as a first deploy makes it
        (tmp_path / "env").write_text(text.replace("_FILE=secrets/", f"_FILE={tmp_path}/"))
        assert main(["check", str(tmp_path / "env")]) == 0

    def test_the_file_of_a_first_run_is_fine_and_its_owner_s_alone(self, tmp_path: Path) -> None:
        path = tmp_path / ".env"
        assert main(["init", str(path)]) == 0
        assert path.stat().st_mode & 0o777 == 0o600
        assert main(["check", str(path)]) == 0

    def test_it_notes_what_make_run_starts_by_itself(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        path = tmp_path / ".env"
        main(["init", str(path)])
        capsys.readouterr()
        assert main(["check", str(path), "--json"]) == 0
        told = json.loads(capsys.readouterr().out)
        assert told["problems"] == []
        assert [note.split()[0] for note in told["notes"]] == ["DATABASE_URL", "REDIS_URL"]

    def test_compose_makes_the_addresses_of_its_servers_from_their_passwords(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        path = tmp_path / "env"
        path.write_text("DJANGO_DEBUG=false\nDB_PASSWORD=s3cret\n")
        main(["check", str(path)])
        told = capsys.readouterr().err
        assert "DATABASE_URL" not in told
        assert "REDIS_URL is not set" in told

    def test_production_has_to_name_its_servers(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        path = tmp_path / "env"
        path.write_text("DJANGO_DEBUG=false\n")
        assert main(["check", str(path)]) == 1
        told = capsys.readouterr().err
        assert "DATABASE_URL is not set" in told
        assert "REDIS_URL is not set" in told

    def test_a_file_that_is_there_is_left_alone(self, tmp_path: Path) -> None:
        path = tmp_path / ".env"
        path.write_text("mine")
        assert main(["init", str(path)]) == 0
        assert path.read_text() == "mine"

    def test_a_file_that_is_not_there_is_another_exit_status(self, tmp_path: Path) -> None:
        assert main(["check", str(tmp_path / "none")]) == 2

    @pytest.mark.parametrize("verb", [[], ["check"], ["write"], ["init"]])
    def test_every_verb_has_a_help(self, verb: list[str], capsys: pytest.CaptureFixture[str]) -> None:
        with pytest.raises(SystemExit) as left:
            main([*verb, "--help"])
        assert left.value.code == 0
        assert "usage: python -m config.environment" in capsys.readouterr().out

    def test_a_file_that_no_text_is_in_is_told_without_a_traceback(self, tmp_path: Path) -> None:
        (tmp_path / "env").write_bytes(b"A=\xff\xfe")
        assert main(["check", str(tmp_path / "env")]) == 2

    def test_an_unknown_verb_is_wrong_usage(self) -> None:
        with pytest.raises(SystemExit) as left:
            main(["explode"])
        assert left.value.code == 2


def compose_reads(lines: list[str], *, folder: Path) -> list[str]:
    """Return what Docker Compose itself makes of each line's value; it starts nothing for this."""
    (folder / "env").write_text("".join(f"{line.replace('A', f'A{place}', 1)}\n" for place, line in enumerate(lines)))
    (folder / "compose.yml").write_text("services: {one: {image: none, env_file: [env]}}")
    command = ["docker", "compose", "-f", str(folder / "compose.yml"), "config", "--format", "json"]
    told = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout
    texts = json.loads(told)["services"]["one"]["environment"]
    return [texts[f"A{place}"].replace("$$", "$") for place in range(len(lines))]  # it doubles them on its way out


LINES = [
    ("A=b", "b"), ("A = b ", "b"), ("export A=b", "b"), ("A=", ""), ("A=b # why", "b"), ("A=b#c", "b#c"), ("A=#b", "#b"),
    ("A=b\t# c", "b\t# c"), ("A=b=c", "b=c"), ("A=b\r", "b"), ("A=b\x0cc", "b\x0cc"), ("A=b\u2028c", "b\u2028c"),
    ("A=a\\b", "a\\b"), ("A=a'b", "a'b"), ("A=a$$b", "a$b"), ("A=a$$$$b", "a$$b"),
    ('A="b # c"', "b # c"), ('A="b\\nc"', "b\nc"), ('A="b\\qc"', "b\\qc"), ('A="b\\\\c"', "b\\c"), ('A="b\\"c"', 'b"c'),
    ('A="a$$b"', "a$b"), ('A="a\\$b"', "a$b"), ('A=""', ""),
    ("A='b # c' # why", "b # c"), ("A='a$b'", "a$b"), ("A='a$$b'", "a$$b"), ("A='a\\nb'", "a\\nb"),
]  # fmt: skip


class TestEnvFile:
    @pytest.mark.parametrize(("line", "value"), LINES)
    def test_a_line_is_read_as_compose_reads_it(self, line: str, value: str) -> None:
        assert parse(line) == ({"A": value}, [])

    @pytest.mark.stack
    def test_compose_itself_reads_these_lines_so(self, tmp_path: Path) -> None:
        assert compose_reads([line for line, _ in LINES], folder=tmp_path) == [value for _, value in LINES]

    @pytest.mark.stack
    def test_compose_reads_every_value_of_the_production_file_as_we_do(self, tmp_path: Path) -> None:
        text = (ROOT / ".env.prod").read_text(encoding="utf-8")
        values = re.findall(r"^(?:# )?[A-Z][A-Z_]+=(.*)$", text, re.MULTILINE)
        assert len(values) > len(VARIABLES)  # and the line of NAME_FILE
        lines = [f"A={value}" for value in values]
        assert compose_reads(lines, folder=tmp_path) == [parse(line)[0]["A"] for line in lines]

    def test_the_mark_that_editors_of_windows_begin_a_file_with_is_no_part_of_it(self, tmp_path: Path) -> None:
        (tmp_path / "env").write_bytes(b"\xef\xbb\xbfA=b\r\n")
        assert load(tmp_path / "env") == ({"A": "b"}, [])

    @pytest.mark.parametrize("line", ["A=a$b", 'A="a$b"', "A=$$$b", "A=a$", "A=a\\$b", 'A="a\\$$b"', "A=${B}"])
    def test_a_single_dollar_is_told(self, line: str) -> None:
        (problem,) = parse(line)[1]
        assert problem.name == "A"
        assert "$$" in problem.hint

    @pytest.mark.parametrize("line", ["A", "1A=b", 'A="b', "A='b", 'A="a" b', "= b"])
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
