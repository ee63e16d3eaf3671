from collections.abc import Sequence
from pathlib import Path

import pytest

from ops import env_file, rotate_passwords
from ops.errors import DONE, FAILED, REFUSED


class Docker:
    """Notes what is run, and answers that these services run."""

    def __init__(self, *running: str) -> None:
        self.running = running
        self.inputs: list[str] = []
        self.commands: list[str] = []

    def run(self, command: Sequence[str], *, standard_input: str = "", **_: object) -> str:
        self.commands.append(" ".join(command))
        if standard_input:
            self.inputs.append(standard_input)
        return "\n".join(self.running)


@pytest.fixture
def docker(monkeypatch: pytest.MonkeyPatch) -> Docker:
    found = Docker("db", "redis", "web")
    monkeypatch.setattr(rotate_passwords, "run", found.run)
    return found


@pytest.fixture
def path(tmp_path: Path) -> Path:
    found = tmp_path / ".env.prod"
    found.write_text("DB_PASSWORD=old-db\nREDIS_PASSWORD=old-redis\n")
    return found


def test_servers_file_and_containers_get_the_same_new_passwords(docker: Docker, path: Path) -> None:
    assert rotate_passwords.main(["--env-file", str(path)]) == DONE
    text = path.read_text()
    assert "old-" not in text
    assert env_file.value(text, "DB_PASSWORD") in docker.inputs[0]
    assert env_file.value(text, "REDIS_PASSWORD") == docker.inputs[1]
    assert docker.commands[-1].endswith("--wait web worker scheduler redis")


def test_a_backup_service_that_runs_gets_redis_s_password_too(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    docker = Docker("db", "redis", "web", "backup")
    monkeypatch.setattr(rotate_passwords, "run", docker.run)
    assert rotate_passwords.main(["--env-file", str(path)]) == DONE
    assert docker.commands[-2].endswith("up -d --no-deps --force-recreate backup")
    assert docker.commands[-1].endswith("--wait web worker scheduler redis")


def test_one_server_alone(docker: Docker, path: Path) -> None:
    assert rotate_passwords.main(["db", "--env-file", str(path)]) == DONE
    assert "REDIS_PASSWORD=old-redis\n" in path.read_text()
    assert docker.commands[-1].endswith("web worker scheduler")


def test_a_dry_run_changes_nothing(docker: Docker, path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = path.read_text()
    assert rotate_passwords.main(["--dry-run", "--env-file", str(path)]) == DONE
    assert (path.read_text(), docker.inputs) == (before, [])
    assert "Changing DB_PASSWORD in db" in capsys.readouterr().err


def test_a_server_that_does_not_run_is_refused(docker: Docker, path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    docker.running = ("redis",)
    assert rotate_passwords.main(["--env-file", str(path)]) == REFUSED
    assert docker.inputs == []
    assert "db does not run. Nothing was changed." in capsys.readouterr().err


def test_where_the_file_cannot_be_written_the_server_gets_its_old_password_back(
    docker: Docker, path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(env_file, "replace", full)
    assert rotate_passwords.main(["db", "--env-file", str(path)]) == FAILED
    assert "PASSWORD 'old-db'" in docker.inputs[-1]
    assert "db has its old password again" in capsys.readouterr().err


def test_passwords_in_files_are_another_command_s(
    docker: Docker, path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path.write_text("DB_PASSWORD_FILE=secrets/db_password\n")
    assert rotate_passwords.main(["db", "--env-file", str(path)]) == REFUSED
    assert (docker.inputs, docker.commands) == ([], [])
    assert "scripts/stack.sh rotate-secrets db" in capsys.readouterr().err
