"""Looks at the working tree: which commit is deployed, and whether all of it is committed."""

from collections.abc import Iterator
from pathlib import Path

from ops.deploy.hands import Hands
from ops.deploy.preflight.findings import Finding, error, ok, warning

SHOWN = 3


def git(root: Path, *words: str) -> list[str]:
    """Return a command of git's in a clone, which may be another user's: who deploys is often root."""
    return ["git", "-c", f"safe.directory={root}", "-C", str(root), *words]


def version(hands: Hands, *, root: Path) -> str:
    """Return the commit that is checked out, in short; empty where there is none."""
    return (hands.asked(git(root, "rev-parse", "--short=12", "HEAD")) or "").strip()


def tree(hands: Hands, *, root: Path) -> Iterator[Finding]:
    """Look whether what is built is what was committed."""
    found = version(hands, root=root)
    if not found:
        hint = (
            "Deploy from a clone: git clone. For a tree without history: git init && git add -A && git commit -m Start"
        )
        yield error("version", f"{root} is no git repository with a commit, or git is not there", hint=hint)
        return
    changed = (hands.asked(git(root, "status", "--porcelain")) or "").splitlines()
    if changed:
        shown = ", ".join(line[3:] for line in changed[:SHOWN]) + (", …" if len(changed) > SHOWN else "")
        yield error(
            "version", f"{found} with changes that are not committed: {shown}", hint="Commit them, or: git stash -u"
        )
    else:
        yield ok("version", found)


def image(hands: Hands, *, name: str, python_image: str) -> Iterator[Finding]:
    """Look whether the version's image is there, or can be built without a registry."""
    if hands.asked(["docker", "image", "inspect", name]) is not None:
        yield ok("image", f"{name} is there already")
    elif hands.asked(["docker", "image", "inspect", python_image]) is not None:
        yield ok("image", f"{name} is built, on {python_image}")
    else:
        yield warning(
            "image",
            f"{python_image} has to be fetched first",
            hint=f"See whether it can be: docker pull {python_image}",
        )
