"""`upgrade-postgres`: a new major on a volume of its own, filled from a verified set and compared; the old volume stays as it is.

The site is closed meanwhile, and nobody writes: what is in the set is all that there is. `--undo` starts the old one again.
"""

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass

from ops.deploy import backup, history
from ops.deploy.backup import parsed
from ops.deploy.deployment import Deployment, going_back_on_failure
from ops.deploy.release import told
from ops.errors import OperatorError, StoppedError
from ops.stack import maintenance, passwords, secret_texts, upgrade_look
from ops.stack.stack import Stack
from ops.stack.upgrade_look import Majors, Memory, Plan

STEPS = 9
BUILD_SECONDS, RESTORE_SECONDS, STOP_SECONDS = 3600, 24 * 3600, 180
OTHERS = ("worker", "scheduler")
BACKUP = "backup"
HINT = "See why: docker compose logs --tail 30"


@dataclass(kw_only=True)
class Upgrade:
    """One change of majors, there or back. `closed_at` is when the site was closed."""

    stack: Stack
    deployment: Deployment
    plan: Plan
    closed_at: float = 0.0

    def build(self) -> None:
        """Build the backup service on the new major, whose programs restore the set, under a name of its own."""
        compose = self.stack.commands.compose
        command = ["env", *self.plan.after.words, *compose.command("build", "--quiet", BACKUP)]
        hint = f"See what it says: POSTGRES_IMAGE={self.plan.after.image} docker compose build {BACKUP}"
        self.touch(command, what="build the backup service", hint=hint, limit_seconds=BUILD_SECONDS)

    def close(self) -> None:
        """Close the site, and let everybody who writes finish and end."""
        if not maintenance.closed_since(self.stack)[0]:
            self.deployment.undo("opening the site", lambda: maintenance.reopen(self.stack))
            maintenance.close(self.stack, allowed=[])
        self.closed_at = time.monotonic()
        self.deployment.undo("web server, worker and scheduler", self.start_application)
        self.stop(self.deployment.old, *OTHERS)

    def back_up(self) -> str:
        """Return the set that has all there is."""
        if not self.stack.hands.is_dry_run:  # which has stopped nobody
            upgrade_look.require_nobody(self.stack)
        script = str(self.stack.site.root / "scripts" / "backup.sh")
        said = self.touch([script, "--json"], what="back up", hint=backup.HINT, limit_seconds=backup.LIMIT_SECONDS)
        return backup.taken_set(said)

    def switch(self) -> None:
        """Stop the old server, and start the new one on its own volume."""
        self.deployment.undo(f"PostgreSQL {self.plan.majors.old}", lambda: self.serve_with(self.plan.before))
        self.serve_with(self.plan.after)

    def serve_with(self, memory: Memory) -> None:
        """Start a server on its volume in place of the one that runs, with the passwords in the secrets' files."""
        self.stop(*([BACKUP] if BACKUP in self.deployment.seen.running else []), "db")
        self.stack.hands.change(self.stack.site, **memory.values)
        self.deployment.bring_up("db", what=f"start {memory.image}", hint=f"{HINT} db")
        texts = {
            name: secret_texts.read(self.stack.site.secrets / name)
            for name in secret_texts.NAMES[secret_texts.DATABASE]
        }
        passwords.give_database(self.stack.commands.compose, self.stack.hands, texts)

    def restore(self, taken: str) -> None:
        """Restore the set into the new server, which compares it, and forget the empty database that was in its place."""
        script = str(self.stack.site.root / "scripts" / "restore_db.sh")
        words = [script, taken, "--overwrite", "--without-safety-backup", "--json"]
        hint = f"The set is sound where the old major restores it: scripts/backup.sh --verify {taken}"
        said = self.touch(words, what=f"restore {taken}", hint=hint, limit_seconds=RESTORE_SECONDS)
        if kept := parsed(said).get("kept_as"):
            self.touch([script, "--drop-kept", str(kept)], what=f"remove {kept}", hint=hint)
        analyze = self.stack.commands.compose.command(
            "exec", "-T", "db", "psql", "-X", "-q", "-U", "postgres", "-d", "slipway", "-c", "ANALYZE"
        )
        self.touch(analyze, what="gather statistics", hint=f"{HINT} db", limit_seconds=RESTORE_SECONDS)

    def start_application(self) -> None:
        """Start web server, worker and scheduler."""
        services = [self.deployment.old, *OTHERS]
        self.deployment.bring_up(*services, what=f"start {', '.join(services)}", hint=f"{HINT} {self.deployment.old}")

    def test(self) -> None:
        """Ask the web server from inside, and through the front door."""
        smoke_test = self.stack.commands.smoke_test(self.deployment.old)
        self.touch(smoke_test, what="get the right answers", hint=f"{HINT} {self.deployment.old}")
        self.deployment.ask_at_the_front_door()

    def open(self, *, was_closed: bool) -> float:
        """Open the site, unless it was closed before; return for how many seconds it could not be used."""
        if not was_closed:
            maintenance.reopen(self.stack)
            self.deployment.ask_at_the_front_door()
        seconds = time.monotonic() - self.closed_at
        if BACKUP in self.deployment.seen.running:
            self.touch(self.stack.commands.start(BACKUP), what="start the backup service", hint=f"{HINT} {BACKUP}")
        return seconds

    def stop(self, *services: str) -> None:
        """Stop services, which finish what they have begun."""
        what = f"stop {', '.join(services)}"
        self.touch(
            self.stack.commands.stop(*services),
            what=what,
            hint=f"{HINT} {' '.join(services)}",
            limit_seconds=STOP_SECONDS,
        )

    def touch(self, command: list[str], *, what: str, hint: str, limit_seconds: float = 600) -> str:
        """Run what changes something."""
        return self.stack.hands.touch(command, what=what, hint=hint, limit_seconds=limit_seconds)


