"""Looks whether PostgreSQL can be upgraded, or gone back from, and remembers what was before. Changes nothing of the stack."""

import dataclasses
import json
import shutil
from dataclasses import dataclass

from ops import env_file
from ops.backup import files
from ops.deploy.deployment import Deployment
from ops.deploy.preflight import stack as running_stack
from ops.deploy.preflight import tree
from ops.stack.stack import Stack, refused

NAME = "upgrade.json"
DEFAULT_IMAGE = "postgres:18"
PULL_SECONDS = 1800
SPARE_BYTES = 1_000_000_000
OTHER_DATABASES = (
    "SELECT datname FROM pg_database WHERE NOT datistemplate AND datname NOT IN ('postgres', 'slipway') ORDER BY 1"
)
SESSIONS = "SELECT count(*) FROM pg_stat_activity WHERE datname = 'slipway' AND pid <> pg_backend_pid()"
MAJOR = "{{range .Config.Env}}{{println .}}{{end}}"


@dataclass(frozen=True, kw_only=True)
class Memory:
    """A server: its image, its volume, the backup service's image that goes with it."""

    image: str
    volume: str
    backup_image: str

    @property
    def values(self) -> dict[str, str]:
        """What the env file says of it."""
        return {"POSTGRES_IMAGE": self.image, "POSTGRES_VOLUME": self.volume, "BACKUP_IMAGE": self.backup_image}

    @property
    def words(self) -> list[str]:
        """The same, as variables of a command."""
        return [f"{name}={value}" for name, value in self.values.items()]


@dataclass(frozen=True, kw_only=True)
class Majors:
    """From which major to which."""

    old: int
    new: int


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is to become of what."""

    majors: Majors
    before: Memory
    after: Memory


def look(stack: Stack, *, image: str, leaves_others: bool) -> tuple[Deployment, Plan]:
    """Look at the stack and the image; raises OperatorError, status 3, where it can't be."""
    deployment = deployment_of(stack)
    require_same_code(stack, deployment)
    old, new = running_major(stack), major_of(stack, image)
    if new <= old:
        raise refused(
            f"{image} is PostgreSQL {new}, and {old} runs",
            hint="Name a newer major's image: scripts/stack.sh upgrade-postgres postgres:19",
        )
    before = present(stack)
    after = Memory(
        image=image,
        volume=f"{stack.site.project}_postgres_data_{new}",
        backup_image=f"{stack.site.project}-backup:{new}",
    )
    if stack.hands.asked(["docker", "volume", "inspect", after.volume]) is not None:
        raise refused(
            f"the volume {after.volume} is there already",
            hint=f"Where it is of no use any more: docker volume rm {after.volume}",
        )
    require_room(stack)
    others = asked(stack, OTHER_DATABASES)
    if others and not leaves_others:
        hint = "They stay in the old volume. To go on without them: --leave-others-behind"
        raise refused(f"only the database slipway is taken along, and there are {', '.join(others)}", hint=hint)
    return deployment, Plan(majors=Majors(old=old, new=new), before=before, after=after)


def look_back(stack: Stack, *, loses_writes: bool) -> tuple[Deployment, Plan]:
    """Look for what there is to go back to; raises OperatorError, status 3, where there is nothing."""
    deployment = deployment_of(stack)
    path = stack.site.state / NAME
    if not path.exists():
        raise refused(
            "PostgreSQL was not upgraded, or was gone back from already",
            hint="See what was done: scripts/deploy.sh --history",
        )
    with files.told("read", path):
        kept = json.loads(path.read_text(encoding="utf-8"))
    plan = Plan(majors=Majors(old=kept["new"], new=kept["old"]), before=present(stack), after=Memory(**kept["before"]))
    if stack.hands.asked(["docker", "volume", "inspect", plan.after.volume]) is None:
        raise refused(
            f"the volume {plan.after.volume} is gone", hint="Restore a backup instead: scripts/restore_db.sh --list"
        )
    if not loses_writes:
        hint = "To go back without it: scripts/stack.sh upgrade-postgres --undo --despite-lost-writes"
        raise refused(f"what was written since the upgrade is not in PostgreSQL {plan.majors.new}'s volume", hint=hint)
    return deployment, plan


