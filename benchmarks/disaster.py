"""`make bench-disaster`: a stack under writes is backed up, destroyed with all volumes, and restored from off the machine alone.

The stack is that of docker-compose.yml, in a copy of the project. For each target, which runs apart from it: a backup of everything
while people write; then, with nobody writing, what the API answers and every file's hash are noted, all is backed up once more,
all volumes are removed, and docs/restore.md's way of a new host is gone. Answers and files have to be the same. Beside it, in
the same containers, a bare `pg_dump | gzip -6` and a bare `pg_restore -j2` of the same dump.
"""

import argparse
import datetime
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_hex, token_urlsafe
from typing import Any

from benchmarks import elsewhere, filling, people
from benchmarks.filling import say
from benchmarks.people import Operation, Person
from tests.stack.compose import Compose

SECRETS = ("DJANGO_SECRET_KEY", "DB_PASSWORD", "POSTGRES_PASSWORD", "REDIS_PASSWORD")
TARGETS = ("rsync", "s3", "sftp")
UP_SECONDS, STEP_SECONDS = 1800, 7200
OF_A_SET = ("look", "dump", "roles", "sums", "write", "hash", "restore", "compare", "soundness")
HASHES = "cd /srv/media && find . -name .restore -prune -o -type f -print0 | sort -z | xargs -0 -r sha256sum"
BY_HAND = """
export PGHOST=db PGUSER=postgres PGPASSWORD="$POSTGRES_PASSWORD"
cd /backups; before=$(date +%s%N)
{command}
echo $(( ($(date +%s%N) - before) / 1000000 ))
"""
BARE_DUMP = BY_HAND.format(command="pg_dump -d slipway | gzip -6 > bare.sql.gz && sync bare.sql.gz") + "rm bare.sql.gz"
BARE_RESTORE = (
    "PGPASSWORD=$POSTGRES_PASSWORD createdb -h db -U postgres -T template0 bare"
    + BY_HAND.format(command="pg_restore -j2 --exit-on-error -d bare slipway/*/database.dump")
    + "dropdb bare"
)


@dataclass
class Walk:
    """What was measured: rows of a table, each with seconds and what it is measured by."""

    rows: list[tuple[str, float, str]] = field(default_factory=list)

    def note(self, name: str, seconds: float, *, ratio: str = "") -> None:
        """Note a step, and tell it."""
        self.rows.append((name, seconds, ratio))
        say(f"{name}: {seconds:.1f} s {ratio}")

    @contextmanager
    def timed(self, name: str) -> Iterator[None]:
        """Note how long the block takes."""
        began = time.monotonic()
        yield
        self.note(name, time.monotonic() - began)

    def markdown(self) -> str:
        """Return the table."""
        lines = [
            f"| {name.replace('|', chr(92) + '|')} | {seconds:.1f} | {ratio} |" for name, seconds, ratio in self.rows
        ]
        return "\n".join(["| what | seconds | ratio |", "| --- | --- | --- |", *lines])


def main() -> int:
    """Run the walk; print its table. Ends where anything is not the same."""
    options = parser().parse_args()
    walk, name = Walk(), f"slipway-disaster-{token_hex(3)}"
    with tempfile.TemporaryDirectory(prefix="slipway-disaster-", dir=options.folder) as folder:
        place = Path(folder)
        place.chmod(0o755)
        (place / "keys").mkdir()
        with elsewhere.network(name) as network:
            stack = stack_in(place, network)
            try:
                with walk.timed(f"{options.megabytes:,} MB and {options.files:,} files made"):
                    make(stack, options)
                for target in options.targets:
                    one_target(stack, target, place=place, walk=walk)
            finally:
                stack.down()
    sys.stdout.write(walk.markdown() + "\n")
    return 0


def parser() -> argparse.ArgumentParser:
    """Return what reads the command line."""
    root = filling.sizes(argparse.ArgumentParser(prog="make bench-disaster", description=__doc__))
    root.add_argument("--targets", nargs="+", choices=TARGETS, default=TARGETS, help="which targets (default: all)")
    root.add_argument("--compression", default="zstd", help="DB_BACKUP_COMPRESSION (default: zstd)")
    root.add_argument("--folder", type=Path, help="where the targets keep their files (default: TMPDIR)")
    return root


