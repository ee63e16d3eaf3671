"""What the steps of a deploy and of a rollback share: the stack, the hands, and the way back that is open at each moment."""

import contextlib
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from ops.backup.stopping import ENDING
from ops.deploy import front_door, halves, healthy, history
from ops.deploy.commands import Commands
from ops.deploy.hands import Hands
from ops.deploy.history import Record
from ops.deploy.looking import Seen
from ops.deploy.progress import Progress
from ops.deploy.site import COLOURS, Site
from ops.errors import OperatorError

STOP_SECONDS = 120


@dataclass(kw_only=True)
class Deployment:
    """A version on its way to serving. `way_back` has what undoes each step that was taken, the last one first."""

    site: Site
    commands: Commands
    hands: Hands
    progress: Progress
    seen: Seen
    version: str
    heads: list[str] = field(default_factory=list)
    way_back: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)

    @property
    def image(self) -> str:
        """The image that is to serve."""
        return self.site.image(self.version)

    @property
    def old(self) -> str:
        """The service that serves, empty at a first deploy."""
        return f"web_{self.seen.serving}" if self.seen.serving else ""

    @property
    def new(self) -> str:
        """The service that is to serve."""
        return f"web_{self.seen.target}"

    def undo(self, what: str, act: Callable[[], object]) -> None:
        """Open a way back for a step that is about to be taken."""

        def back() -> None:
            self.progress.say(f"        back: {what}")
            try:
                act()
            except OperatorError as error:
                self.progress.say(f"        could not: {error}")

        self.way_back.callback(back)

    def note(self, *, what: str, result: str, why: str, heads: list[str], **more: Any) -> Record:
        """Write the audit's line; `more` is what else a Record has."""
        record = Record(
            what=what,
            from_version=self.seen.serving_version,
            to_version=self.version,
            result=result,
            seconds=self.progress.total_seconds,
            heads=heads,
            why=why.splitlines()[0] if why else "",
            **more,
        )
        if not self.hands.is_dry_run:
            try:
                history.append(self.site.state, record)
            except OSError as error:  # takes nothing back, and hides no other failure
                self.progress.say(f"        could not write it into the history: {error.strerror}")
        return record

    def start(self) -> None:
        """Start the new colour beside the old one."""
        self.undo(f"stopping {self.new}", self.stop_new)
        if not self.hands.is_dry_run:
            with contextlib.suppress(OSError):  # no page of the admin is worth a deploy
                history.show(self.site.state)
        self.hands.change(self.site, **{f"WEB_{self.seen.target.upper()}_IMAGE": self.image})
        self.bring_up(self.new, what=f"start {self.new} with version {self.version}", hint=self.log_hint)

    def bring_up(self, *services: str, what: str, hint: str, are_replaced: bool = False) -> None:
        """Start services, and wait until they are healthy; whatever a killed one before has left of them is no hindrance."""
        halves.remove(self.hands, self.commands)
        start = self.commands.start_anew if are_replaced else self.commands.start
        self.hands.touch(start(*services), what=what, hint=hint)
        healthy.wait(self.hands, self.commands, *services, seconds=self.site.healthy_seconds, what=what, hint=hint)

    @property
    def log_hint(self) -> str:
        """Where to see why the new colour does not do what it has to."""
        return f"See why: docker compose logs --tail 50 {self.new}"

    def stop_new(self) -> None:
        """Stop the new colour, which does not serve."""
        self.hands.touch(
            self.commands.stop(self.new), what=f"stop {self.new}", hint=self.log_hint, limit_seconds=STOP_SECONDS
        )

    def smoke_test(self) -> None:
        """Ask the new colour, before anybody else does."""
        self.hands.touch(
            self.commands.smoke_test(self.new), what=f"get the right answers of {self.new}", hint=self.log_hint
        )

    def switch(self) -> None:
        """Point nginx at the new colour, and look through the front door; the old one is still there to go back to."""
        if self.old:
            self.undo(f"pointing nginx at {self.old}", lambda: self.point_at(self.old))
        else:
            self.undo("naming no colour", lambda: self.hands.change(self.site, COMPOSE_PROFILES=self.profiles("")))
        self.point_at(self.new)
        self.ask_at_the_front_door()
        self.hands.change(self.site, COMPOSE_PROFILES=self.profiles(self.seen.target))

    def point_at(self, service: str) -> None:
        """Point nginx at a service."""
        hint = "See nginx's log: docker compose logs --tail 20 nginx"
        self.hands.touch(self.commands.switch(service), what=f"point nginx at {service}", hint=hint)
        if service == self.old:
            self.hands.change(self.site, COMPOSE_PROFILES=self.profiles(self.seen.serving))

    def profiles(self, colour: str) -> str:
        """Return the profiles with this colour in place of the other; none: with neither."""
        kept = [name for name in self.site.value("COMPOSE_PROFILES").split(",") if name and name not in COLOURS]
        return ",".join([*([colour] if colour else []), *kept])

    def start_workers(self) -> None:
        """Give worker and scheduler the new version, once the web server has it."""
        before = self.site.value("APPLICATION_IMAGE")
        if self.old and before != self.image:
            self.undo(f"worker and scheduler with {before}", lambda: self.workers_with(before))
        self.workers_with(self.image)

    def workers_with(self, image: str) -> None:
        """Start worker and scheduler with an image."""
        self.hands.change(self.site, APPLICATION_IMAGE=image)
        hint = "See why: docker compose logs --tail 50 worker scheduler"
        self.bring_up("worker", "scheduler", what=f"start worker and scheduler with {image}", hint=hint)

    def drain(self) -> None:
        """Let the old colour finish: its requests are answered, its WebSockets are told to go and come back to the new one."""
        if not self.old:
            return
        self.undo(f"starting {self.old} again", self.start_old)
        hint = f"See why: docker compose logs --tail 50 {self.old}"
        self.hands.touch(self.commands.stop(self.old), what=f"drain {self.old}", hint=hint, limit_seconds=STOP_SECONDS)

    def start_old(self) -> None:
        """Start the old colour again, and wait until it is healthy."""
        hint = f"See why: docker compose logs --tail 50 {self.old}"
        self.bring_up(self.old, what=f"start {self.old} again", hint=hint)

    def ask_at_the_front_door(self) -> None:
        """Ask the site as anybody would."""
        if not self.hands.is_dry_run and front_door.test(self.site):
            self.progress.say(
                "        closed for maintenance: its health was asked. To open: scripts/stack.sh maintenance off"
            )


@contextlib.contextmanager
def going_back_on_failure(deployment: Deployment) -> Iterator[None]:
    """Take every step back where one fails or a signal comes; from then on, and once all is done, no other signal is heard."""
    try:
        yield
        hear_no_signal()
    except BaseException:
        hear_no_signal()
        deployment.way_back.close()
        raise
    deployment.way_back.pop_all()


def hear_no_signal() -> None:
    """Go on to the end, which is near, whoever wants to stop it."""
    for each in ENDING:
        signal.signal(each, signal.SIG_IGN)
