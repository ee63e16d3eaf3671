"""A deploy, step by step. Whatever fails, the version before serves, and what was done is told."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from ops.deploy import backup, history, servers
from ops.deploy.commands import accepting
from ops.deploy.deployment import Deployment, going_back_on_failure
from ops.deploy.history import Record
from ops.deploy.preflight.stack import last_json
from ops.deploy.versions import build, check_environment, forget_old
from ops.errors import FAILED, REFUSED, OperatorError, StoppedError

STEPS = 11
MIGRATE_SECONDS = 6 * 3600
MIGRATE_HINT = (
    "What was migrated before stays, and the version that serves can live with it. Mend it, commit, deploy again."
)


@dataclass(frozen=True, kw_only=True)
class Wishes:
    """What the operator has asked for beyond a plain deploy."""

    is_backed_up: bool
    backup_max_age: timedelta | None
    allowed: Sequence[str]
    repository: str
    with_interruption: bool


def release(deployment: Deployment, wishes: Wishes) -> Record:
    """Deploy; return what is written down. Raises OperatorError, with the version before serving."""
    taken = ""
    step = deployment.progress.step
    try:
        with going_back_on_failure(deployment):
            with step("Backing up"):
                taken = back_up(deployment, wishes)
            with step(f"Building {deployment.image}"):
                build(deployment, repository=wishes.repository)
                check_environment(deployment)
            with step("Starting database, Redis and nginx, where they do not run"):
                servers.start(deployment, with_interruption=wishes.with_interruption)
            with step("Migrating"):
                deployment.heads = migrate(deployment, wishes.allowed)
            bring_to_serve(deployment)
            servers.renew_optional(deployment)
    except (OperatorError, StoppedError) as error:
        note(deployment, backup=taken, wishes=wishes, result=history.FAILED, why=error.args[0])
        raise told(deployment, error) from None
    record = note(deployment, backup=taken, wishes=wishes, result=history.DONE)
    forget_old(deployment)
    return record


def bring_to_serve(deployment: Deployment) -> None:
    """Start the new colour, test it, switch to it, and let the old one go: the same for a deploy and a rollback."""
    step = deployment.progress.step
    with step(f"Starting {deployment.new} with version {deployment.version}"):
        deployment.start()
    with step(f"Testing {deployment.new} from inside"):
        deployment.smoke_test()
    with step(f"Switching nginx to {deployment.new}"):
        deployment.switch()
    with step("Starting worker and scheduler"):
        deployment.start_workers()
    with step(f"Draining {deployment.old or 'nobody'}"):
        deployment.drain()
    with step("Testing through the front door"):
        deployment.ask_at_the_front_door()


def back_up(deployment: Deployment, wishes: Wishes) -> str:
    """Return the set that there is to go back to; empty where there is nothing to back up, or no wish to."""
    if not deployment.seen.serving:
        deployment.progress.say("        nothing was deployed yet: there is nothing to back up")
        return ""
    if not wishes.is_backed_up:
        deployment.progress.say("        left out: if the migration damages data, there is no way back to before it")
        return ""
    return backup.back_up(deployment.site, deployment.hands, max_age=wishes.backup_max_age)


def migrate(deployment: Deployment, allowed: Sequence[str]) -> list[str]:
    """Migrate in the new image; return the newest migrations. Raises OperatorError, also where a migration is too dangerous."""
    commands, hands, image = deployment.commands, deployment.hands, deployment.image
    colour = deployment.seen.target

    def remove_left_over() -> None:
        hands.touch(commands.remove_left_over(), what="remove a migration's container", hint="docker ps --all")

    deployment.undo("removing what migrates", remove_left_over)
    remove_left_over()  # a killed deploy's
    command = accepting(REFUSED, commands.migrate_allowing(colour, image=image, allowed=allowed))
    found = last_json(hands.touch(command, what="migrate", hint=MIGRATE_HINT, limit_seconds=MIGRATE_SECONDS)) or {}
    if found.get("refused"):
        raise dangerous(found["refused"])
    return [str(head) for head in found.get("heads", [])]


def dangerous(refused: list[dict[str, str]]) -> OperatorError:
    """Return the refusal of migrations that the version that serves can't live with."""
    what = "; ".join(f"{each['migration']}: {each['what']}" for each in refused)
    names = " ".join(f"--allow-dangerous-migration {name}" for name in sorted({each["migration"] for each in refused}))
    return OperatorError(
        f"Refusing to migrate: the version that serves can't live with {what}. The database was not changed.",
        hint=f"Split it over two releases: first stop using it, then take it away. To take the risk: {names}",
        status=REFUSED,
    )


def note(deployment: Deployment, *, backup: str, wishes: Wishes, result: str, why: str = "") -> Record:
    """Write the line of this deploy."""
    return deployment.note(
        what="deploy", result=result, why=why, heads=deployment.heads, backup=backup, dangerous=list(wishes.allowed)
    )


def told(deployment: Deployment, error: OperatorError | StoppedError) -> OperatorError:
    """Return the error with the state in which things were left."""
    serving = deployment.seen.words
    state = f"{serving[0].upper()}{serving[1:]} is still serving." if deployment.seen.serving else "Nothing serves yet."
    return OperatorError(
        f"{error.args[0]}\n{state}", hint=error.hint, status=error.status if error.status == REFUSED else FAILED
    )
