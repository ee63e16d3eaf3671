"""Looks at the stack before it is touched: who serves, in which version, what runs. Changes nothing."""

import re
from dataclasses import dataclass

from ops.deploy.commands import SERVERS, Commands
from ops.deploy.hands import Hands
from ops.deploy.preflight import acme, certificate, configuration, connections, host, stack, tree
from ops.deploy.preflight.findings import Finding
from ops.deploy.site import COLOURS, Site, other


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What there is. `serving` is empty before the first deploy."""

    serving: str
    serving_version: str
    version: str
    running: frozenset[str]
    has_own_database: bool = True

    @property
    def target(self) -> str:
        """The colour that a deploy starts."""
        return other(self.serving) if self.serving else COLOURS[0]

    @property
    def is_up(self) -> bool:
        """Whether the stack runs."""
        return ({"db", "nginx"} if self.has_own_database else {"nginx"}) <= self.running

    @property
    def words(self) -> str:
        """Who serves, in words."""
        return f"version {self.serving_version} ({self.serving})" if self.serving else "nothing"


def look(site: Site, commands: Commands, hands: Hands) -> Seen:
    """Look who serves."""
    running = frozenset((hands.asked(commands.running()) or "").split()) if site.is_set_up else frozenset()
    serving = serving_colour(site, commands, hands, is_up="nginx" in running)
    return Seen(
        serving=serving,
        serving_version=site.version_of(serving) if serving else "",
        version=tree.version(hands, root=site.root),
        running=running,
        has_own_database=site.has_own_database,
    )


def serving_colour(site: Site, commands: Commands, hands: Hands, *, is_up: bool) -> str:
    """Return whom nginx points at; where it does not run, whom the env file names, empty where nobody ever served.

    The env file is written after nginx has been switched: at a deploy that was killed in between, nginx is right.
    """
    named = [colour for colour in site.value("COMPOSE_PROFILES").split(",") if colour in COLOURS]
    if not named:
        return ""
    upstream = hands.asked(commands.upstream()) if is_up else None
    found = re.search(r"web_(blue|green)\b", upstream or "")
    return found[1] if found else named[0]


def preflight(
    site: Site, commands: Commands, hands: Hands, seen: Seen, *, server_name: str, allowed: list[str]
) -> list[Finding]:
    """Make every check; return what each found."""
    found = [*host.programs(hands)]
    if found[0].level == "error":
        return found
    python_image = site.value("PYTHON_IMAGE", "python:3.14-slim")
    found += [
        *tree.tree(hands, root=site.root),
        *tree.image(hands, name=site.image(seen.version), python_image=python_image),
        *configuration.variables(site, server_name=server_name),
        *configuration.secrets(site),
        *certificate.certificate(site, server_name=server_name),
        *acme.certificate(site, commands, hands, running=seen.running),
        *host.name_service(site, server_name=server_name),
        *host.memory(site),
        *connections.connections(site),
        *host.disk(site, hands, database_bytes=stack.database_bytes(commands, hands) if seen.is_up else 0),
        *host.ports(site, is_serving="nginx" in seen.running),
    ]
    if seen.is_up and seen.serving:
        found += running_stack(site, commands, hands, seen, allowed=allowed)
    return found


def running_stack(site: Site, commands: Commands, hands: Hands, seen: Seen, *, allowed: list[str]) -> list[Finding]:
    """Make the checks that need a stack that runs."""
    own = (
        [*stack.postgres_major(site, commands, hands), *stack.password(commands, hands)]
        if site.has_own_database
        else []
    )
    found = [
        *own,
        *stack.servers(site.present(SERVERS), commands, hands),
        *stack.maintenance(commands, hands),
    ]
    if f"web_{seen.serving}" in seen.running:
        found += stack.media(f"web_{seen.serving}", commands, hands)
    image = site.image(seen.version)
    if hands.asked(commands.image_id(image)) is not None:
        found += stack.migrations(seen.target, commands, hands, image=image, allowed=allowed)
    return found
