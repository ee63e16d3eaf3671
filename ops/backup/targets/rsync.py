"""rsync to a daemon (`rsync://host/module/path`). What goes over ssh is in ssh.py."""

import os
import re
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from ops.backup.files import told
from ops.backup.targets import address as addresses
from ops.backup.targets import target, transfer
from ops.backup.targets.address import Address
from ops.backup.targets.target import MANIFEST, Show, Target, show_nothing, size_of
from ops.backup.targets.transfer import Ended
from ops.errors import OperatorError

STALL_SECONDS, CONNECT_SECONDS = 60, 20
DONE, PARTIAL, VANISHED = 0, 23, 24  # rsync(1), EXIT VALUES
COPY = ["--times", "--perms", "--chmod=D700,F600", "--mkpath", "--ignore-missing-args", "--info=progress2"]
BATCH_FILES = 500
SLOWEST_DISK = 10_000_000  # bytes a second
REMOVAL_SECONDS = 1800  # a snapshot of very many files, of which a daemon tells nothing while it removes them
OCTAL = re.compile(rb"\\#([0-7]{3})")
PROGRESS = re.compile(r"([\d,]+)\s+(\d+)%")
ABSENCE = ("No such file or directory", "(code 23)", "onnection", "Broken pipe")
CAUSES = {
    1: "See whether the target is read-only: {variable}.",
    5: "The server did not let us begin: see the module, the user and the password in {variable}.",
    10: "See whether the server runs and can be reached: {variable}.",
    11: "See whether the target's disk is full or read-only: {variable}.",
    12: "The connection was lost: see the server's log.",
    30: "The server stopped answering: see its log.",
    35: "The server did not answer: see whether it runs and can be reached: {variable}.",
    255: "See what ssh says, BACKUP_SSH_KEY, BACKUP_SSH_KNOWN_HOSTS, and {variable}.",
}


