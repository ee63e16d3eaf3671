"""What runs and how it is: containers, version, backups, disk, certificate. Changes nothing."""

import datetime
import json
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ops.deploy import history, looking
from ops.deploy.preflight import stack as running_stack
from ops.deploy.site import COLOURS
from ops.stack import certificate, maintenance
from ops.stack.stack import Stack

SERVERS = ("db", "redis", "nginx", "worker", "scheduler")
STATE = "{{.Name}} {{.State.StartedAt}}"
LEAST_FREE = 0.1


def look(stack: Stack) -> dict[str, Any]:
    """Return all that there is to tell; `problems` is empty where all is well."""
    services = containers(stack)
    seen = looking.look(stack.site, stack.commands, stack.hands) if stack.is_production else None
    found: dict[str, Any] = {
        "production": stack.is_production,
        "serving": {"colour": seen.serving, "version": seen.serving_version} if seen else {},
        "services": services,
        "maintenance": closed(stack, services),
        "last_deploy": last_deploy(stack),
        "backup": backup(stack, services),
        "disk": disk(stack),
        "database_bytes": running_stack.database_bytes(stack.commands, stack.hands),
        "certificate": certificate.look(stack.site, now=datetime.datetime.now(tz=datetime.UTC)) if seen else {},
    }
    web = f"web_{seen.serving}" if seen else "web"
    return found | {"problems": problems(found, wanted=(web, *stack.site.present(SERVERS)))}


def containers(stack: Stack) -> list[dict[str, str]]:
    """Return every container with its state, since when, and its image."""
    command = stack.commands.compose.command("ps", "--all", "--format", "json")
    told = stack.hands.look(command, what="ask Docker what runs").splitlines()
    found = sorted((json.loads(line) for line in told if line.startswith("{")), key=lambda each: str(each["Name"]))
    names = [str(each["Name"]) for each in found]
    since = stack.hands.asked(["docker", "inspect", "--format", STATE, *names]) if names else ""
    started = dict(line.lstrip("/").split() for line in (since or "").splitlines())
    return [
        {
            "service": each["Service"],
            "name": each["Name"],
            "state": each["State"],
            "health": each["Health"],
            "since": started.get(each["Name"], "")[:19],
            "image": each["Image"],
        }
        for each in found
    ]


def closed(stack: Stack, services: list[dict[str, str]]) -> dict[str, Any]:
    """Return since when the site is closed, nothing where it is open or nginx does not run."""
    if not is_running("nginx", services):
        return {}
    since, allowed = maintenance.closed_since(stack)
    return {"since": since, "allowed": allowed} if since else {}


def is_running(name: str, services: list[dict[str, str]]) -> bool:
    """Tell whether a service has a container that runs."""
    return any(each["service"] == name and each["state"] == "running" for each in services)


def last_deploy(stack: Stack) -> dict[str, Any]:
    """Return the last line of the audit."""
    records = history.read(stack.site.state)
    return asdict(records[-1]) if records else {}


def backup(stack: Stack, services: list[dict[str, str]]) -> dict[str, Any]:
    """Return the newest set that counts, and whether backups are well, as the backup service says it."""
    if not is_running("backup", services):
        return {"problem": "the backup service does not run"}
    command = stack.commands.compose.command("exec", "-T", "backup", "python3", "-m", "ops.service", "status", "--json")
    try:
        told = json.loads(stack.hands.asked(command) or "")
    except ValueError:
        return {"problem": "the backup service does not answer"}
    why = "; ".join(str(each["what"]) for each in told["problems"])
    return {**(told["newest"] or {}), **({"problem": why} if why else {})}


def disk(stack: Stack) -> dict[str, int]:
    """Return what is free, and how much there is, where Docker keeps its data."""
    folder = Path((stack.hands.asked(["docker", "info", "--format", "{{.DockerRootDir}}"]) or "").strip() or "/")
    usage = shutil.disk_usage(folder if folder.exists() else "/")
    return {"free_bytes": usage.free, "bytes": usage.total}


def problems(found: dict[str, Any], *, wanted: tuple[str, ...]) -> list[str]:
    """Return what is not as it should be. `wanted` are the services that have to run, the web server first."""
    services, web = found["services"], wanted[0]
    away = [f"{name} does not run" for name in wanted if not is_running(name, services)]
    # The other colour is stopped: it is there to go back to.
    other = {f"web_{colour}" for colour in COLOURS} - {web}
    sick = [
        f"{each['name']} is {each['health']}"
        for each in services
        if each["health"] not in ("", "healthy", *is_begun(each["service"], web)) and each["service"] not in other
    ]
    parts = [f"{name}: {found[name]['problem']}" for name in ("backup", "certificate") if found[name].get("problem")]
    if not found["production"]:
        parts = []
    full = (
        ["less than a tenth of the disk is free"]
        if found["disk"]["free_bytes"] < LEAST_FREE * found["disk"]["bytes"]
        else []
    )
    return [*away, *sick, *parts, *full]


def is_begun(service: str, web: str) -> tuple[str, ...]:
    """Return the health of a service that is well as well: nobody waits for the backup service, which a deploy starts last."""
    return () if service in (web, *SERVERS) else ("starting",)
