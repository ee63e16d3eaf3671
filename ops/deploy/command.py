"""`scripts/deploy.sh`: reads the command line, calls one verb, prints its result, and tells errors. The one place that does."""

import argparse
import json
import os
import sys
from dataclasses import asdict
from pathlib import Path

from ops.backup import stopping
from ops.deploy import first_time, history, lock, looking, release, rollback
from ops.deploy.backup import age_of
from ops.deploy.commands import Commands
from ops.deploy.deployment import Deployment
from ops.deploy.hands import Hands
from ops.deploy.preflight import findings
from ops.deploy.progress import Progress
from ops.deploy.site import Site
from ops.errors import DONE, REFUSED, OperatorError, StoppedError

DESCRIPTION = """Deploy the commit that is checked out: look at everything, back up, build, migrate once, start the new version
beside the old one, test it, switch nginx to it, drain the old one. At a failure the old version is serving. The first deploy on a
host makes .env and the secrets; it needs --server-name."""
EPILOG = """Exit status: 0 done, 1 failed (the version before serves), 2 wrong usage, 3 refused and nothing changed, 4 another
deploy runs."""


def parser() -> argparse.ArgumentParser:
    """Return what reads the command line."""
    root = argparse.ArgumentParser(prog="scripts/deploy.sh", description=DESCRIPTION, epilog=EPILOG)
    verbs = root.add_mutually_exclusive_group()
    verbs.add_argument("--check", action="store_true", help="look at everything, say what is found, and change nothing")
    verbs.add_argument("--dry-run", action="store_true", help="print every command that would change something")
    verbs.add_argument(
        "--prepare", action="store_true", help="make .env and the secrets, and stop: for .env to be changed"
    )
    verbs.add_argument(
        "--rollback", nargs="?", const="", metavar="VERSION", help="go back to the version before, or to this one"
    )
    verbs.add_argument("--history", action="store_true", help="show who deployed what, and how it ended")
    root.add_argument("--json", action="store_true", help="print the result as JSON")
    root.add_argument(
        "--server-name",
        default="",
        metavar="NAME",
        help="what the site is called, for the first deploy; several: 'NAME NAME'",
    )
    root.add_argument(
        "--backup-max-age", metavar="AGE", help="take a verified backup of the last 30m, 6h or 2d for good enough"
    )
    root.add_argument("--without-backup", action="store_true", help="migrate although nothing could be put back")
    root.add_argument(
        "--allow-dangerous-migration", action="append", default=[], metavar="APP.NAME",
        help="migrate although the version that serves can't live with it",
    )  # fmt: skip
    root.add_argument(
        "--with-interruption", action="store_true", help="also start database, Redis and nginx anew where they changed"
    )
    root.add_argument(
        "--pull", default="", metavar="REPOSITORY", help="fetch the image from there, tagged with the commit"
    )
    return root


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit status."""
    options = parser().parse_args(arguments)
    os.umask(0o077)
    try:
        with stopping.in_order(stopping.handler("", hint="Begin anew: scripts/deploy.sh")):
            return called(options, Site(root=Path.cwd()))
    except (OperatorError, StoppedError) as error:
        sys.stderr.write(f"{error}\n")
        return error.status


def called(options: argparse.Namespace, site: Site) -> int:
    """Call the verb that is asked for."""
    if options.history:
        records = history.read(site.state)
        sys.stdout.write((history.as_json(records) if options.json else history.as_table(records)) + "\n")
        return DONE
    progress = Progress(steps=rollback.STEPS if options.rollback is not None else release.STEPS)
    hands = Hands(environment=site.environment, is_dry_run=options.dry_run, say=progress.say)
    if options.check:
        return check(options, site, hands)
    if options.prepare:
        return prepare(options, site, hands)
    what = "rollback" if options.rollback is not None else "deploy"
    with lock.held(site.state, what=what, say=progress.say):
        record = (
            roll_back(options, site, hands, progress) if what == "rollback" else deploy(options, site, hands, progress)
        )
    return tell(record, is_json=options.json, is_dry_run=options.dry_run)


def prepare(options: argparse.Namespace, site: Site, hands: Hands) -> int:
    """Make env file and secrets, where there are none."""
    with lock.held(site.state, what="preparation", say=hands.say):
        first_time.set_up(site, hands, server_name=options.server_name)
    sys.stdout.write(f"{site.env_file} is there. Change what you like, then: scripts/deploy.sh --check\n")
    return DONE


def commands_of(site: Site) -> Commands:
    """Return the stack's commands."""
    return Commands(compose=site.compose, project=site.project)


def check(options: argparse.Namespace, site: Site, hands: Hands) -> int:
    """Look at everything, and print it."""
    found = look(options, site, hands)[1]
    sys.stdout.write((findings.as_json(found) if options.json else findings.as_table(found)) + "\n")
    return REFUSED if findings.errors(found) else DONE


def look(options: argparse.Namespace, site: Site, hands: Hands) -> tuple[looking.Seen, list[findings.Finding]]:
    """Look at everything."""
    commands, allowed = commands_of(site), list(options.allow_dangerous_migration)
    seen = looking.look(site, commands, hands)
    return seen, looking.preflight(site, commands, hands, seen, server_name=options.server_name, allowed=allowed)


def deploy(options: argparse.Namespace, site: Site, hands: Hands, progress: Progress) -> history.Record:
    """Look, and only then touch."""
    wishes = release.Wishes(
        is_backed_up=not options.without_backup,
        backup_max_age=age_of(options.backup_max_age) if options.backup_max_age else None,
        allowed=options.allow_dangerous_migration,
        repository=options.pull,
        with_interruption=options.with_interruption,
    )
    with progress.step("Looking at everything"):
        seen, found = look(options, site, hands)
        refuse(found, progress)

    # --- from here on things are changed ---
    first_time.set_up(site, hands, server_name=options.server_name)
    deployment = Deployment(
        site=site, commands=commands_of(site), hands=hands, progress=progress, seen=seen, version=seen.version
    )
    return release.release(deployment, wishes)


def refuse(found: list[findings.Finding], progress: Progress) -> None:
    """Show warnings; raise OperatorError, status 3, for errors."""
    for finding in found:
        if finding.level == "warning":
            progress.say(f"        warning: {finding.name}: {finding.fact}. {finding.hint}")
    if wrong := findings.errors(found):
        raise OperatorError(
            f"Refusing to deploy. Nothing was changed.\n{findings.as_table(wrong)}",
            hint="Correct that, and see all of it: scripts/deploy.sh --check",
            status=REFUSED,
        )


def roll_back(options: argparse.Namespace, site: Site, hands: Hands, progress: Progress) -> history.Record:
    """Go back."""
    commands, records = commands_of(site), history.read(site.state)
    seen = looking.look(site, commands, hands)
    version = rollback.wanted_version(options.rollback, records=records, serving=seen.serving_version)
    deployment = Deployment(site=site, commands=commands, hands=hands, progress=progress, seen=seen, version=version)
    return rollback.roll_back(deployment, records)


def tell(record: history.Record, *, is_json: bool, is_dry_run: bool) -> int:
    """Print the result."""
    if is_json:
        sys.stdout.write(json.dumps(asdict(record)) + "\n")
        return DONE
    begin = "Would have deployed" if is_dry_run else "Deployed" if record.what == "deploy" else "Went back to"
    back = f" To go back: scripts/deploy.sh --rollback {record.from_version}" if record.from_version else ""
    sys.stdout.write(f"{begin} {record.to_version} in {record.seconds:.0f} s.{back}\n")
    return DONE