def deployment_of(stack: Stack) -> Deployment:
    """Return who serves; raises OperatorError where a server is away."""
    stack.require_production(
        "an upgrade", hint="In development: docker compose down --volumes, and another POSTGRES_IMAGE in .env."
    )
    return stack.deployment()


def require_same_code(stack: Stack, deployment: Deployment) -> None:
    """Raise OperatorError where what is checked out is not what serves: the restore would migrate to what is checked out."""
    here = tree.version(stack.hands, root=stack.site.root)
    if here != deployment.version:
        raise refused(
            f"version {deployment.version} serves, and {here} is checked out", hint="Deploy it first: scripts/deploy.sh"
        )


def require_room(stack: Stack) -> None:
    """Raise OperatorError where the disk has too little room for the set, its verification, and a second database."""
    needed = 3 * running_stack.database_bytes(stack.commands, stack.hands) + SPARE_BYTES
    free = shutil.disk_usage(stack.site.root).free
    if free < needed:
        raise refused(
            f"{needed // 1_000_000} MB are needed, and {free // 1_000_000} MB are free",
            hint="Make room: docker image prune; df -h",
        )


def require_nobody(stack: Stack) -> None:
    """Raise OperatorError where somebody is still in the database: what they write would be lost."""
    sessions = asked(stack, SESSIONS)
    if sessions not in ([], ["0"]):
        raise refused(
            f"{sessions[0]} sessions are still in the database", hint="See whose: SELECT * FROM pg_stat_activity"
        )


def present(stack: Stack) -> Memory:
    """Return the server that runs."""
    site = stack.site
    return Memory(
        image=site.value("POSTGRES_IMAGE", DEFAULT_IMAGE),
        volume=site.value("POSTGRES_VOLUME", f"{site.project}_postgres_data"),
        backup_image=site.value("BACKUP_IMAGE", f"{site.project}-backup"),
    )


def running_major(stack: Stack) -> int:
    """Return the major version of the server that runs."""
    found = asked(stack, "SELECT current_setting('server_version_num')::int / 10000")
    if not found:
        raise refused("PostgreSQL does not answer", hint="See why: docker compose logs --tail 30 db")
    return int(found[0])


def major_of(stack: Stack, image: str) -> int:
    """Return an image's major version; fetches it where it is not here."""
    command = ["docker", "image", "inspect", "--format", MAJOR, image]
    told = stack.hands.asked(command)
    if told is None:
        hint = f"See whether it can be had: docker pull {image}"
        stack.hands.look(
            ["docker", "pull", "--quiet", image], what=f"fetch {image}", hint=hint, limit_seconds=PULL_SECONDS
        )
        told = stack.hands.asked(command)
    found = [line.partition("=")[2] for line in (told or "").splitlines() if line.startswith("PG_MAJOR=")]
    if not found or not found[0].isdigit():
        raise refused(
            f"{image} does not say which major of PostgreSQL it has (PG_MAJOR)", hint="Name an image like postgres:19."
        )
    return int(found[0])


def asked(stack: Stack, sql: str) -> list[str]:
    """Return the lines of a query's answer."""
    words = ("psql", "-X", "-U", "postgres", "-d", "postgres", "-Atc", sql)
    return (stack.hands.asked(stack.commands.compose.command("exec", "-T", "db", *words)) or "").split()


def remember(stack: Stack, plan: Plan) -> None:
    """Write down what there is to go back to."""
    kept = {"old": plan.majors.old, "new": plan.majors.new, "before": dataclasses.asdict(plan.before)}
    path = stack.site.state / NAME
    with files.told("write", path):
        env_file.replace(path, json.dumps(kept))


def forget(stack: Stack) -> None:
    """Forget it."""
    path = stack.site.state / NAME
    with files.told("remove", path):
        path.unlink(missing_ok=True)