class RsyncTarget(Target):
    """A folder behind an rsync daemon."""

    def __init__(self, address: Address, *, variable: str) -> None:
        self.url, self.variable, self.address = address.url, variable, address
        if address.scheme == "rsync" and not address.path.strip("/"):
            raise addresses.wrong(variable, "names no module: rsync://host/module/path")

    def copy(
        self,
        folder: Path,
        name: str,
        wanted: Sequence[str],
        *,
        like: str = "",
        is_anew: bool = False,
        show: Show = show_nothing,
    ) -> list[str]:
        """Copy the files; once more where some vanished meanwhile, since rsync then may have left out others."""
        if not wanted:
            return []
        options = [*COPY, *(["--ignore-times"] if is_anew else [])]
        if like:
            options.append(f"--link-dest={self.beside(name, like)}")
        for _ in range(2):
            with transfer.listed(wanted) as names:
                ended = self.rsync([*options, *from_list(names), f"{folder}/", self.place(name)], "copy to", show=show)
            if ended.status != VANISHED:
                break
        self.require(ended, "copy to", accepted=[VANISHED])
        return [path for path in wanted if not os.path.lexists(folder / path)]

    def compare(self, name: str, wanted: Mapping[str, str], *, beside: Path | None = None) -> list[str]:
        """Have the target hash its files where there are the same beside; else have them sent here, some at a time."""
        if not wanted:
            return []
        if beside is None:
            return self.compare_here(name, wanted)
        with transfer.listed(list(wanted)) as names:
            options = ["--dry-run", "--checksum", "--mkpath", "--out-format=%i %n"]
            command = [*options, *from_list(names), f"{beside}/", self.place(name)]
            ended = self.rsync(command, "compare with", patience_seconds=patience_seconds(beside, wanted))
        self.require(ended, "compare with")
        return [name for name in sent(ended.printed) if name in wanted]

    def compare_here(self, name: str, wanted: Mapping[str, str]) -> list[str]:
        """Fetch the files, and hash them here."""
        wrong, paths = [], list(wanted)
        for first in range(0, len(paths), BATCH_FILES):
            with tempfile.TemporaryDirectory(dir=self.room) as folder:
                batch = paths[first : first + BATCH_FILES]
                self.receive(name, Path(folder), batch, is_all_needed=False, show=show_nothing)
                with told("compare", Path(folder)):
                    wrong += target.different(Path(folder), {path: wanted[path] for path in batch})
        return wrong

    def fetch(self, name: str, folder: Path, *, only: Sequence[str] | None = None, show: Show = show_nothing) -> None:
        """Have the files sent; what came before the connection was lost is kept, and the next time goes on there."""
        self.receive(name, folder, only, is_all_needed=True, show=show)

    def receive(self, name: str, folder: Path, only: Sequence[str] | None, *, is_all_needed: bool, show: Show) -> None:
        """Have files sent; `is_all_needed`: raise OperatorError where one is not there."""
        options = ["--times", "--partial", "--info=progress2"]
        if only is None:
            ended = self.rsync([*options, "--recursive", self.place(name), f"{folder}/"], "fetch from", show=show)
        else:
            place, paths = self.chosen(name, only)
            with transfer.listed(paths) as names:
                ended = self.rsync([*options, *from_list(names), place, f"{folder}/"], "fetch from", show=show)
        is_absent = ended.status == PARTIAL and all(is_of_absence(line) for line in ended.complaints.splitlines())
        if not (is_absent and not is_all_needed):
            self.require(ended, "fetch from")

    def names(self, prefix: str = "", *, last: str = MANIFEST) -> list[str]:
        """List the folders that have the last file; all where `last` is empty."""
        chosen = ["--include=/*/", *([f"--include=/*/{last}"] if last else []), "--exclude=*"]
        options = ["--recursive", "--list-only", *chosen]
        ended = self.rsync([*options, self.place(prefix)], "list")
        if ended.status == PARTIAL and all(is_of_absence(line) for line in ended.complaints.splitlines()):
            return []
        self.require(ended, "list")
        form = rf"^-.* ([^/\s]+)/{re.escape(last)}$" if last else r"^d.* ([^/\s]+)$"
        found = re.findall(form, ended.printed.decode(errors="surrogateescape"), re.MULTILINE)
        return sorted(set(found) - {"."})

    def remove(self, name: str, *, last: str = MANIFEST) -> None:
        """Make the last file, then the whole folder, like an empty one: a daemon has no other way to remove."""
        above, _, own = name.rpartition("/")
        with tempfile.TemporaryDirectory() as empty:
            for place, includes in ((name, [f"/{last}"]), (above, [f"/{own}/", f"/{own}/***"])):
                options = ["--recursive", "--delete", *(f"--include={each}" for each in includes), "--exclude=*"]
                command = [*options, f"{empty}/", self.place(place)]
                self.require(self.rsync(command, "remove from", patience_seconds=REMOVAL_SECONDS), "remove from")

    def rsync(
        self, arguments: Iterable[str], what: str, *, show: Show = show_nothing, patience_seconds: float = 0
    ) -> Ended:
        """Run rsync to its end.

        Its own limit is none where it sends: what it writes to keep the line alive counts for it as a sign of life.
        """
        return transfer.run(
            ["rsync", f"--timeout={STALL_SECONDS}", *self.connection(), *arguments],
            what=f"{what} {self.url}",
            hint="See what it says.",
            environment=self.environment(),
            read=lambda text: shown(text, show),
            counted=(transfer.READ,),
            patience_seconds=patience_seconds,
        )

    def require(self, ended: Ended, what: str, *, accepted: Sequence[int] = ()) -> None:
        """Raise OperatorError where rsync failed."""
        if ended.status not in (DONE, *accepted):
            raise self.failed(ended, what)

    def failed(self, ended: Ended, what: str) -> OperatorError:
        """Return the error of rsync, with the likely cause of its status."""
        cause = CAUSES.get(ended.status, "See what it says.").format(variable=self.variable)
        return transfer.failed(ended, program="rsync", what=f"{what} {self.url} ({self.variable})", hint=cause)

    def place(self, name: str) -> str:
        """Return what rsync calls a folder of the target."""
        return self.spelt(f"{self.address.path.rstrip('/')}/{name}{'/' if name else ''}")

    def beside(self, _name: str, other: str) -> str:
        """Return how one folder of the target is named while another is written: from its module on.

        Some daemons (Debian's 3.2.7-1+deb12u5 and u6) don't follow a path with `..` in it, and say nothing.
        """
        _, _, path = self.address.path.strip("/").partition("/")
        return f"/{path}/{other}" if path else f"/{other}"

    def spelt(self, path: str) -> str:
        """Return what rsync calls a path of the server."""
        address = self.address
        user = f"{address.user}@" if address.user else ""
        port = f":{address.port}" if address.port else ""
        host = f"[{address.host}]" if ":" in address.host else address.host
        return f"rsync://{user}{host}{port}{path}"

    def chosen(self, name: str, only: Sequence[str]) -> tuple[str, list[str]]:
        """Return from where, and under which names, some files of `name/` are sent.

        From the module's root: a daemon of rsync 3.5 that does not change its root takes files that are listed below a folder
        of the module for vanished ones. What stands before the `/./` is not repeated here.
        """
        _, module, *inner = self.address.path.rstrip("/").split("/")
        above = "/".join([*inner, name])
        return self.spelt(f"/{module}/"), [f"{above}/./{path}" for path in only]

    def connection(self) -> list[str]:
        """Return the options by which rsync connects."""
        return [f"--contimeout={CONNECT_SECONDS}"]

    def environment(self) -> dict[str, str]:
        """Return the variables by which rsync is told its password, without which it must not ask for one."""
        return {"RSYNC_PASSWORD": self.address.password}


def patience_seconds(folder: Path, names: Iterable[str]) -> float:
    """Return for how long a target may say nothing, while it hashes the largest of some files."""
    with told("compare", folder):
        return max(size_of(folder / name) for name in names) / SLOWEST_DISK


def from_list(names: Path) -> list[str]:
    """Return the options that name the files, whatever characters they have."""
    return ["--from0", f"--files-from={names}"]


def sent(printed: bytes) -> list[str]:
    """Return the names in rsync's list of files that it would send."""
    found = re.findall(rb"^[<>][fLDS]\S* (.*)$", printed, re.MULTILINE)
    return [os.fsdecode(OCTAL.sub(lambda octal: bytes([int(octal[1], 8)]), name)) for name in found]


def is_of_absence(line: str) -> bool:
    """Tell whether a complaint says no more than that something is not there, or follows from that."""
    return any(words in line for words in ABSENCE)


def shown(text: str, show: Show) -> object:
    """Show how far rsync is; return what would change if it went on."""
    found = PROGRESS.findall(text)
    if found:
        done, percent = int(found[-1][0].replace(",", "")), int(found[-1][1])
        show(done, done * 100 // percent if percent else 0)
    return found[-1:]
