"""`scripts/stack.sh`: reads the command line, calls one verb, prints its result, and tells errors. The one place that does."""

import argparse
import json
import os
import sys
from pathlib import Path

from ops import rotate_passwords
from ops.backup import stopping
from ops.deploy import lock
from ops.deploy.site import Site
from ops.errors import DONE, FAILED, WRONG_USAGE, OperatorError, StoppedError
from ops.stack import maintenance, rotation, scale, secret_texts, shown, status, upgrade, watching
from ops.stack.stack import Stack, here, require_own_database, require_own_redis

DESCRIPTION = """What is done to a stack between deploys, in production and in development alike, where nothing else is said. What
changes something holds the lock of deploys."""
STEPS = {"rotate-secrets": rotation.STEPS, "upgrade-postgres": upgrade.STEPS}
EPILOG = """Exit status: 0 done, 1 failed or, of status, not well; 2 wrong usage, 3 refused and nothing changed, 4 a deploy or another
change runs. Each verb has its own --help."""


def parser() -> argparse.ArgumentParser:
    """Return what reads the command line."""
    root = argparse.ArgumentParser(prog="scripts/stack.sh", description=DESCRIPTION, epilog=EPILOG)
    verbs = root.add_subparsers(dest="verb", required=True, metavar="VERB")
    add_looking(verbs)
    one = verbs.add_parser("scale", help="run more or fewer web servers or workers, now and in later deploys")
    one.add_argument("wish", metavar="web=N|worker=N", help="how many; in production of each colour")
    add_rotation(verbs)
    add_upgrade(verbs)
    one = verbs.add_parser(
        "maintenance",
        help="close the site, or open it",
        description="on: everybody is answered 503 with Retry-After, by a page, or JSON from /graphql; /health/live still answers. It "
        "outlasts reloads, restarts and deploys.",
    )
    one.add_argument("switch", choices=["on", "off"])
    one.add_argument(
        "--allow", action="append", default=[], metavar="ADDRESS", help="who is let in all the same, as nginx sees it"
    )
    return root


