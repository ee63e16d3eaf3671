"""Waits until what was started is healthy, but not for what has ended or keeps ending: its log is told at once."""

import json
import re
import time
from dataclasses import dataclass
from typing import Any, Self

from ops.deploy.commands import Commands
from ops.deploy.hands import Hands
from ops.errors import OperatorError

PAUSE_SECONDS = 0.5
MOST_RESTARTS = 2  # one may be the fault of another container, which came a moment later
GONE = ("exited", "dead")
CONTROL = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")  # Compose puts these before lines of a log, terminal or not


@dataclass(frozen=True, kw_only=True)
class Container:
    """A container as Docker has it at this moment. `health` is empty where it has no health check, `said` what that said last."""

    name: str
    service: str
    status: str
    exit_code: int
    restarts: int
    health: str
    said: str

    @classmethod
    def read(cls, found: dict[str, Any]) -> Self:
        """Return what a line of `docker inspect` tells."""
        state = found["state"]
        health = state.get("Health") or {}
        checks = health.get("Log") or [{}]
        return cls(
            name=found["name"].lstrip("/"),
            service=found["service"],
            status=state["Status"],
            exit_code=state["ExitCode"],
            restarts=found["restarts"],
            health=health.get("Status", ""),
            said=" ".join(checks[-1].get("Output", "").split())[-200:],
        )

    @property
    def is_healthy(self) -> bool:
        """Whether it does what it has to, as far as Docker can tell."""
        return self.status == "running" and self.health in ("", "healthy")

    def failure(self, *, restarts_before: int) -> str:
        """Return why it is of no use to wait any longer, empty where it is."""
        if self.status in GONE:
            return f"has ended, with status {self.exit_code}"
        if (times := self.restarts - restarts_before) >= MOST_RESTARTS:
            status = f", the last time with status {self.exit_code}" if self.exit_code else ""
            return f"keeps ending: it was started again {times} times{status}"
        if self.status == "running" and self.health == "unhealthy":
            return f"is unhealthy{self.last_words}"
        return ""

    @property
    def last_words(self) -> str:
        """What its health check said last, to stand behind something else."""
        return f': its health check says "{self.said}"' if self.said else ""


def wait(hands: Hands, commands: Commands, *services: str, seconds: float, what: str, hint: str) -> None:
    """Return once every container of the services is healthy; raises OperatorError with the end of the log of one that is not."""
    if hands.is_dry_run:
        return
    until, before = time.monotonic() + seconds, dict[str, int]()
    while waited_for := [each for each in containers(hands, commands, *services) if not each.is_healthy]:
        is_late = time.monotonic() > until
        for each in waited_for:
            restarts_before = before.setdefault(each.name, each.restarts)
            late = f"did not become healthy within {seconds:.0f} s{each.last_words}" if is_late else ""
            if why := each.failure(restarts_before=restarts_before) or late:
                log = CONTROL.sub("", hands.asked(commands.logs(each.service)) or "").strip()
                raise OperatorError(f"Cannot {what}: {each.name} {why}.\n{log}".rstrip(), hint=hint)
        time.sleep(PAUSE_SECONDS)


def containers(hands: Hands, commands: Commands, *services: str) -> list[Container]:
    """Return the services' containers, of each at least one. Raises OperatorError."""
    found = listed(hands, commands, *services)
    if absent := sorted(set(services) - {each.service for each in found}):
        words = " and ".join(absent)
        raise OperatorError(f"There is no container of {words}.", hint="See what there is: docker ps --all")
    return found


def listed(hands: Hands, commands: Commands, *services: str) -> list[Container]:
    """Return the services' containers, whether they run or not, but those that `docker compose run` has made."""
    what = f"see how {' and '.join(services)} do"

    def told() -> str | None:
        ids = hands.look(commands.containers(*services), what=what).split()
        return hands.asked(commands.inspect(*ids)) if ids else ""

    lines = told()
    if lines is None:  # one that was run to its end went in between
        lines = told()
    found = [json.loads(line) for line in (lines or "").splitlines()]
    return [Container.read(each) for each in found if each["one_off"] != "True"]