def upgrade(stack: Stack, *, image: str, leaves_others: bool) -> str:
    """Upgrade; return what to say. Raises OperatorError, and then the old major serves."""
    deployment, plan = upgrade_look.look(stack, image=image, leaves_others=leaves_others)
    work = Upgrade(stack=stack, deployment=deployment, plan=plan)
    was_closed = bool(maintenance.closed_since(stack)[0])
    step = stack.progress.step
    with noted(work, plan.majors):
        with step(f"Building the backup service for PostgreSQL {plan.majors.new}"):
            work.build()
        with step("Closing the site, and letting everybody finish"):
            work.close()
        with step("Backing up"):
            taken = work.back_up()
        with step(f"Starting PostgreSQL {plan.majors.new} on a volume of its own"):
            work.switch()
        with step(f"Restoring {taken}, and comparing"):
            work.restore(taken)
        seconds = serve_again(work, was_closed=was_closed)
        if not stack.hands.is_dry_run:
            upgrade_look.remember(stack, plan)
    return (
        f"PostgreSQL {plan.majors.new} serves, where {plan.majors.old} did. The site was closed for {seconds:.0f} s.\n"
        f"To go back, without what is written from now on: scripts/stack.sh upgrade-postgres --undo --despite-lost-writes\n"
        f"Once you never will: docker volume rm {plan.before.volume}"
    )


def undo(stack: Stack, *, loses_writes: bool) -> str:
    """Go back to the major before; return what to say. Raises OperatorError, and then the new one serves."""
    deployment, plan = upgrade_look.look_back(stack, loses_writes=loses_writes)
    work = Upgrade(stack=stack, deployment=deployment, plan=plan)
    was_closed = bool(maintenance.closed_since(stack)[0])
    step = stack.progress.step
    with noted(work, plan.majors):
        with step("Closing the site, and letting everybody finish"):
            work.close()
        with step(f"Starting PostgreSQL {plan.majors.new} on its volume"):
            work.switch()
        seconds = serve_again(work, was_closed=was_closed)
        if not stack.hands.is_dry_run:
            upgrade_look.forget(stack)
    return (
        f"PostgreSQL {plan.majors.new} serves again. The site was closed for {seconds:.0f} s.\n"
        f"What was written to {plan.majors.old} is still there: docker volume rm {plan.before.volume} removes it."
    )


def serve_again(work: Upgrade, *, was_closed: bool) -> float:
    """Start the application, test it, open the site; return for how many seconds it could not be used."""
    step = work.stack.progress.step
    with step("Starting web server, worker and scheduler"):
        work.start_application()
    with step("Testing from inside, and through the front door"):
        work.test()
    with step("Opening the site"):
        return work.open(was_closed=was_closed)


@contextlib.contextmanager
def noted(work: Upgrade, majors: Majors) -> Iterator[None]:
    """Take every step back where one fails, and write the audit's line either way."""
    what = f"PostgreSQL {majors.old} to {majors.new}"
    heads = history.newest_heads(history.read(work.stack.site.state))
    try:
        with going_back_on_failure(work.deployment):
            yield
    except (OperatorError, StoppedError) as error:
        work.deployment.note(what="upgrade", result=history.FAILED, why=f"{what}: {error.args[0]}", heads=heads)
        raise told(work.deployment, error) from None
    work.deployment.note(what="upgrade", result=history.DONE, why=what, heads=heads)
