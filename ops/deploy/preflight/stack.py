"""Looks at the stack that runs: PostgreSQL's major, the password, the volume of media, migrations, containers that would change."""

import json
from collections.abc import Iterator
from typing import Any

from ops.deploy.commands import Commands
from ops.deploy.hands import Hands
from ops.deploy.preflight.findings import Finding, error, ok, warning
from ops.deploy.site import Site

SIGN_IN = 'PGPASSWORD=$(cat /run/secrets/db_password) exec psql -X -h db -U slipway -d slipway -Atc "SELECT 1"'
SIZE = "SELECT pg_database_size('slipway')"


def database_bytes(commands: Commands, hands: Hands) -> int:
    """Return the database's size, 0 where it does not run here."""
    words = ("psql", "-X", "-U", "postgres", "-d", "slipway", "-Atc", SIZE)
    found = hands.asked(commands.compose.command("exec", "-T", "db", *words))
    return int(found) if found and found.strip().isdigit() else 0


def postgres_major(site: Site, commands: Commands, hands: Hands) -> Iterator[Finding]:
    """Compare the major version in the volume with the image's: the one can't read the other's files."""
    inside = hands.asked(commands.compose.command("exec", "-T", "db", "sh", "-c", "ls /var/lib/postgresql"))
    image = site.value("POSTGRES_IMAGE", "postgres:18")
    pattern = "{{range .Config.Env}}{{println .}}{{end}}"
    lines = (hands.asked(["docker", "image", "inspect", "--format", pattern, image]) or "").splitlines()
    (wanted,) = [line.partition("=")[2] for line in lines if line.startswith("PG_MAJOR=")] or [""]
    there = [name for name in (inside or "").split() if name.isdigit()]
    if not there or not wanted:
        yield warning("PostgreSQL", "does not run, so its version is not compared", hint="docker compose ps db")
    elif wanted not in there:
        hint = f"Set POSTGRES_IMAGE back to postgres:{there[0]}. A new major needs the data moved: see the runbook."
        yield error("PostgreSQL", f"the volume has {there[0]}, the image {image} is {wanted}", hint=hint)
    else:
        yield ok("PostgreSQL", f"{wanted}, in volume and image")


def password(commands: Commands, hands: Hands) -> Iterator[Finding]:
    """Sign in with the secret's file as a fresh container would see it, over the network as the application does."""
    command = commands.compose.command("run", "--rm", "--no-deps", "-T", "--entrypoint", "sh", "db", "-c", SIGN_IN)
    if (hands.asked(command) or "").strip() == "1":
        yield ok("password", "the database takes the one in secrets/db_password")
    else:
        hint = (
            "Put the file back that the database was given, or give both a new one: scripts/stack.sh rotate-secrets db"
        )
        yield error("password", "the database does not take the one in secrets/db_password", hint=hint)


def media(service: str, commands: Commands, hands: Hands) -> Iterator[Finding]:
    """Try to write where uploads go, as the application's user."""
    found = hands.asked(commands.compose.command("exec", "-T", service, "test", "-w", "/srv/media"))
    if found is None:
        yield error("media", f"{service} cannot write to /srv/media", hint="The volume has to be user 10001's.")
    else:
        yield ok("media", "the volume is writable for the application's user")


def migrations(colour: str, commands: Commands, hands: Hands, *, image: str, allowed: list[str]) -> Iterator[Finding]:
    """Ask the new version what it would migrate."""
    found = last_json(hands.asked(commands.plan_migrations(colour, image=image), limit_seconds=180))
    if found is None:
        yield warning("migrations", "are known when the image is built", hint="The deploy looks before it migrates.")
        return
    refused = [danger for danger in found["dangers"] if danger["migration"] not in allowed]
    for danger in refused:
        hint = f"Split it over two releases, or take the risk: --allow-dangerous-migration {danger['migration']}"
        yield error(
            "migrations",
            f"{danger['migration']}: {danger['what']}; the version that serves can't live with it",
            hint=hint,
        )
    if not refused:
        yield ok("migrations", f"pending: {', '.join(found['pending']) or 'none'}")


def last_json(text: str | None) -> dict[str, Any] | None:
    """Return the object in a command's last line, None where there is none."""
    try:
        found: dict[str, Any] = json.loads((text or "").strip().splitlines()[-1])
    except (ValueError, IndexError):
        return None
    return found


def servers(services: tuple[str, ...], commands: Commands, hands: Hands) -> Iterator[Finding]:
    """Tell which containers run with another declaration than the files have now. A deploy leaves them as they are."""
    wanted, found = (hashes(hands.asked(command)) for command in (commands.wanted_hashes(), commands.running_hashes()))
    changed = [name for name in services if name in wanted and found.get(name, wanted[name]) != wanted[name]]
    if changed:
        hint = "Requests fail for seconds while they start anew, so a deploy does it only with --with-interruption."
        yield warning("servers", f"{', '.join(changed)} would have to start anew for what has changed", hint=hint)
    else:
        yield ok("servers", f"{', '.join(services)} run as the files say")


def hashes(text: str | None) -> dict[str, str]:
    """Return the hash of each service's declaration, out of lines that have both."""
    return dict(line.split() for line in (text or "").splitlines() if len(line.split()) == 2)  # noqa: PLR2004 - a pair


def maintenance(commands: Commands, hands: Hands) -> Iterator[Finding]:
    """Tell where the site is closed: a deploy leaves it so."""
    if (
        hands.asked(commands.compose.command("exec", "-T", "nginx", "test", "-e", "/etc/nginx/conf.d/maintenance.on"))
        is not None
    ):
        hint = "A deploy leaves it so. To open: scripts/stack.sh maintenance off"
        yield warning("maintenance", "the site is closed: everybody gets 503", hint=hint)
