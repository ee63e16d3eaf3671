"""Builds Docker Compose's command lines. Runs nothing."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Compose:
    """One stack: its env file, its compose files (none: Compose finds docker-compose.yml)."""

    env_file: Path
    files: Sequence[Path] = field(default=())

    def command(self, *words: str) -> list[str]:
        """Return a command on the whole stack."""
        files = [word for path in self.files for word in ("-f", str(path))]
        env_file = ["--env-file", str(self.env_file)] if self.env_file.exists() else []
        return ["docker", "compose", *env_file, *files, *words]

    def running(self) -> list[str]:
        """Return what lists the services that run, a line each."""
        return self.command("ps", "--services", "--status", "running")

    def superuser_psql(self) -> list[str]:
        """Return what runs the SQL of its standard input as the superuser, over the socket in the database's container."""
        return self.command(
            "exec", "-T", "db", "psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-U", "postgres", "-d", "postgres"
        )

    def redis_cli(self) -> list[str]:
        """Return what runs the commands of its standard input in Redis; `REDISCLI_AUTH` is the container's own password."""
        authentication = 'REDISCLI_AUTH="${REDIS_PASSWORD:-$(cat "$REDIS_PASSWORD_FILE")}"'
        script = f"{authentication} exec redis-cli -e --no-auth-warning -x CONFIG SET requirepass"
        return self.command("exec", "-T", "redis", "sh", "-c", script)

    def recreate(self, *services: str) -> list[str]:
        """Return what replaces containers, changed or not, and waits until they are healthy."""
        return self.command("up", "-d", "--force-recreate", "--wait", *services)
