"""Gives PostgreSQL and Redis new passwords while they run. Passwords go through standard input, never into a command's words."""

from collections.abc import Mapping, Sequence

from ops import door
from ops.compose import Compose
from ops.deploy.hands import Hands

# The first line is a password that it takes; the others are its commands.
WITH_OLD = "read -r old; REDISCLI_AUTH=$old exec redis-cli -e --no-auth-warning"


def give_database(compose: Compose, hands: Hands, texts: Mapping[str, str]) -> None:
    """Set the passwords of the application's role and of the superuser, over the socket, which asks for none."""
    sql = (
        "SET log_statement = 'none'; SET log_min_duration_statement = -1; BEGIN;\n"
        f"ALTER ROLE slipway PASSWORD '{quoted(texts['db_password'])}';\n"
        f"ALTER ROLE postgres PASSWORD '{quoted(texts['postgres_password'])}'; COMMIT;\n"
    )
    said(compose.superuser_psql(), hands, sql, what="change the passwords in PostgreSQL", service="db")


def let_redis_take(compose: Compose, hands: Hands, password: str, *, old: str) -> None:
    """Have Redis take one more password beside those that it takes."""
    ask(compose, hands, ["ACL SETUSER default >" + password], old=old, what="give Redis one more password")


def let_redis_take_only(compose: Compose, hands: Hands, password: str) -> None:
    """Have Redis take this password alone. Who is signed in stays so."""
    ask(
        compose,
        hands,
        [f"ACL SETUSER default resetpass >{password}"],
        old=password,
        what="have Redis forget the old password",
    )


def ask(compose: Compose, hands: Hands, lines: Sequence[str], *, old: str, what: str) -> None:
    """Send commands to Redis, signed in with a password that it takes."""
    text = "\n".join([old, *lines]) + "\n"
    said(compose.command("exec", "-T", "redis", "sh", "-c", WITH_OLD), hands, text, what=what, service="redis")


def said(command: list[str], hands: Hands, text: str, *, what: str, service: str) -> None:
    """Run a command with a text on its standard input, which a dry run leaves out."""
    if hands.is_dry_run:
        hands.say(f"would run: {' '.join(command)}")
        return
    hint = f"See its log: docker compose logs --tail 30 {service}"
    door.run(command, standard_input=text, what=what, hint=hint, environment=hands.environment)


def quoted(text: str) -> str:
    """Return a text as it stands between quotation marks in SQL."""
    return text.replace("'", "''")
