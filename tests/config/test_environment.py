from pathlib import Path

import pytest

from config import environment
from config.environment import ConfigurationError, development_values, examine, read
from config.environment_rules import Problem
from config.variables import VARIABLES, Variable

PRODUCTION = {
    "ENV_FILE": "",
    "DJANGO_SECRET_KEY": "k3Jz-0123456789-abcdefghijklmnopqrstuvwxyz-ABCDEFGH",
    "DJANGO_ALLOWED_HOSTS": "api.example.com",
    "SITE_URL": "https://api.example.com",
    "DATABASE_URL": "postgres://slipway:s3cret-enough@db:5432/slipway",
    "REDIS_URL": "redis://:s3cret-enough@redis:6379/0",
}


def problems(**changes: str) -> list[Problem]:
    with pytest.raises(ConfigurationError) as refused:
        read({**PRODUCTION, **changes})
    return refused.value.problems


def names(**changes: str) -> list[str]:
    return [problem.name for problem in problems(**changes)]


class TestDefaults:
    def test_an_empty_environment_names_everything_that_is_missing(self) -> None:
        with pytest.raises(ConfigurationError) as refused:
            read({"ENV_FILE": ""})
        missing = [problem.name for problem in refused.value.problems]
        assert missing == [name for name, variable in VARIABLES.items() if variable.is_required]
        assert all(name in str(refused.value) for name in missing)

    def test_what_is_required_is_enough_for_production(self) -> None:
        env = read(PRODUCTION)
        assert not env.flag("DJANGO_DEBUG")
        assert env.flag("SESSION_COOKIE_SECURE")
        assert not env.flag("GRAPHIQL")
        assert env.text("LOG_FORMAT") == "json"
        assert env.items("DJANGO_ALLOWED_HOSTS") == ["api.example.com"]

    def test_development_s_values_are_enough_for_development(self) -> None:
        servers = {name: PRODUCTION[name] for name in ("DATABASE_URL", "REDIS_URL")}
        env = read({**development_values(), **servers, "ENV_FILE": ""})
        assert env.flag("DJANGO_DEBUG")

    def test_a_value_of_another_kind_is_a_bug(self) -> None:
        with pytest.raises(TypeError, match="DJANGO_DEBUG"):
            read(PRODUCTION).text("DJANGO_DEBUG")

    def test_a_path_is_absolute(self) -> None:
        assert read({**PRODUCTION, "MEDIA_ROOT": "files"}).path("MEDIA_ROOT").is_absolute()


def wrong_text_for(variable: Variable) -> str:
    if variable.kind == "flag":
        return "perhaps"
    if variable.kind == "number":
        return str((variable.maximum or 0) + 1)
    if variable.choices:
        return "none-of-them"
    if variable.form != "plain":
        return "\x00 not : / one"
    return ""


# For the others any text is right.
CHECKED = [variable for variable in VARIABLES.values() if wrong_text_for(variable) or variable.default]


@pytest.mark.parametrize("variable", CHECKED, ids=lambda variable: variable.name)
def test_a_wrong_value_of_any_variable_is_told_by_its_name(variable: Variable) -> None:
    assert variable.name in names(**{variable.name: wrong_text_for(variable)})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DJANGO_TIME_ZONE", "Europe/Atlantis"),
        ("DJANGO_TIME_ZONE", "../../etc/passwd"),
        ("DJANGO_LANGUAGE_CODE", "xx"),
        ("DB_BACKUP_CRON", "61 3 * * *"),
        ("MEDIA_BACKUP_CRON", "hourly"),
        ("DATABASE_URL", "mysql://u:p@h/x"),
        ("DATABASE_URL", "postgres://u:p@h:port/x"),
        ("DATABASE_URL", "postgres://u:p@h:5432/"),
        ("REDIS_URL", "http://redis"),
        ("EMAIL_URL", "carrier-pigeon://h"),
        ("SITE_URL", "api.example.com"),
        ("DB_POOL_SIZE", "0"),
        ("DB_POOL_SIZE", "ten"),
        ("DEFAULT_FROM_EMAIL", "nobody"),
        ("ADMIN_URL", "ad min/"),
    ],
)
def test_a_value_that_does_not_parse_is_told(name: str, value: str) -> None:
    assert names(**{name: value}) == [name]


class TestSecrets:
    @pytest.mark.parametrize(
        "value",
        ["change-me-" + "x1y2z3" * 10, "short-but-random-9f8", "a" * 60, "django-insecure-" + "q1w2e3r4" * 6],
    )
    def test_a_placeholder_or_a_short_key_is_refused(self, value: str) -> None:
        assert names(DJANGO_SECRET_KEY=value) == ["DJANGO_SECRET_KEY"]

    def test_a_placeholder_in_an_address_is_refused(self) -> None:
        assert names(DATABASE_URL="postgres://slipway:change-me@db/slipway") == ["DATABASE_URL"]

    @pytest.mark.parametrize("name", [name for name, variable in VARIABLES.items() if variable.is_secret])
    def test_no_message_repeats_a_secret(self, name: str) -> None:
        with pytest.raises(ConfigurationError) as refused:
            read({**PRODUCTION, name: "ftp://u:hunter2@h:notaport/x", "DB_POOL_SIZE": "0"})
        assert "hunter2" not in str(refused.value)


