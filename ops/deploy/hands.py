"""Runs a deploy's commands: `look` always, `touch` only where it is no dry run. Shows what a dry run would do."""

from collections.abc import Callable, Mapping, Sequence

from ops import door
from ops.deploy.site import Site
from ops.errors import OperatorError

LOOK_HINT = "See whether Docker answers: docker info"


class Hands:
    """The one door of a deploy."""

    def __init__(self, *, environment: Mapping[str, str], is_dry_run: bool, say: Callable[[str], None]) -> None:
        self.environment, self.is_dry_run, self.say = environment, is_dry_run, say

    def look(self, command: Sequence[str], *, what: str, hint: str = LOOK_HINT, limit_seconds: float = 60) -> str:
        """Run what changes nothing; return what it printed."""
        return door.run(command, what=what, hint=hint, limit_seconds=limit_seconds, environment=self.environment)

    def asked(self, command: Sequence[str], *, limit_seconds: float = 60) -> str | None:
        """Run what changes nothing; return what it printed, None where it fails."""
        try:
            return self.look(command, what="look", limit_seconds=limit_seconds)
        except OperatorError:
            return None

    def change(self, site: Site, **values: str) -> None:
        """Set values in the env file. A dry run prints them."""
        if self.is_dry_run:
            self.say(f"would set in {site.env_file}: {' '.join(f'{name}={value}' for name, value in values.items())}")
            return
        site.change(**values)

    def touch(self, command: Sequence[str], *, what: str, hint: str, limit_seconds: float = 600) -> str:
        """Run what changes something; return what it printed. A dry run prints the command, and returns nothing."""
        if self.is_dry_run:
            self.say(f"would run: {' '.join(command)}")
            return ""
        return door.run(command, what=what, hint=hint, limit_seconds=limit_seconds, environment=self.environment)
