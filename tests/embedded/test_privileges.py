import os
import pwd
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from embedded import privileges
from embedded.errors import OperatorError
from embedded.postgres import BINARIES, Postgres

COMMAND = ["/opt/postgres", "-D", "/srv/x"]


def test_a_user_starts_the_command_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert privileges.as_server_user(COMMAND, parent_death_signal="INT") == COMMAND


def test_root_starts_it_as_nobody_who_may_enter_every_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(privileges, "working_setpriv", lambda: "/usr/bin/setpriv")
    command = privileges.as_server_user(COMMAND, parent_death_signal="INT")
    nobody = pwd.getpwnam("nobody").pw_uid
    assert command[0] == "/usr/bin/setpriv"
    assert {f"--reuid={nobody}", "--clear-groups", "--ambient-caps=+dac_override", "--pdeathsig=INT"} <= set(command)
    assert command[-3:] == COMMAND


def test_without_setpriv_root_is_refused_where_nobody_may_not_enter(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(privileges, "working_setpriv", lambda: None)
    (tmp_path / "closed").mkdir(mode=0o700)
    with pytest.raises(OperatorError, match="user nobody may not enter") as refusal:
        privileges.as_server_user([tmp_path / "closed" / "postgres"], parent_death_signal="INT")
    assert "util-linux" in refusal.value.hint


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that everybody may enter, which pytest's are not."""
    path = Path(tempfile.mkdtemp(prefix="slipway-open-"))
    path.chmod(0o711)
    yield path
    shutil.rmtree(path)


def is_open(path: Path) -> bool:
    return all(parent.stat().st_mode & 0o001 for parent in path.parents)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to become somebody else")
@pytest.mark.skipif(not is_open(BINARIES / "postgres"), reason="nobody may not enter this clone's folder")
def test_without_setpriv_postgresql_still_starts_for_root(monkeypatch: pytest.MonkeyPatch, open_folder: Path) -> None:
    monkeypatch.setattr(privileges, "working_setpriv", lambda: None)
    server = Postgres(open_folder, is_durable=False)
    try:
        server.start()
        with psycopg.connect(server.url) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
    finally:
        server.stop()
