import datetime
from pathlib import Path

import pytest

from ops.deploy import backup
from ops.deploy.commands import Commands, accepting
from ops.deploy.hands import Hands
from ops.deploy.looking import serving_colour
from ops.deploy.site import Site, other
from ops.errors import OperatorError
from tests.ops.deploy.conftest import Docker

NOW = datetime.datetime(2026, 1, 2, 3, 0, tzinfo=datetime.UTC)
LISTED = """{"sets": [
    {"id": "20260101T030000Z", "counts": true}, {"id": "20260102T020000Z", "counts": true}, {"id": "20260102T025900Z", "counts": false}
]}"""


@pytest.mark.parametrize(
    ("line", "value"),
    [("X=a b", "a b"), ('X="a # b"', "a # b"), ("X='$$'", "$$"), ("X=$$", "$"), ("X=a # why", "a")],
)
def test_values_are_read_as_compose_does(site: Site, line: str, value: str) -> None:
    site.env_file.write_text(f"{line}\n")
    assert site.value("X") == value


def test_a_project_is_called_by_its_folder_as_compose_does(tmp_path: Path) -> None:
    assert Site(root=tmp_path / "Slip Way_2").project == "slipway_2"


def test_no_variable_of_the_shell_reaches_compose(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("APPLICATION_IMAGE", "evil")
    assert "APPLICATION_IMAGE" not in site.environment


def test_the_other_colour() -> None:
    assert (other("blue"), other("green")) == ("green", "blue")


@pytest.mark.parametrize(
    ("profiles", "upstream", "colour"),
    [
        ("blue", "server web_blue:8000 resolve;", "blue"),
        ("blue", "server web_green:8000 resolve;", "green"),  # killed between the switch and the env file
        ("", "server web_blue:8000 resolve;", ""),  # a first deploy that failed
        ("backup,green", "", "green"),
    ],
)
def test_who_serves(site: Site, docker: Docker, profiles: str, upstream: str, colour: str) -> None:
    site.change(COMPOSE_PROFILES=profiles)
    docker.answers = {"upstream.inc": upstream}
    hands = Hands(environment={}, is_dry_run=False, say=lambda _: None)
    assert serving_colour(site, Commands(compose=site.compose, project="x"), hands, is_up=True) == colour


def test_no_secret_is_in_a_command(site: Site) -> None:
    commands = Commands(compose=site.compose, project="slipway")
    assert "secrets:/site/secrets:ro" in " ".join(commands.check_environment(image="x", root="/srv"))
    assert commands.migrate_allowing("green", image="x:2", allowed=["a.1"])[:2] == ["env", "WEB_GREEN_IMAGE=x:2"]


def test_a_status_that_is_accepted_keeps_its_words() -> None:
    assert accepting(3, ["a", "b"])[2:] == ['"$@" || [ $? = 3 ]', "accepting", "a", "b"]


def test_a_young_backup_that_counts_is_good_enough() -> None:
    assert backup.newest(LISTED, datetime.timedelta(hours=2), now=NOW) == "20260102T020000Z"
    assert backup.newest(LISTED, datetime.timedelta(minutes=30), now=NOW) == ""


def test_what_was_taken_before_a_restore_is_no_backup_of_what_is_live() -> None:
    listed = '{"sets": [{"id": "20260102T020000Z", "counts": true, "before restore": true}]}'
    assert backup.newest(listed, datetime.timedelta(hours=2), now=NOW) == ""


def test_ages_are_read() -> None:
    assert backup.age_of("90m") == datetime.timedelta(minutes=90)
    with pytest.raises(OperatorError, match='Cannot read the age "soon"'):
        backup.age_of("soon")


@pytest.mark.parametrize(
    ("told", "taken"),
    [
        ('{"id": "20260101T030000Z", "removed": []}\n', "20260101T030000Z"),
        ('#1 [internal] load build definition\n{"id": "20260101T030000Z"}\n', "20260101T030000Z"),
        ("no JSON\n", ""),
        ("", ""),
    ],
)
def test_the_set_that_was_taken_is_told_below_what_docker_says(told: str, taken: str) -> None:
    assert backup.taken_set(told) == taken
