"""`rotate-secrets` in production: new ones in files and servers, then the other colour with them. No request fails meanwhile.

What runs goes on with what it has: Redis takes both passwords until the end, the application reads PostgreSQL's again where the server
refuses the one that it knows (config/postgresql/waiting.py), and what the old secret key signed is good with the new one as well.
Killed at any point, the stack serves, and rotating once more brings it to order.
"""

from dataclasses import dataclass

from ops.compose import Compose
from ops.deploy import history
from ops.deploy.deployment import Deployment, going_back_on_failure
from ops.deploy.hands import Hands
from ops.deploy.release import bring_to_serve, told
from ops.deploy.rollback import require_image
from ops.errors import OperatorError, StoppedError
from ops.stack import passwords, secret_texts
from ops.stack.secret_texts import DATABASE, REDIS, Change
from ops.stack.stack import Stack

STEPS = 9
BACKUP = "backup"
WORKERS = ("worker", "scheduler")
HINT = "See why: docker compose logs --tail 30"


@dataclass(frozen=True, kw_only=True)
class Rotation:
    """One rotation: of which secrets, from what to what."""

    stack: Stack
    deployment: Deployment
    what: tuple[str, ...]
    change: Change

    def write(self) -> None:
        """Write the new texts, and give them to the servers; Redis takes the new one first, and the old one on."""
        self.deployment.undo("the secrets of before", self.put_back)
        if REDIS in self.what:
            old = self.change.before["redis_password"]
            passwords.let_redis_take(*self.tools, self.change.after["redis_password"], old=old)
        if not self.stack.hands.is_dry_run:
            secret_texts.write(self.stack.site.secrets, self.change.after)
        if DATABASE in self.what:
            passwords.give_database(*self.tools, self.change.after)

    def put_back(self) -> None:
        """Write the old texts, give them to the servers, and start with them what was started with the new ones."""
        secret_texts.write(self.stack.site.secrets, self.change.before)
        if DATABASE in self.what:
            passwords.give_database(*self.tools, self.change.before)
        if REDIS in self.what:
            passwords.let_redis_take_only(*self.tools, self.change.before["redis_password"])
        self.start_anew(*WORKERS)

    def start_anew(self, *services: str) -> None:
        """Give containers their secrets anew: Compose does not look at a file's content."""
        what, hint = f"start {' and '.join(services)} anew", f"{HINT} {' '.join(services)}"
        self.deployment.bring_up(*services, what=what, hint=hint, are_replaced=True)

    def forget(self) -> None:
        """End what still goes with the old secrets."""
        if REDIS in self.what:
            passwords.let_redis_take_only(*self.tools, self.change.after["redis_password"])
        if BACKUP in self.deployment.seen.running:
            command = self.stack.commands.start_anew(BACKUP)
            self.stack.hands.touch(command, what="start the backup service anew", hint=f"{HINT} {BACKUP}")

    @property
    def tools(self) -> tuple[Compose, Hands]:
        """The stack's command lines, and what runs them."""
        return (self.stack.commands.compose, self.stack.hands)


def rotate(stack: Stack, *, what: tuple[str, ...], forgets_key: bool) -> str:
    """Rotate; return what to say. Raises OperatorError, and then the secrets are those of before."""
    deployment = look(stack)
    rotation = Rotation(
        stack=stack,
        deployment=deployment,
        what=what,
        change=secret_texts.planned(stack.site, what, forgets_key=forgets_key),
    )
    try:
        with going_back_on_failure(deployment):
            take_steps(rotation)
    except (OperatorError, StoppedError) as error:
        note(deployment, result=history.FAILED, why=error.args[0])
        raise told(deployment, error) from None
    note(deployment, result=history.DONE, why=f"new: {', '.join(what)}")
    return f"New: {', '.join(what)}. Put a copy of {stack.site.secrets} into a safe place: no backup has it."


def look(stack: Stack) -> Deployment:
    """Look who serves; raises OperatorError where nobody does, or a server is away."""
    deployment = stack.deployment()
    require_image(deployment)
    return deployment


def take_steps(rotation: Rotation) -> None:
    """Take the steps in their order."""
    step = rotation.stack.progress.step
    with step(f"Changing {', '.join(rotation.what)}"):
        rotation.write()
    with step("Starting worker and scheduler anew"):
        rotation.start_anew(*WORKERS)
    bring_to_serve(rotation.deployment)
    with step("Forgetting the old ones"):
        rotation.forget()


def note(deployment: Deployment, *, result: str, why: str) -> None:
    """Write the audit's line. The newest migrations are those of before."""
    heads = history.newest_heads(history.read(deployment.site.state))
    deployment.note(what="rotation", result=result, why=why, heads=heads)