def stack_in(place: Path, network: str) -> Compose:
    """Return a stack that has not been started, with nothing by the clock and no limit of requests."""
    later = (datetime.datetime.now(tz=datetime.UTC).hour + 12) % 24
    clock = ("DB_BACKUP_CRON", "MEDIA_BACKUP_CRON", "BACKUP_VERIFY_CRON", "BACKUP_DRILL_CRON")
    return Compose(
        place,
        files=(filling.ROOT / "tests" / "stack" / "production.yml", filling.ROOT / "benchmarks" / "disaster.yml"),
        ELSEWHERE=network,
        BACKUP_KEYS_FOLDER=str(place / "keys"),
        BACKUP_SSH_KNOWN_HOSTS="/keys/known_hosts",
        DJANGO_DEBUG="false",
        LOAD_DEMO="false",
        GRAPHQL_RATE_PER_MINUTE="0",
        GRAPHQL_MAX_COST="1000000",
        GRAPHQL_TIMEOUT_SECONDS="60",
        ATTEMPTS_PER_HOUR="100000",
        NGINX_RATE_PER_SECOND="100000",
        NGINX_RATE_BURST="10000",
        **dict.fromkeys(clock, f"0 {later} * * *"),
        **{name: token_urlsafe(48) for name in SECRETS},
    )


def make(stack: Compose, options: argparse.Namespace) -> None:
    """Start the stack without its backup service, and fill it."""
    stack.environment["DB_BACKUP_COMPRESSION"] = options.compression
    stack.run("--profile", "backup", "build", "--quiet", seconds=UP_SECONDS)
    stack.run("up", "-d", "--wait", seconds=UP_SECONDS)
    sizes = [f"--megabytes={options.megabytes}", f"--files={options.files}"]
    stack.run("exec", "-T", "web", "python", "-m", "benchmarks.filling", *sizes, seconds=STEP_SECONDS)


def one_target(stack: Compose, target: str, *, place: Path, walk: Walk) -> None:
    """Back up to a target, destroy everything, restore from it, and compare."""
    image, network = f"{stack.project}-backup", stack.environment["ELSEWHERE"]
    folder = place / target
    with elsewhere.server(target, image=image, network_name=network, folder=folder, keys=place / "keys") as url:
        stack.environment |= {"MEDIA_BACKUP_TARGET": url, "BACKUP_OFFSITE_TARGET": url}
        under_writes(stack, target, walk)
        bare = by_hand(stack, BARE_DUMP)
        walk.note("bare pg_dump | gzip -6", bare)
        person = Person(stack.url, f"reader-{target}")
        asked = list(people.operations(person))
        before = noted(stack, person, asked)
        say(
            f"{len(asked):,} answers, {len(before[1]):,} pictures through nginx, {len(before[2].splitlines()):,} files noted"
        )
        note_backup(walk, f"{target}: backup of everything", *backed_up(stack), bare=bare)
        with walk.timed(f"{target}: all volumes destroyed"):
            stack.run("--profile", "*", "down", "--volumes", "--timeout", "10", seconds=UP_SECONDS)
        began = time.monotonic()
        ours = restored(stack, target, url, walk)
        walk.note(f"{target}: from nothing to serving, all of it", time.monotonic() - began)
        compare(before, noted(stack, person, asked))
        walk.note(f"{target}: the same {len(asked):,} answers and {len(before[2].splitlines()):,} files", 0)
        stack.run("--profile", "backup", "stop", "backup")
        bare = by_hand(stack, BARE_RESTORE)
        walk.note("bare pg_restore -j2", bare)
        walk.note(f"{target}: restore with proof, after the fetch", ours, ratio=f"{ours / bare:.2f} of it")
        by_hand(stack, "rm -r /backups/slipway; echo 0")


