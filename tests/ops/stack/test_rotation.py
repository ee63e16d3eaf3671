"""New secrets: what is written, what servers are told and when, and that a failure puts all of it back."""

import os
from pathlib import Path

import pytest

from ops import door
from ops.deploy import first_time, front_door, history
from ops.errors import REFUSED, OperatorError
from ops.stack import rotation, secret_texts
from ops.stack.stack import Stack
from tests.ops.deploy.conftest import Docker

EVERYTHING = tuple(secret_texts.NAMES)
RECREATE, START, DRAIN = "--force-recreate worker scheduler", "up -d --no-deps web_green", "stop web_blue"


class Hearing(Docker):
    """Notes also what commands are told on their standard input."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[str] = []

    def run(self, command: object, *, standard_input: str = "", **more: object) -> str:  # type: ignore[override]
        if standard_input:
            self.told.append(standard_input)
        return super().run([*command], **more)  # type: ignore[misc]


@pytest.fixture
def hearing(production: Stack, docker: Docker, monkeypatch: pytest.MonkeyPatch) -> Hearing:
    found = Hearing()
    found.answers = docker.answers
    monkeypatch.setattr(door, "run", found.run)
    monkeypatch.setattr(front_door, "test", lambda _: False)
    return found


@pytest.fixture
def folder(production: Stack, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The secrets of a first deploy, ours."""
    monkeypatch.setattr(os, "chown", lambda *_: None)
    monkeypatch.setattr(first_time, "give", lambda *_, **__: None)
    first_time.make_secrets(production.site, production.hands)
    return production.site.secrets


def texts(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text().strip() for path in folder.iterdir()}


def test_all_secrets_are_new_and_the_old_key_is_kept(production: Stack, hearing: Hearing, folder: Path) -> None:
    before, inodes = texts(folder), {path.stat().st_ino for path in folder.iterdir()}
    rotation.rotate(production, what=EVERYTHING, forgets_key=False)
    after = texts(folder)
    assert [name for name in before if before[name] == after[name]] == []
    assert after["django_secret_key_fallbacks"] == before["django_secret_key"]
    assert after["database_url"] == f"postgres://slipway:{after['db_password']}@db:5432/slipway"
    assert after["redis_url"] == f"redis://:{after['redis_password']}@redis:6379/0"
    assert {path.stat().st_ino for path in folder.iterdir()} == inodes, "containers would go on with the old files"


def test_redis_takes_both_passwords_until_the_new_colour_serves(
    production: Stack, hearing: Hearing, folder: Path
) -> None:
    old = texts(folder)["redis_password"]
    rotation.rotate(production, what=EVERYTHING, forgets_key=False)
    after = texts(folder)
    assert hearing.told[0] == f"{old}\nACL SETUSER default >{after['redis_password']}\n"
    assert f"ALTER ROLE slipway PASSWORD '{after['db_password']}'" in hearing.told[1]
    assert f"ALTER ROLE postgres PASSWORD '{after['postgres_password']}'" in hearing.told[1]
    assert hearing.told[2] == f"{after['redis_password']}\nACL SETUSER default resetpass >{after['redis_password']}\n"
    steps = ("redis-cli", "psql", RECREATE, START, "switch-upstream web_green", DRAIN)
    assert hearing.order(*steps) == [*steps, "redis-cli"]
    assert not [secret for secret in after.values() if secret and secret in "\n".join(hearing.commands)]
    assert history.read(production.site.state)[-1].why == "new: key, db, redis"


@pytest.mark.parametrize("failing", ["psql", RECREATE, START, "smoke_test", "switch-upstream web_green", DRAIN])
def test_whatever_fails_the_old_secrets_are_everywhere_again(
    production: Stack, hearing: Hearing, folder: Path, failing: str
) -> None:
    before = texts(folder)

    def fail() -> OperatorError:
        hearing.failing.clear()
        return OperatorError("It failed", hint="Look.")

    hearing.failing[failing] = fail
    with pytest.raises(
        OperatorError, match=r"version one \(blue\) is still serving|Version one \(blue\) is still serving"
    ):
        rotation.rotate(production, what=EVERYTHING, forgets_key=False)
    assert texts(folder) == before
    assert f"ALTER ROLE slipway PASSWORD '{before['db_password']}'" in hearing.told[-2]
    assert hearing.told[-1].endswith(f"resetpass >{before['redis_password']}\n")
    assert hearing.order(RECREATE, " up ")[-2:] == [RECREATE, " up "]
    assert production.site.value("COMPOSE_PROFILES") == "blue,backup"


def test_one_secret_alone(production: Stack, hearing: Hearing, folder: Path) -> None:
    before = texts(folder)
    rotation.rotate(production, what=("key",), forgets_key=True)
    after = texts(folder)
    changed = {name for name in before if before[name] != after[name]}
    assert (changed, after["django_secret_key_fallbacks"], hearing.told) == ({"django_secret_key"}, "", [])


def test_two_keys_of_before_are_kept_and_no_third(production: Stack, hearing: Hearing, folder: Path) -> None:
    keys = []
    for _ in range(3):
        keys.append(texts(folder)["django_secret_key"])
        rotation.rotate(production, what=("key",), forgets_key=False)
    assert texts(folder)["django_secret_key_fallbacks"] == f"{keys[2]},{keys[1]}"


def test_a_dry_run_changes_nothing(production: Stack, hearing: Hearing, folder: Path) -> None:
    production.hands.is_dry_run = True
    before = texts(folder)
    rotation.rotate(production, what=EVERYTHING, forgets_key=False)
    assert (texts(folder), hearing.told) == (before, [])


def test_where_a_server_is_away_it_is_refused(production: Stack, hearing: Hearing, folder: Path) -> None:
    hearing.answers["--services --status running"] = "db\nnginx\nweb_blue"
    with pytest.raises(OperatorError, match="redis does not run") as failed:
        rotation.rotate(production, what=EVERYTHING, forgets_key=False)
    assert failed.value.status == REFUSED


def test_secrets_that_cannot_be_read_are_refused(production: Stack, hearing: Hearing, folder: Path) -> None:
    (folder / "redis_url").unlink()
    with pytest.raises(OperatorError, match="cannot read"):
        rotation.rotate(production, what=EVERYTHING, forgets_key=False)
    assert hearing.told == []