class TestFiles:
    @pytest.mark.parametrize("ending", ["", "\n", "\r\n"])
    def test_any_variable_may_come_from_a_file(self, tmp_path: Path, ending: str) -> None:
        (tmp_path / "secret").write_bytes((PRODUCTION["DJANGO_SECRET_KEY"] + ending).encode())
        texts = {name: text for name, text in PRODUCTION.items() if name != "DJANGO_SECRET_KEY"}
        env = read({**texts, "DJANGO_SECRET_KEY_FILE": str(tmp_path / "secret")})
        assert env.text("DJANGO_SECRET_KEY") == PRODUCTION["DJANGO_SECRET_KEY"]

    def test_a_missing_an_empty_and_a_second_source_are_errors(self, tmp_path: Path) -> None:
        (tmp_path / "empty").write_text("\n")
        assert names(LOG_LEVEL_FILE=str(tmp_path / "none")) == ["LOG_LEVEL"]
        assert names(LOG_LEVEL_FILE=str(tmp_path / "empty")) == ["LOG_LEVEL"]
        assert names(LOG_LEVEL_FILE=str(tmp_path / "empty"), LOG_LEVEL="INFO") == ["LOG_LEVEL"]

    def test_the_process_s_environment_goes_before_the_env_file(self, tmp_path: Path) -> None:
        file = tmp_path / "env"
        file.write_text("LOG_LEVEL=ERROR\nDB_POOL_SIZE=7\n")
        env = read({**PRODUCTION, "ENV_FILE": str(file), "LOG_LEVEL": "DEBUG"})
        assert (env.text("LOG_LEVEL"), env.number("DB_POOL_SIZE")) == ("DEBUG", 7)

    def test_a_named_env_file_that_is_not_there_is_told(self, tmp_path: Path) -> None:
        assert "ENV_FILE" in names(ENV_FILE=str(tmp_path / "none"))


class TestNames:
    def test_a_misspelt_name_is_told_with_the_right_one(self) -> None:
        (found,) = problems(DJANGO_ALOWED_HOSTS="x")
        assert found.hint == "Did you mean DJANGO_ALLOWED_HOSTS?"

    def test_a_near_miss_of_another_prefix_is_told(self) -> None:
        assert names(DB_POOLSIZE="4") == ["DB_POOLSIZE"]

    def test_another_program_s_names_are_left_alone(self) -> None:
        read(
            {
                **PRODUCTION,
                "LOG_DIRECTORY": "x",
                "DJANGO_SETTINGS_MODULE": "y",
                "DJANGO_SUPERUSER_PASSWORD": "z",
            }
        )

    def test_an_env_file_is_all_ours(self, tmp_path: Path) -> None:
        file = tmp_path / "env"
        file.write_text("EDITOR=vi\n")
        assert names(ENV_FILE=str(file)) == ["EDITOR"]


class TestContradictions:
    def test_debug_with_production_s_flags(self) -> None:
        assert names(DJANGO_DEBUG="true") == ["DJANGO_DEBUG"]

    def test_a_star_for_the_hosts(self) -> None:
        assert names(DJANGO_ALLOWED_HOSTS="*") == ["DJANGO_ALLOWED_HOSTS"]

    def test_tls_without_a_certificate(self) -> None:
        assert examine({**PRODUCTION, "USE_TLS": "false"})[1] == []
        assert names(TLS_CERT_PATH="") == ["TLS_CERT_PATH"]

    def test_two_mail_servers(self) -> None:
        assert names(EMAIL_URL="smtp://h", EMAIL_HOST="h") == ["EMAIL_HOST"]

    def test_a_mail_user_without_a_server(self) -> None:
        assert names(EMAIL_USER="me") == ["EMAIL_HOST"]


def test_everything_that_is_wrong_is_told_at_once() -> None:
    found = names(
        DJANGO_SECRET_KEY="x",
        DB_POOL_SIZE="x",
        DJANGO_TIME_ZONE="x",
        DJANGO_ALOWED_HOSTS="x",
        DJANGO_ALLOWED_HOSTS="*",
    )
    assert sorted(found) == sorted(
        [
            "DJANGO_SECRET_KEY",
            "DB_POOL_SIZE",
            "DJANGO_TIME_ZONE",
            "DJANGO_ALOWED_HOSTS",
            "DJANGO_ALLOWED_HOSTS",
        ]
    )


class TestMail:
    def settings(self, **changes: str) -> dict[str, object]:
        return environment.email_settings(read({**PRODUCTION, **changes}))

    def test_by_a_url(self) -> None:
        found = self.settings(EMAIL_URL="smtp+tls://u:p@mail.example.com:587")
        assert (found["EMAIL_HOST"], found["EMAIL_USE_TLS"]) == ("mail.example.com", True)

    def test_by_single_variables(self) -> None:
        found = self.settings(EMAIL_HOST="mail.example.com", EMAIL_USER="u", EMAIL_PASS="p")
        assert (found["EMAIL_HOST_USER"], found["EMAIL_PORT"]) == ("u", 587)

    def test_by_none_it_goes_to_the_log(self) -> None:
        assert str(self.settings()["EMAIL_BACKEND"]).endswith("console.EmailBackend")
