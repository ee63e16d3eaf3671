"""restic: an encrypted repository in which what is the same is stored once. Each copy is a snapshot of its, tagged with our name."""

import json
import os
import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, unquote

from ops.backup.files import told
from ops.backup.settings import text as value_of
from ops.backup.targets import target, transfer
from ops.backup.targets.address import Address
from ops.backup.targets.target import MANIFEST, NOT_MEDIA, Show, Target, show_nothing
from ops.backup.targets.transfer import Ended
from ops.errors import WRONG_USAGE, OperatorError

HOST = "slipway"
PASSWORD = "RESTIC_PASSWORD"  # noqa: S105 - a variable's name
CHOSEN_FILES = 200  # beyond, all of a folder: each path that is chosen is kept with the copy, and tried for every file
HANDED_DOWN = ("AWS_", "RESTIC_", "RCLONE_")
LEAST_BYTES = 10_000  # fewer it moves when nothing goes on: its threads wake each other, and its lock is renewed
LOCKED = "repository is already locked"
ABSENT = "unable to open config file|Is there a repository|repository does not exist"


@dataclass(frozen=True, kw_only=True)
class Copy:
    """A snapshot of restic's: under which name of ours, and of which file, where it has but one."""

    id: str
    name: str
    file: str


class ResticTarget(Target):
    """A repository of restic. Of the copies under a name the latest that has a file counts."""

    def __init__(self, address: Address, *, variable: str, environment: Mapping[str, str]) -> None:
        self.url, self.variable, self.is_known = address.url, variable, False
        password = value_of(environment, PASSWORD)
        if not password:
            hint = f"Set it, or {PASSWORD}_FILE. Whoever loses it has lost the repository."
            raise OperatorError(
                f"{variable} is a repository of restic, and {PASSWORD} is not set.", hint=hint, status=WRONG_USAGE
            )
        handed_down = {name: value for name, value in environment.items() if name.startswith(HANDED_DOWN)}
        self.variables = {**handed_down, "RESTIC_REPOSITORY": address.path, PASSWORD: password}

    def copy(
        self,
        folder: Path,
        name: str,
        wanted: Sequence[str],
        *,
        like: str = "",  # noqa: ARG002 - what is the same is stored once, wherever it is
        is_anew: bool = False,
        show: Show = show_nothing,  # noqa: ARG002 - where no terminal is its, restic tells nothing
    ) -> list[str]:
        """Store the files as one more copy under the name; of many, all of the folder, which costs nothing more."""
        if not wanted:
            return []
        if not self.is_there():
            self.require(self.restic("make the repository", ["init"]), "make the repository")
        tags = [
            f"--tag=name={quote(name)}",
            *([f"--tag=file={quote(os.fsencode(wanted[0]))}"] if len(wanted) == 1 else []),
        ]
        with transfer.listed(wanted) as names:
            # Of a media folder, without what is not media.
            real = pattern(os.path.realpath(folder))
            everything = [*(f"--exclude={real}/{name}" for name in NOT_MEDIA), "."]
            chosen = everything if len(wanted) > CHOSEN_FILES else [f"--files-from-raw={names}"]
            command = ["backup", f"--host={HOST}", *tags, *(["--force"] if is_anew else []), *chosen]
            self.require(self.restic("copy to", command, folder=folder), "copy to")
        return [path for path in wanted if not os.path.lexists(folder / path)]

    def compare(self, name: str, wanted: Mapping[str, str], *, beside: Path | None = None) -> list[str]:  # noqa: ARG002 - reads all
        """Have the files sent, and hash them."""
        if not wanted:
            return []
        with tempfile.TemporaryDirectory(dir=self.room) as folder:
            self.receive(name, Path(folder), list(wanted))
            with told("compare", Path(folder)):
                return target.different(Path(folder), wanted)

    def fetch(self, name: str, folder: Path, *, only: Sequence[str] | None = None, show: Show = show_nothing) -> None:  # noqa: ARG002 - as copy
        """Have the files sent."""
        copies = self.receive(name, folder, only)
        missing = [path for path in only or [] if not (folder / path).is_file()]
        if not copies or missing:
            raise OperatorError(
                f"Cannot fetch {'/'.join([name, *missing[:1]])}: {self.url} ({self.variable}) does not have it.",
                hint="See what there is: scripts/backup.sh --list",
            )

    def receive(self, name: str, folder: Path, only: Sequence[str] | None) -> list[Copy]:
        """Restore every copy of a name, and of the names below it, in the order in which they were made; return which there were."""
        folder.mkdir(parents=True, exist_ok=True)
        copies = [each for each in self.copies() if each.name == name or each.name.startswith(f"{name}/")]
        for each in copies:
            below = each.name.removeprefix(name).lstrip("/")
            start = f"{below}/" if below else ""
            paths = None if only is None else [path.removeprefix(start) for path in only if path.startswith(start)]
            if paths == [] or (each.file and paths is not None and each.file not in paths):
                continue
            chosen = (
                [] if paths is None or len(paths) > CHOSEN_FILES else [f"--include=/{pattern(path)}" for path in paths]
            )
            command = ["restore", each.id, f"--target={folder / below}", *chosen]
            self.require(self.restic("fetch from", command), "fetch from")
        return copies

    def names(self, prefix: str = "", *, last: str = MANIFEST) -> list[str]:
        """List the names that have a copy of the last file; all where `last` is empty."""
        start = f"{prefix}/" if prefix else ""
        found = [(each.name.removeprefix(start), each.file) for each in self.copies() if each.name.startswith(start)]
        if last:
            return sorted({name for name, file in found if file == last and "/" not in name})
        return sorted({name.split("/")[0] for name, _ in found})

    def remove(self, name: str, *, last: str = MANIFEST) -> None:
        """Forget the copy of the last file, then the others, and remove what no other copy has."""
        found = [each for each in self.copies() if each.name == name or each.name.startswith(f"{name}/")]
        for part in ([each for each in found if each.file == last], found):
            if ids := [each.id for each in part]:
                self.require(
                    self.restic("remove from", ["forget", *(["--prune"] if part is found else []), *ids]), "remove from"
                )

    def copies(self) -> list[Copy]:
        """Return our copies, the oldest first; none where there is no repository yet."""
        if not self.is_there():
            return []
        ended = self.restic("list", ["snapshots", "--json", "--no-lock", f"--host={HOST}"])
        self.require(ended, "list")
        found = []
        for each in json.loads(ended.printed or b"[]") or []:
            tags = dict(tag.split("=", 1) for tag in each.get("tags") or [] if "=" in tag)
            if "name" in tags:
                file = unquote(tags.get("file", ""), errors="surrogateescape")
                found.append(Copy(id=each["id"], name=unquote(tags["name"]), file=file))
        return found

    def is_there(self) -> bool:
        """Tell whether there is a repository; raises OperatorError where it can't be opened, as with a wrong password."""
        if self.is_known:  # to open one takes a second by intention: a password is slow to try
            return True
        ended = self.restic("open", ["cat", "config", "--no-lock"])
        if ended.status and re.search(ABSENT, ended.complaints):
            return False
        self.require(ended, "open")
        self.is_known = True
        return True

    def restic(self, what: str, command: Sequence[str], *, folder: Path | None = None) -> Ended:
        """Run restic to its end; once more where a lock was in the way whose owner is gone.

        restic itself tells these: no process of this host has it, or for half an hour nobody has renewed it.
        """
        ended = self.once(what, command, folder=folder)
        if ended.status and LOCKED in ended.complaints:
            self.once("remove the lock of a killed run from", ["unlock"])
            ended = self.once(what, command, folder=folder)
        return ended

    def once(self, what: str, command: Sequence[str], *, folder: Path | None = None) -> Ended:
        """Run restic to its end."""
        return transfer.run(
            ["restic", "--quiet", *command, "--no-cache"],
            what=f"{what} {self.url} ({self.variable})",
            hint="See what it says.",
            environment=self.variables,
            folder=folder,
            least_bytes=LEAST_BYTES,
        )

    def require(self, ended: Ended, what: str) -> None:
        """Raise OperatorError where restic failed."""
        if ended.status:
            hint = f"See {self.variable}, {PASSWORD}, and what the repository's server needs."
            if LOCKED in ended.complaints:
                hint = "Whose lock that is, it says; one that nobody renews is removed half an hour later. Begin anew then."
            raise transfer.failed(ended, program="restic", what=f"{what} {self.url} ({self.variable})", hint=hint)


def pattern(path: str) -> str:
    """Return what matches a path alone: restic takes some characters for more than they are."""
    return re.sub(r"([*?\[\]\\])", r"\\\1", path)
