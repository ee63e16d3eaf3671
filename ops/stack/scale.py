"""Runs more or fewer web servers or workers, now and in every later deploy. Nobody's request fails for it.

A new web server gets requests once it is healthy enough to answer: until then connecting to it fails at once, and nginx takes another.
One that goes is first taken out of nginx's list, so that it has nothing but what it has begun.
"""

import contextlib
import re

from ops.deploy import healthy
from ops.deploy.preflight import connections
from ops.deploy.preflight.connections import VARIABLES
from ops.errors import WRONG_USAGE, OperatorError
from ops.stack.stack import Stack, refused

MOST = 50
STOP_SECONDS = 120


def wish(text: str) -> tuple[str, int]:
    """Return service and number of `web=3`; raises OperatorError where it says something else."""
    found = re.fullmatch(rf"({'|'.join(VARIABLES)})=(\d{{1,3}})", text)
    if not found or not 1 <= int(found[2]) <= MOST:
        raise OperatorError(
            f'Cannot scale to "{text}".',
            hint=f"web=N or worker=N, N from 1 to {MOST}: scripts/stack.sh scale web=2",
            status=WRONG_USAGE,
        )
    return found[1], int(found[2])


def scale(stack: Stack, *, name: str, number: int) -> str:
    """Have so many of a service; return what to say. Raises OperatorError, and then there are as many as before."""
    service, variable = stack.service(name), VARIABLES[name]
    if service not in stack.running:
        raise refused(f"{service} does not run", hint="Start the stack: docker compose up -d --wait")
    require_connections(stack, name=name, number=number)
    before = len(named(stack, service))
    with contextlib.ExitStack() as way_back:
        way_back.callback(bring_to, stack, service, variable, number=before)
        bring_to(stack, service, variable, number=number)
        way_back.pop_all()
    return f"{service}: {number}, before {before}. It stays so: {variable}={number} in {stack.site.env_file}"


def bring_to(stack: Stack, service: str, variable: str, *, number: int) -> None:
    """Have so many of a service, and write it down."""
    stack.change(**{variable: str(number)})
    names = named(stack, service)
    if number < len(names):
        lessen(stack, service, stay=names[:number], go=names[number:])
    hint = f"See why: docker compose logs --tail 30 {service}"
    what, seconds = f"have {number} of {service}", stack.site.healthy_seconds
    stack.hands.touch(up(stack, service), what=what, hint=hint)
    healthy.wait(stack.hands, stack.commands, service, seconds=seconds, what=what, hint=hint)


def lessen(stack: Stack, service: str, *, stay: list[str], go: list[str]) -> None:
    """Let the newest of a service finish and go. nginx names those that stay meanwhile, one by one."""
    hint = f"See why: docker compose logs --tail 30 nginx {service}"
    with contextlib.ExitStack() as points_back:
        if service.startswith("web"):
            switch = stack.commands.switch(service)
            what = f"point nginx at {service}"
            points_back.callback(stack.hands.touch, switch, what=what, hint=hint)
            ours = [*switch[:-1], *(f"{name}:8000" for name in stay)]
            stack.hands.touch(ours, what=f"point nginx at {', '.join(stay)}", hint=hint)
        stack.hands.touch(["docker", "stop", *go], what=f"stop {', '.join(go)}", hint=hint, limit_seconds=STOP_SECONDS)
        stack.hands.touch(["docker", "rm", *go], what=f"remove {', '.join(go)}", hint=hint)


def up(stack: Stack, service: str) -> list[str]:
    """Return what brings a service to the number in the env file, and leaves those that run as they are."""
    return stack.commands.compose.command("up", "-d", "--no-deps", "--no-recreate", service)


def named(stack: Stack, service: str) -> list[str]:
    """Return the names of a service's containers, in their order, also of one that does not come up."""
    names = [each.name for each in healthy.listed(stack.hands, stack.commands, service)]
    return sorted(names, key=number_of)


def number_of(name: str) -> int:
    """Return the number that Compose puts behind a container's name."""
    last = name.rpartition("-")[2]
    return int(last) if last.isdigit() else 0


def require_connections(stack: Stack, *, name: str, number: int) -> None:
    """Raise OperatorError where PostgreSQL has too few connections for all of them, both colours of a deploy included."""
    colours = 2 if stack.is_production else 1
    needed, most = connections.needed(stack.site, colours=colours, **{name: number}), connections.most(stack.site)
    if needed > most:
        raise refused(
            f"{name}={number} takes up to {needed} connections to PostgreSQL while a deploy runs, and DB_MAX_CONNECTIONS is {most}",
            hint=f"Set DB_MAX_CONNECTIONS={needed} in {stack.site.env_file}, then: scripts/deploy.sh --with-interruption",
        )
