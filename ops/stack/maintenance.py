"""Closes the site with 503, or opens it. nginx looks for a file in its volume: no reload is needed, and a restart changes nothing."""

import ipaddress

from ops.errors import WRONG_USAGE, OperatorError
from ops.stack.stack import Stack, refused

FOLDER = "/etc/nginx/conf.d"
CLOSE = f"""mkdir -p {FOLDER}/maintenance.allow && cd {FOLDER} && rm -f maintenance.allow/* &&
for address; do : >"maintenance.allow/$address"; done && : >maintenance.on"""
OPEN = f"rm -rf {FOLDER}/maintenance.on {FOLDER}/maintenance.allow"
LOOK = f"""cd {FOLDER} && [ -e maintenance.on ] &&
date -u -r maintenance.on +%Y-%m-%dT%H:%M:%SZ && ls -A maintenance.allow"""
HINT = "See why: docker compose logs --tail 20 nginx"


def close(stack: Stack, *, allowed: list[str]) -> str:
    """Close the site for everybody but the addresses; return what to say."""
    addresses = [address_of(text) for text in allowed]
    require_nginx(stack)
    stack.hands.touch(inside(stack, CLOSE, *addresses), what="close the site", hint=HINT)
    all_but = f"everybody but {', '.join(addresses)}" if addresses else "everybody"
    return f"Closed: {all_but} is told to come back, with status 503. To open: scripts/stack.sh maintenance off"


def reopen(stack: Stack) -> str:
    """Open the site; return what to say."""
    require_nginx(stack)
    stack.hands.touch(inside(stack, OPEN), what="open the site", hint=HINT)
    return "Open."


def closed_since(stack: Stack) -> tuple[str, list[str]]:
    """Return since when the site is closed, empty where it is open, and the addresses for which it is not."""
    lines = (stack.hands.asked(inside(stack, LOOK)) or "").split()
    return (lines[0], lines[1:]) if lines else ("", [])


def inside(stack: Stack, script: str, *words: str) -> list[str]:
    """Return what runs a script in nginx's container."""
    return stack.commands.compose.command("exec", "-T", "nginx", "sh", "-c", script, "maintenance", *words)


def require_nginx(stack: Stack) -> None:
    """Raise OperatorError where nginx does not run."""
    if "nginx" not in stack.running:
        raise refused("nginx does not run", hint="Start the stack: docker compose up -d --wait")


def address_of(text: str) -> str:
    """Return an address as nginx writes it; raises OperatorError where it is none."""
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        raise OperatorError(
            f'Cannot read the address "{text}".',
            hint="One address, not a network: --allow 203.0.113.7. See yours: docker compose logs --tail 5 nginx",
            status=WRONG_USAGE,
        ) from None
