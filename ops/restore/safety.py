"""Takes a set of what is live, before anything takes its place: an ordinary one, verified, that retention keeps for a week."""

from ops.backup import back_up, encryption, files, guards, manifest
from ops.backup.progress import Progress
from ops.backup.sets import BackupSet
from ops.backup.settings import Settings
from ops.backup.soundness import UnsoundError
from ops.backup.take import take
from ops.backup.verify import verify
from ops.errors import OperatorError


def safety_set(settings: Settings, progress: Progress) -> BackupSet:
    """Take it and verify it. Raises OperatorError where it does not count, and then nothing may be replaced."""
    progress.say(f"Taking a safety set of what is live in {settings.database.name}")
    try:
        guards.target(settings)
        seen = back_up.look(settings, progress)
        back_up.sweep(settings, progress)
        with encryption.workroom(settings) as plain:
            taken = take(settings, seen, despite_lost_rows=True, progress=progress, plain=plain)
            with files.told("mark the safety set", taken.folder):
                files.write(taken.folder / manifest.BEFORE_RESTORE, "")
                files.flush(taken.folder)
            try:
                verify(taken, scratch_folder=settings.scratch_folder, progress=progress, plain=plain)
            except UnsoundError as error:
                # The set counts, and what is wrong with what is live may be why it is replaced.
                progress.say(f"  {error.args[0]}")
    except OperatorError as error:
        raise OperatorError(
            f"Cannot take a safety set of what is live: {str(error.args[0]).rstrip('.')}. The live database is as it was.",
            hint=f"{error.hint} Where what is live can't be read, or is not worth it, add --without-safety-backup.",
            status=error.status,
        ) from None
    return taken
