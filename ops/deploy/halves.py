"""Containers that Compose has half replaced.

It makes the new one under a name with the old one's id in front, ends the old one, and gives the new one its name. Where it was
killed in between, every later `up` of the service ends in a conflict of names.
"""

import re

from ops.deploy.commands import Commands
from ops.deploy.hands import Hands

HALF = re.compile(r"[0-9a-f]{12}_")


def remove(hands: Hands, commands: Commands) -> None:
    """Remove them. None of them has ever run."""
    names = (hands.asked(commands.created()) or "").split()
    if halves := [name for name in names if HALF.match(name)]:
        hands.touch(["docker", "rm", "--force", *halves], what="remove what is half replaced", hint="docker ps --all")
