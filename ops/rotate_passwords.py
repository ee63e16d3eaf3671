"""`scripts/rotate_passwords.sh`: new passwords for PostgreSQL and Redis, in the servers and in the env file.

In production they are in files: `scripts/stack.sh rotate-secrets`, without a failed request.
"""

import argparse
import secrets
import sys
from pathlib import Path

from ops import env_file
from ops.compose import Compose
from ops.door import run
from ops.errors import DONE, REFUSED, OperatorError

APPLICATION = ("web", "worker", "scheduler")
DEFAULT = Path(".env")
SERVERS = {"db": "DB_PASSWORD", "redis": "REDIS_PASSWORD"}
BACKUP = "backup"


def parser() -> argparse.ArgumentParser:
    """Return what reads the command line."""
    root = argparse.ArgumentParser(
        prog="scripts/rotate_passwords.sh",
        description="Give PostgreSQL's and Redis's application user a new password, write it into the env file, and start the "
        "application's containers anew with it. Exit status: 0 done, 1 failed (what was changed is said, and put back), "
        "2 wrong usage, 3 refused and nothing changed.",
    )
    root.add_argument("server", nargs="*", choices=[*SERVERS, []], help="db or redis; none: both")
    root.add_argument(
        "--env-file",
        type=Path,
        default=DEFAULT,
        help="the env file of the stack (default: .env, made where there is none)",
    )
    root.add_argument("-f", "--file", type=Path, action="append", default=[], help="a compose file; as often as needed")
    root.add_argument("--dry-run", action="store_true", help="say what would be done, and change nothing")
    return root


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit status."""
    options = parser().parse_args(arguments)
    servers = tuple(options.server) or tuple(SERVERS)
    try:
        rotate(Compose(env_file=options.env_file, files=options.file), servers, is_dry_run=options.dry_run)
    except OperatorError as error:
        sys.stderr.write(f"{error}\n")
        return error.status
    return DONE


def rotate(compose: Compose, servers: tuple[str, ...], *, is_dry_run: bool) -> None:
    """Look, then for each server: set the new password, write it down; at last start the application anew."""
    text = "" if compose.env_file == DEFAULT and not DEFAULT.exists() else env_file.read(compose.env_file)
    require_no_files(text, servers)
    running = require_running(compose, servers)
    for server in servers:
        say(f"Changing {SERVERS[server]} in {server} and in {compose.env_file}")
        if not is_dry_run:
            text = change(compose, server, text)
    say(f"Starting {', '.join(APPLICATION)} anew")
    if not is_dry_run:
        if "redis" in servers and BACKUP in running:
            start_backup_anew(compose)
        start_anew(compose, (*APPLICATION, *(server for server in servers if server == "redis")))


def require_no_files(text: str, servers: tuple[str, ...]) -> None:
    """Raise OperatorError where a password is in a file, as in production."""
    for server in servers:
        if env_file.value(text, f"{SERVERS[server]}_FILE"):
            raise OperatorError(
                f"Refusing to go on: {SERVERS[server]} is in a file, as in production. Nothing was changed.",
                hint=f"scripts/stack.sh rotate-secrets {server}",
                status=REFUSED,
            )


def start_backup_anew(compose: Compose) -> None:
    """Give the backup service Redis's new password. Nobody waits for it: it is well when a backup is."""
    command = compose.command("up", "-d", "--no-deps", "--force-recreate", BACKUP)
    hint = f"See why: docker compose logs {BACKUP}"
    run(command, what="start the backup service anew", hint=hint, limit_seconds=600)


def require_running(compose: Compose, servers: tuple[str, ...]) -> list[str]:
    """Return what runs; raises OperatorError where a server does not: its password can only be changed in the running one."""
    hint = "Start the stack: docker compose up -d --wait"
    running = run(compose.running(), what="ask Docker what runs", hint=hint).split()
    for server in servers:
        if server not in running:
            raise OperatorError(
                f"Refusing to go on: {server} does not run. Nothing was changed.", hint=hint, status=REFUSED
            )
    return running


def change(compose: Compose, server: str, text: str) -> str:
    """Set a new password in the server and in the env file; return the file's text. The server's goes back where the file fails."""
    name, password = SERVERS[server], secrets.token_urlsafe(32)
    set_password(compose, server, password)
    changed = env_file.with_value(text, name, password)
    try:
        env_file.replace(compose.env_file, changed)
    except OSError as error:
        set_password(compose, server, env_file.value(text, name) or "development-only")
        raise OperatorError(
            f"Cannot write {compose.env_file}: {error.strerror}. {server} has its old password again.",
            hint=f"See its rights and the disk: ls -l {compose.env_file}; df -h {compose.env_file}",
        ) from None
    return changed


def set_password(compose: Compose, server: str, password: str) -> None:
    """Set the password in the running server."""
    hint = f"See its log: docker compose logs --tail 30 {server}"
    if server == "db":
        sql = f"SET log_statement = 'none'; ALTER ROLE slipway PASSWORD '{password}';\n"
        run(compose.superuser_psql(), standard_input=sql, what="change the password in PostgreSQL", hint=hint)
    else:
        run(compose.redis_cli(), standard_input=password, what="change the password in Redis", hint=hint)


def start_anew(compose: Compose, services: tuple[str, ...]) -> None:
    """Give the containers their new passwords. Compose does not look at a file's content: they are made anew in any case."""
    run(
        compose.recreate(*services),
        limit_seconds=600,
        what="start the application with the new passwords",
        hint="The passwords are changed, in the servers and in the env file. Start it: docker compose up -d --wait",
    )


def say(line: str) -> None:
    """Tell the progress."""
    sys.stderr.write(f"{line}\n")


if __name__ == "__main__":
    sys.exit(main())
