"""Shows a status to a person. Looks at nothing itself."""

from typing import Any

MEGABYTE = 1_000_000
HOUR_SECONDS = 3600


def as_lines(found: dict[str, Any]) -> str:
    """Return a status in lines."""
    facts = [(name, text) for name, text in (
        ("serving", serving(found["serving"])),
        ("maintenance", closed(found["maintenance"])),
        ("last deploy", deploy(found["last_deploy"])),
        ("backup", backup(found["backup"])),
        ("disk", disk(found)),
        ("certificate", certificate(found["certificate"])),
    ) if text]  # fmt: skip
    width = max(len(name) for name, _ in facts)
    lines = [f"{name:<{width}}  {text}" for name, text in facts]
    wrong = [f"not well: {each}" for each in found["problems"]]
    return "\n".join([*lines, "", *table(found["services"]), *(["", *wrong] if wrong else [])])


def serving(found: dict[str, str]) -> str:
    """Return which version serves."""
    if not found:
        return "development"
    return f"version {found['version']} ({found['colour']})" if found["colour"] else "nothing: scripts/deploy.sh"


def closed(found: dict[str, Any]) -> str:
    """Return that the site is closed, where it is."""
    if not found:
        return ""
    but = f", but for {', '.join(found['allowed'])}" if found["allowed"] else ""
    return f"closed since {found['since']}{but}: scripts/stack.sh maintenance off"


def deploy(found: dict[str, Any]) -> str:
    """Return the last line of the audit in short."""
    if not found:
        return "none"
    return f"{found['when']} {found['what']} of {found['to_version']} by {found['who']}: {found['result']}"


def backup(found: dict[str, Any]) -> str:
    """Return the newest set that counts, and what is wrong."""
    newest = (
        f"{found['id']}, restored and compared, {found['age_seconds'] / HOUR_SECONDS:.1f} h old"
        if "id" in found
        else ""
    )
    return "; ".join(each for each in (newest, found.get("problem", "")) if each) or "none yet"


def disk(found: dict[str, Any]) -> str:
    """Return how much is free, and how large the database is."""
    free, whole = (found["disk"][name] // MEGABYTE for name in ("free_bytes", "bytes"))
    size = found["database_bytes"] // MEGABYTE
    return f"{free} MB of {whole} MB free" + (f"; the database has {size} MB" if size else "")


def certificate(found: dict[str, Any]) -> str:
    """Return until when it is good."""
    until = f"until {found['until']} ({found['days']} days)" if "until" in found else ""
    return "; ".join(each for each in (until, str(found.get("problem", ""))) if each)


def table(services: list[dict[str, str]]) -> list[str]:
    """Return a line for each container."""
    head = {"service": "service", "state": "state", "health": "health", "since": "since (UTC)", "image": "image"}
    rows = [head, *services]
    widths = {name: max(len(row[name]) for row in rows) for name in head}
    return ["  ".join(row[name].ljust(widths[name]) for name in head).rstrip() for row in rows]
