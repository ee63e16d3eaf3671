from pathlib import Path

import pytest

from config import environment
from config.declaration import SERVICES, Variable
from config.environment import ConfigurationError, development_values, examine, read
from config.environment_rules import Problem
from config.redis_clients import broker_settings
from config.variables import VARIABLES, all_variables

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
        return "not : / one"
    return "two\nlines"


@pytest.mark.parametrize("variable", VARIABLES.values(), ids=lambda variable: variable.name)
def test_a_wrong_value_of_any_variable_is_told_by_its_name(variable: Variable) -> None:
    assert variable.name in names(**{variable.name: wrong_text_for(variable)})


@pytest.mark.parametrize(
    "variable", [each for each in VARIABLES.values() if each.kind == "number"], ids=lambda variable: variable.name
)
def test_a_number_has_its_bounds_and_they_are_right_themselves(variable: Variable) -> None:
    assert variable.minimum is not None
    assert variable.maximum is not None
    assert variable.name in names(**{variable.name: str(variable.minimum - 1)})
    for right in (variable.minimum, variable.maximum):
        assert examine({**PRODUCTION, variable.name: str(right)})[0][variable.name] == right


@pytest.mark.parametrize("variable", VARIABLES.values(), ids=lambda variable: variable.name)
def test_any_variable_s_file_that_is_missing_is_told_by_the_variable_s_name(variable: Variable) -> None:
    texts = {name: text for name, text in PRODUCTION.items() if name != variable.name}
    with pytest.raises(ConfigurationError) as refused:
        read({**texts, f"{variable.name}_FILE": "/none/such"})
    assert [problem.name for problem in refused.value.problems] == [variable.name]


class TestDeclaration:
    def test_each_variable_is_declared_once(self) -> None:
        declared = [variable.name for variable in all_variables()]
        assert sorted(declared) == sorted(set(declared))

    @pytest.mark.parametrize("variable", VARIABLES.values(), ids=lambda variable: variable.name)
    def test_each_says_what_it_is_for_and_who_may_see_it(self, variable: Variable) -> None:
        assert variable.purpose.endswith(".")
        assert set(variable.services) <= SERVICES

    def test_no_secret_has_a_default(self) -> None:
        assert [each.name for each in VARIABLES.values() if each.is_secret and each.default] == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DJANGO_ALLOWED_HOSTS", ","),
        ("DJANGO_ALLOWED_HOSTS", "api.example.com,https://www.example.com"),
        ("DJANGO_ALLOWED_HOSTS", "api.example.com:8000"),
        ("CSRF_TRUSTED_ORIGINS", "app.example.com"),
        ("CSRF_TRUSTED_ORIGINS", "https://app.example.com/page"),
        ("SERVER_NAME", "https://api.example.com"),
        ("SERVER_NAME", "api.example.com,www.example.com"),
        ("SERVER_NAME", "*"),
        ("SERVER_NAME", " "),
        ("DJANGO_TIME_ZONE", "Europe/Atlantis"),
        ("DJANGO_TIME_ZONE", "../../etc/passwd"),
        ("DJANGO_LANGUAGE_CODE", "xx"),
        ("DB_BACKUP_CRON", "61 3 * * *"),
        ("DB_BACKUP_COMPRESSION", "zstd:23"),
        ("DB_BACKUP_COMPRESSION", "none:1"),
        ("DB_BACKUP_CRON", "0 0 3 * * *"),
        ("MEDIA_BACKUP_CRON", "hourly"),
        ("DATABASE_URL", "mysql://u:p@h/x"),
        ("DATABASE_URL", "postgres://u:p@h:port/x"),
        ("DATABASE_URL", "postgres://u:p@h:5432/"),
        ("DATABASE_URL", "postgres://%2Frun%2Fpostgresql/slipway"),
        ("DATABASE_URL", "postgres://u:p#q@h/slipway"),
        ("REDIS_URL", "http://redis"),
        ("REDIS_URL", "redis://"),
        ("REDIS_URL", "unix://"),
        ("REDIS_URL", "unix:///run/redis.sock?password=p"),
        ("EMAIL_URL", "carrier-pigeon://h"),
        ("EMAIL_URL", "smtp://"),
        ("EMAIL_URL", "smtp://u:p@h:port"),
        ("SITE_URL", "api.example.com"),
        ("SITE_URL", "https://api example.com"),
        ("SITE_URL", "https://api.example.com/?a=b"),
        ("DB_POOL_SIZE", "0"),
        ("DB_POOL_SIZE", "ten"),
        ("DB_POOL_SIZE", "٣"),
        ("DB_POOL_SIZE", "9" * 30),
        ("DEFAULT_FROM_EMAIL", "nobody"),
        ("ADMIN_URL", "ad min/"),
        ("TRUSTED_PROXIES", "10.0.0.0/33"),
        ("TRUSTED_PROXIES", "10.0.0.1/8"),
        ("DB_PASSWORD", "p@ss"),
        ("DB_SHARED_BUFFERS", "1g"),
        ("DB_MEMORY", "1GB"),
        ("REDIS_MAXMEMORY", "10%"),
        ("POSTGRES_IMAGE", "postgres 18"),
        ("CERTIFICATE_ADDRESS", "nginx"),
        ("MEDIA_STORAGE_URL", "s3://media"),
        ("MEDIA_STORAGE_URL", "https://s3.example.com/media"),
        ("MEDIA_STORAGE_MOVE", "to-nowhere"),
    ],
)
def test_a_value_that_does_not_parse_is_told(name: str, value: str) -> None:
    assert names(**{name: value}) == [name]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DJANGO_ALLOWED_HOSTS", ".example.com, 10.0.0.1,[2001:db8::1],web"),
        ("CSRF_TRUSTED_ORIGINS", "https://*.example.com,http://localhost:3000"),
        ("DATABASE_URL", "postgresql://u:p%40ss@db.example.com/slipway?sslmode=verify-full"),
        ("DATABASE_URL", "postgres:////run/postgresql/slipway"),
        ("REDIS_URL", "rediss://:p@redis.example.com:6380/1"),
        ("REDIS_URL", "unix://:p@/run/redis.sock?db=2"),
        ("EMAIL_URL", "smtp+tls://u:p%40ss@mail.example.com:587"),
        ("DB_BACKUP_CRON", "*/15 0-6 * * mon-fri"),
        ("DB_BACKUP_COMPRESSION", "zstd:3"),
        ("DB_BACKUP_COMPRESSION", "none"),
        ("DJANGO_LANGUAGE_CODE", "pt-br"),
        ("DJANGO_DEBUG", "No"),
        ("TRUSTED_PROXIES", "10.0.0.0/8, 2001:db8::/32,127.0.0.1"),
        ("TRUSTED_PROXIES", ""),
        ("DB_MEMORY", "1g"),
        ("POSTGRES_IMAGE", "registry.example.com:5000/library/postgres:18@sha256:" + "0" * 64),
    ],
)
def test_a_right_value_is_taken(name: str, value: str) -> None:
    read({**PRODUCTION, name: value})


