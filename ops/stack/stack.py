"""The stack that a verb is about, production's or development's: its files, its command lines, the hands that run them."""

import os
from dataclasses import dataclass

from ops import env_file
from ops.backup import files
from ops.compose import Compose
from ops.deploy import looking
from ops.deploy.commands import Commands
from ops.deploy.deployment import Deployment
from ops.deploy.hands import Hands
from ops.deploy.progress import Progress
from ops.deploy.site import Site
from ops.errors import REFUSED, OperatorError

PRODUCTION_FILE = "docker-compose.prod.yml"


@dataclass(frozen=True, kw_only=True)
class Stack:
    """One stack. In development Compose finds files and variables by itself, as it does for whoever runs it by hand."""

    site: Site
    hands: Hands
    progress: Progress

    @property
    def is_production(self) -> bool:
        """Whether the env file names production's compose file."""
        return is_production(self.site)

    @property
    def commands(self) -> Commands:
        """The stack's command lines."""
        compose = self.site.compose if self.is_production else Compose(env_file=self.site.env_file)
        return Commands(compose=compose, project=self.site.project)

    @property
    def running(self) -> frozenset[str]:
        """The services that run."""
        return frozenset(self.hands.look(self.commands.running(), what="ask Docker what runs").split())

    def web(self) -> str:
        """Return the service that serves. Raises OperatorError where none does."""
        if not self.is_production:
            return "web"
        colour = looking.look(self.site, self.commands, self.hands).serving
        if not colour:
            raise refused("nothing was deployed yet", hint="scripts/deploy.sh --check")
        return f"web_{colour}"

    def deployment(self) -> Deployment:
        """Return who serves, to replace parts of. Raises OperatorError where nobody does, or a server is away."""
        seen = looking.look(self.site, self.commands, self.hands)
        for service in self.site.present(("db", "redis", "nginx", f"web_{seen.serving}")):
            if service not in seen.running:
                raise refused(f"{service} does not run", hint="See what does: scripts/stack.sh status")
        return Deployment(
            site=self.site,
            commands=self.commands,
            hands=self.hands,
            progress=self.progress,
            seen=seen,
            version=seen.serving_version,
        )

    def service(self, name: str) -> str:
        """Return what Compose calls a service: `web` is the colour that serves."""
        return self.web() if name == "web" else name

    def change(self, **values: str) -> None:
        """Set values in the env file; in development there may be none yet."""
        if not self.site.is_set_up and not self.hands.is_dry_run:
            with files.told("write", self.site.env_file):
                env_file.replace(self.site.env_file, "")
        self.hands.change(self.site, **values)

    def require_production(self, what: str, *, hint: str) -> None:
        """Raise OperatorError in development."""
        if not self.is_production:
            raise refused(
                f"{what} is for production, and {self.site.env_file} does not name {PRODUCTION_FILE}", hint=hint
            )


def is_production(site: Site) -> bool:
    """Whether a site's env file names production's compose file."""
    return PRODUCTION_FILE in site.value("COMPOSE_FILE")


def here(site: Site, *, steps: int = 1, is_dry_run: bool = False) -> Stack:
    """Return the stack of a folder."""
    progress = Progress(steps=steps)
    environment = site.environment if is_production(site) else dict(os.environ)
    return Stack(
        site=site, hands=Hands(environment=environment, is_dry_run=is_dry_run, say=progress.say), progress=progress
    )


def refused(message: str, *, hint: str) -> OperatorError:
    """Return the error of a look."""
    return OperatorError(f"Refusing to go on: {message}. Nothing was changed.", hint=hint, status=REFUSED)


def require_own_redis(site: Site) -> None:
    """Raise OperatorError where Redis is none of ours."""
    if not site.has_own_redis:
        raise refused(
            "Redis is elsewhere, and its password is changed there", hint="docs/redis-elsewhere.md says what to do."
        )


def require_own_database(site: Site, what: str) -> None:
    """Raise OperatorError where PostgreSQL is none of ours."""
    if not site.has_own_database:
        raise refused(
            f"PostgreSQL is elsewhere, and {what} there", hint="docs/postgresql-elsewhere.md says what to do."
        )