def add_rotation(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the verb that makes new secrets."""
    one = verbs.add_parser(
        "rotate-secrets",
        help="new secret key, new passwords of PostgreSQL and Redis",
        description="Make new secrets, in files and servers together. In production the other colour is started with them, "
        "tested, and switched to: no request fails. In development containers start anew, and requests fail for some seconds.",
    )
    one.add_argument("what", nargs="*", choices=[*secret_texts.NAMES, []], help="key, db or redis; none: all of them")
    one.add_argument(
        "--forget-old-key", action="store_true", help="where it was stolen: whoever is signed in has to sign in again"
    )
    one.add_argument("--dry-run", action="store_true", help="print every command that would change something")


def add_upgrade(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the verb that changes PostgreSQL's major version."""
    one = verbs.add_parser(
        "upgrade-postgres",
        help="a new major version of PostgreSQL, or back from it",
        description="Close the site, take a verified set, start the new major on a volume of its own, restore the set there and "
        "compare, start and test the application, open the site. The old volume stays. At a failure the old major serves. "
        "In production alone.",
    )
    one.add_argument("image", nargs="?", default="", help="the new major's image: postgres:19")
    one.add_argument("--undo", action="store_true", help="go back to the major and the volume before")
    one.add_argument("--despite-lost-writes", action="store_true", help="with --undo: without what was written since")
    one.add_argument("--leave-others-behind", action="store_true", help="go on although there are databases of others")
    one.add_argument("--dry-run", action="store_true", help="print every command that would change something")


def add_looking(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the verbs that change nothing."""
    one = verbs.add_parser("status", help="show what runs, which version, backups, disk, certificate")
    one.add_argument("--json", action="store_true", help="print it as JSON")
    one = verbs.add_parser("logs", help="show the end of a service's log, or of all")
    one.add_argument(
        "service",
        nargs="?",
        default="",
        help="web (the colour that serves), worker, scheduler, db, redis, nginx, backup",
    )
    one.add_argument("--follow", "-f", action="store_true", help="go on until Ctrl-C")
    one.add_argument("--since", default="", metavar="TIME", help="10m, 2h or 2026-11-25T12:00:00Z")
    one.add_argument("--tail", default="100", metavar="LINES", help="how many lines of each (default: 100; all)")
    one = verbs.add_parser("shell", help="open Django's shell in the web server that serves")
    one.add_argument("--command", "-c", default="", metavar="CODE", help="run this, and end")


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit status."""
    options = parser().parse_args(arguments)
    os.umask(0o077)
    try:
        with stopping.in_order(stopping.handler("", hint="See how things are: scripts/stack.sh status")):
            return called(options, Site(root=Path.cwd()))
    except (OperatorError, StoppedError) as error:
        sys.stderr.write(f"{error}\n")
        return error.status


def called(options: argparse.Namespace, site: Site) -> int:
    """Call the verb that is asked for."""
    if options.verb == "status":
        return tell_status(here(site), is_json=options.json)
    if options.verb == "logs":
        watching.logs(
            here(site), service=options.service, follows=options.follow, since=options.since, lines=options.tail
        )
    if options.verb == "shell":
        watching.shell(here(site), code=options.command)
    stack = here(site, steps=STEPS.get(options.verb, 1), is_dry_run=getattr(options, "dry_run", False))
    with lock.held(stack.site.state, what=options.verb, say=stack.progress.say):
        sys.stdout.write(f"{changed(options, stack)}\n")
    return DONE


def tell_status(stack: Stack, *, is_json: bool) -> int:
    """Print how things are."""
    found = status.look(stack)
    sys.stdout.write((json.dumps(found, indent=2) if is_json else shown.as_lines(found)) + "\n")
    return FAILED if found["problems"] else DONE


def changed(options: argparse.Namespace, stack: Stack) -> str:
    """Do what changes something; return what to say of it."""
    if options.verb == "scale":
        name, number = scale.wish(options.wish)
        return scale.scale(stack, name=name, number=number)
    if options.verb == "rotate-secrets":
        return rotate(options, stack)
    if options.verb == "upgrade-postgres":
        return change_major(options, stack)
    return maintenance.close(stack, allowed=options.allow) if options.switch == "on" else maintenance.reopen(stack)


def rotate(options: argparse.Namespace, stack: Stack) -> str:
    """Make new secrets; return what to say."""
    if stack.is_production:
        if secret_texts.DATABASE in options.what:
            require_own_database(stack.site, "its password is changed")
        if secret_texts.REDIS in options.what:
            require_own_redis(stack.site)
        what = tuple(options.what) or stack.site.present(secret_texts.NAMES)
        return rotation.rotate(stack, what=what, forgets_key=options.forget_old_key)
    servers = tuple(each for each in options.what or rotate_passwords.SERVERS if each in rotate_passwords.SERVERS)
    rotate_passwords.rotate(stack.commands.compose, servers, is_dry_run=options.dry_run)
    return (
        f"New: {', '.join(servers) or 'nothing'}. A key of development's is yours to change, in {stack.site.env_file}."
    )


def change_major(options: argparse.Namespace, stack: Stack) -> str:
    """Upgrade PostgreSQL, or go back; return what to say."""
    if bool(options.image) == options.undo:
        hint = "scripts/stack.sh upgrade-postgres postgres:19 - or: scripts/stack.sh upgrade-postgres --undo"
        raise OperatorError("Cannot tell what is asked for: an image, or --undo.", hint=hint, status=WRONG_USAGE)
    require_own_database(stack.site, "it is upgraded")
    if options.undo:
        return upgrade.undo(stack, loses_writes=options.despite_lost_writes)
    return upgrade.upgrade(stack, image=options.image, leaves_others=options.leave_others_behind)