class TestSecrets:
    @pytest.mark.parametrize(
        "value",
        ["change-me-" + "x1y2z3" * 10, "short-but-random-9f8", "a" * 60, "django-insecure-" + "q1w2e3r4" * 6],
    )
    def test_a_placeholder_or_a_short_key_is_refused(self, value: str) -> None:
        assert names(DJANGO_SECRET_KEY=value) == ["DJANGO_SECRET_KEY"]

    @pytest.mark.parametrize("word", ["change-me", "CHANGEME", "replace-me", "your-password", "<password>"])
    def test_a_placeholder_in_an_address_is_refused(self, word: str) -> None:
        assert names(DATABASE_URL=f"postgres://slipway:{word}@db/slipway") == ["DATABASE_URL"]

    def test_what_to_do_about_a_secret_says_where_it_may_be_kept(self) -> None:
        (found,) = problems(DJANGO_SECRET_KEY="short")
        assert "DJANGO_SECRET_KEY_FILE" in found.hint

    @pytest.mark.parametrize("name", [name for name, variable in VARIABLES.items() if variable.is_secret])
    @pytest.mark.parametrize("text", ["ftp://u:x@h:notaport/", "postgres://u:x@h:", "change-me", "redis://[", "a b\n"])
    def test_no_message_repeats_a_secret(self, name: str, text: str) -> None:
        with pytest.raises(ConfigurationError) as refused:
            read({**PRODUCTION, name: f"{text}hunter2", "DB_POOL_SIZE": "0"})
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
        assert names(LOG_LEVEL_FILE="") == ["LOG_LEVEL"]

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

    def test_a_misspelt_name_of_a_file_is_told_with_the_right_one(self) -> None:
        (found,) = problems(DJANGO_SECRETKEY_FILE="/run/secrets/key")
        assert found.hint == "Did you mean DJANGO_SECRET_KEY_FILE?"

    @pytest.mark.parametrize(
        "name", ["DJANGO_X", "GRAPHQL_DEPTH", "MEDIA_PATH", "SECURE_SSL_REDIRECT", "EMAIL_BACKEND"]
    )
    def test_a_name_that_begins_as_ours_do_is_told(self, name: str) -> None:
        assert names(**{name: "x"}) == [name]

    @pytest.mark.parametrize(
        "name", ["DB_POOLSIZE", "LOG_LEVELS", "USE_TSL", "SESSION_COOKIE_SECUR", "SITE_URLS", "TLS_KEYPATH"]
    )
    def test_a_near_miss_of_a_prefix_that_others_use_too_is_told(self, name: str) -> None:
        assert names(**{name: "4"}) == [name]

    def test_another_program_s_names_are_left_alone(self) -> None:
        read(
            {
                **PRODUCTION,
                "LOG_DIRECTORY": "x",
                "SESSION_MANAGER": "local/desktop",
                "DB_PORT": "tcp://10.0.0.1:5432",
                "REDIS_PORT_6379_TCP": "tcp://10.0.0.1:6379",
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
        without = {"TLS_CERT_PATH": "", "TLS_KEY_PATH": ""}
        assert names(**without) == ["TLS_CERT_PATH", "TLS_KEY_PATH"]
        assert names(SERVER_NAME="") == ["SERVER_NAME"]
        assert examine({**PRODUCTION, **without, "USE_TLS": "false"})[1] == []

    def test_development_s_public_secrets_in_production(self) -> None:
        assert names(DATABASE_URL="postgres://slipway:development-only@db/slipway") == ["DATABASE_URL"]
        assert names(DJANGO_SECRET_KEY=f"development-only-{PRODUCTION['DJANGO_SECRET_KEY']}") == ["DJANGO_SECRET_KEY"]

    def test_the_demo_in_production(self) -> None:
        assert names(LOAD_DEMO="true") == ["LOAD_DEMO"]

    @pytest.mark.parametrize("media", ["/srv/static", "/srv/static/media", "/srv"])
    def test_uploads_among_static_files(self, media: str) -> None:
        assert names(MEDIA_ROOT=media) == ["MEDIA_ROOT"]

    def test_two_things_at_one_address(self) -> None:
        assert names(MEDIA_URL="static/") == ["MEDIA_URL"]
        assert names(ADMIN_URL="/graphql/") == ["ADMIN_URL"]
        assert names(ADMIN_URL="-/") == ["ADMIN_URL"]
        assert names(MEDIA_ACCEL_LOCATION="/media/") == ["MEDIA_ACCEL_LOCATION"]

    def test_a_bucket_without_a_key(self) -> None:
        url = "s3://media/site?endpoint=https://s3.example.com"
        keys = {"MEDIA_STORAGE_ACCESS_KEY_ID": "ada", "MEDIA_STORAGE_SECRET_ACCESS_KEY": "s3cret-enough"}
        assert names(MEDIA_STORAGE_URL=url) == list(keys)
        assert examine({**PRODUCTION, **keys, "MEDIA_STORAGE_URL": url, "MEDIA_STORAGE_MOVE": "to-bucket"})[1] == []

    @pytest.mark.parametrize("move", ["to-bucket", "to-folder"])
    def test_a_move_without_a_bucket(self, move: str) -> None:
        assert names(MEDIA_STORAGE_MOVE=move) == ["MEDIA_STORAGE_MOVE"]

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


@pytest.mark.parametrize(
    ("url", "celery_s"),
    [
        ("redis://redis", "redis://redis:6379/0"),
        ("rediss://:p@redis:6379/1", "rediss://:p@redis:6379/1"),
        ("redis://[::1]:7000?db=3", "redis://[::1]:7000/3"),
        ("unix:///run/redis.sock", "redis+socket:///run/redis.sock?virtual_host=0"),
        ("unix://:p@/run/redis.sock?db=2", "redis+socket://:p@/run/redis.sock?virtual_host=2"),
        (
            "redis+sentinel://me:p%2Fq@one,two:7000/main/4",
            "sentinel://me:p%2Fq@one:26379/4;sentinel://me:p%2Fq@two:7000/4",
        ),
    ],
)
def test_celery_gets_redis_s_address_in_its_own_spelling(url: str, celery_s: str) -> None:
    assert broker_settings(url)["url"] == celery_s


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
