"""The one door through which commands are run: shows what runs, hides secrets, and turns a failure into an operator's error."""

import subprocess
from collections.abc import Mapping, Sequence

from ops.errors import OperatorError

SHOWN_LINES = 20


def run(
    command: Sequence[str],
    *,
    standard_input: str = "",
    limit_seconds: float = 300,
    what: str,
    hint: str,
    environment: Mapping[str, str] | None = None,
) -> str:
    """Run a command to its end; return what it printed. Raises OperatorError, which says `what` could not be done.

    Secrets go through `standard_input`, never into `command`: that is printed, and every process can read it. `environment` is
    all that the command sees; None: our own. It is in a session of its own, so that Ctrl-C ends us, and we decide about it.
    """
    try:
        found = subprocess.run(  # noqa: S603 - no shell, and the words are ours
            list(command),
            input=standard_input,
            capture_output=True,
            text=True,
            timeout=limit_seconds,
            check=False,
            env=environment,
            start_new_session=True,
        )
    except FileNotFoundError:
        raise OperatorError(
            f"Cannot {what}: there is no {command[0]}.", hint="Install Docker with Compose 2.24 or newer."
        ) from None
    except subprocess.TimeoutExpired:
        raise OperatorError(f"Cannot {what} within {limit_seconds:.0f} s: {' '.join(command)}", hint=hint) from None
    if found.returncode:
        said = "\n".join((found.stderr or found.stdout).strip().splitlines()[-SHOWN_LINES:])
        raise OperatorError(f"Cannot {what} (status {found.returncode}): {said}", hint=hint)
    return found.stdout
