from pathlib import Path

from ops.compose import Compose


def test_every_command_names_the_env_file_and_the_compose_files(tmp_path: Path) -> None:
    env_file = tmp_path / ".env.prod"
    env_file.write_text("")
    compose = Compose(env_file=env_file, files=[Path("a.yml"), Path("b.yml")])
    assert compose.command("ps") == [
        "docker",
        "compose",
        "--env-file",
        str(env_file),
        "-f",
        "a.yml",
        "-f",
        "b.yml",
        "ps",
    ]


def test_an_env_file_that_is_not_there_is_not_named() -> None:
    assert Compose(env_file=Path("/none/.env")).recreate("web") == [
        "docker",
        "compose",
        "up",
        "-d",
        "--force-recreate",
        "--wait",
        "web",
    ]


def test_no_password_is_in_a_command_line() -> None:
    compose = Compose(env_file=Path(".env"))
    assert "PASSWORD '" not in " ".join(compose.superuser_psql())
    assert compose.redis_cli()[-1].endswith("-x CONFIG SET requirepass")