def under_writes(stack: Compose, target: str, walk: Walk) -> None:
    """Back up everything while people write."""
    with people.writing(stack.url, name=f"writer-{target}") as load:
        seconds, steps = backed_up(stack)
    note_backup(walk, f"{target}: backup of everything under writes", seconds, steps)
    walk.note(
        f"- slowest of {load.done:,} writes meanwhile, of which {len(load.failures)} failed", load.slowest_seconds
    )
    for failure in load.failures[:5]:
        say(failure)


def backed_up(stack: Compose) -> tuple[float, dict[str, float]]:
    """Take a set with media, proven and off the machine; return the seconds of all, and of each step."""
    began = time.monotonic()
    done = told(stack.script("backup.sh", "all", "--json", seconds=STEP_SECONDS).stdout)
    seconds = time.monotonic() - began
    reached = told(stack.script("backup.sh", "--list", "--json").stdout)["sets"][-1]["level"]
    if reached < 5:  # noqa: PLR2004 - the level of what the application and every media file say
        raise SystemExit(f"Set {done['id']} reached level {reached}.")
    return seconds, done["seconds"]


def note_backup(walk: Walk, name: str, seconds: float, steps: dict[str, float], *, bare: float = 0) -> None:
    """Note a backup, and how long the set with its proof took, beside a bare dump."""
    walk.note(name, seconds)
    proof = sum(took for step, took in steps.items() if step in OF_A_SET)
    walk.note(
        "- the set, with proof up to level 5", proof, ratio=f"{proof / bare:.2f} of the bare dump" if bare else ""
    )
    for part in ("media", "offsite"):
        walk.note(f"- {part}", sum(took for step, took in steps.items() if step.startswith(part)))


def restored(stack: Compose, target: str, url: str, walk: Walk) -> float:
    """Go the way of a new host; return the seconds of the database's restore, without the fetch."""
    with walk.timed(f"{target}: an empty database started"):
        stack.run("up", "--no-start", seconds=UP_SECONDS)
        stack.run("up", "-d", "--wait", "db", seconds=UP_SECONDS)
    began = time.monotonic()
    done = told(stack.script("restore_db.sh", "latest", "--from", url, "--json", seconds=STEP_SECONDS).stdout)
    seconds = time.monotonic() - began
    walk.note(f"{target}: database fetched and restored", seconds)
    for step, took in done["seconds"].items():
        walk.note(f"- {step}", took)
    with walk.timed(f"{target}: media fetched and restored"):
        stack.script("restore_media.sh", "latest", "--from", url, seconds=STEP_SECONDS)
    with walk.timed(f"{target}: everything started"):
        stack.run("--profile", "backup", "up", "-d", "--wait", seconds=UP_SECONDS)
    return seconds - float(done["seconds"]["fetch"])


def noted(stack: Compose, person: Person, asked: list[Operation]) -> tuple[list[str], dict[str, str], str]:
    """Return all that has to be the same: answers, pictures as nginx gives them out, and every file's hash."""
    answered = people.answers(person, asked)
    hashes = stack.run("exec", "-T", "web", "sh", "-euc", HASHES, seconds=STEP_SECONDS).stdout
    return answered, people.pictures(person, answered), hashes


def compare(before: tuple[list[str], dict[str, str], str], after: tuple[list[str], dict[str, str], str]) -> None:
    """End where anything is not as it was."""
    answers = sum(one != other for one, other in zip(before[0], after[0], strict=True))
    files = set(before[2].splitlines()) ^ set(after[2].splitlines())
    if answers or files or before[1] != after[1]:
        raise SystemExit(f"Not the same: {answers} answers, {len(files)} lines of files: {sorted(files)[:5]}")


def by_hand(stack: Compose, script: str) -> float:
    """Run a script in a container of the backup service; return the seconds that it tells."""
    words = ("--profile", "backup", "run", "--rm", "-T", "backup", "bash", "-euo", "pipefail", "-c", script)
    return int(stack.run(*words, seconds=STEP_SECONDS).stdout.split()[-1]) / 1000


def told(printed: str) -> dict[str, Any]:
    """Return what a script printed for programs."""
    found: dict[str, Any] = json.loads(printed)
    return found


if __name__ == "__main__":
    os.umask(0o022)
    sys.exit(main())
