"""Back to a version that has served, in seconds: its image is there. The database stays, and what that means is told."""

from ops.deploy import history
from ops.deploy.deployment import Deployment, going_back_on_failure
from ops.deploy.history import Record
from ops.deploy.release import bring_to_serve, told
from ops.errors import REFUSED, OperatorError, StoppedError

STEPS = 6


def wanted_version(deployment_version: str, *, records: list[Record], serving: str) -> str:
    """Return the version to go back to: the one that is named, or the one that served before; raises OperatorError."""
    found = deployment_version or history.version_before(records, serving=serving)
    if not found or found == serving:
        raise OperatorError(
            f"Refusing to go back: {f'version {found} serves already' if found else 'no version served before this one'}.",
            hint="See which ones did: scripts/deploy.sh --history",
            status=REFUSED,
        )
    return found


def roll_back(deployment: Deployment, records: list[Record]) -> Record:
    """Bring the version to serve; return what is written down."""
    require_image(deployment)
    deployment.progress.say(about_the_database(records, version=deployment.version))
    try:
        with going_back_on_failure(deployment):
            bring_to_serve(deployment)
    except (OperatorError, StoppedError) as error:
        note(deployment, records, result=history.FAILED, why=error.args[0])
        raise told(deployment, error) from None
    return note(deployment, records, result=history.DONE)


def require_image(deployment: Deployment) -> None:
    """Raise OperatorError where the version's image is not kept any more."""
    if deployment.hands.asked(deployment.commands.image_id(deployment.image)) is None:
        raise OperatorError(
            f"Refusing to go back: there is no image of version {deployment.version}. Nothing was changed.",
            hint=f"Deploy it anew: git checkout {deployment.version} && scripts/deploy.sh",
            status=REFUSED,
        )


def about_the_database(records: list[Record], *, version: str) -> str:
    """Return what the database's state means for a version that was made for another one."""
    then = history.last_done(records, version=version)
    if not then:
        return "The database stays as it is; nothing is written down about what that version was made for."
    newer = sorted(set(history.newest_heads(records)) - set(then.heads))
    if not newer:
        return "The database is as that version left it."
    later = [record for record in history.since(records, version=version) if record.dangerous]
    if later:
        dangerous = sorted({name for record in later for name in record.dangerous})
        backups = [record.backup for record in later if record.backup]
        back = f" The backup before it: {backups[-1]}." if backups else ""
        return f"The database stays at {', '.join(newer)}. {', '.join(dangerous)} was dangerous: that version may fail.{back}"
    return f"The database stays at {', '.join(newer)}, which that version can live with: no migration was dangerous."


def note(deployment: Deployment, records: list[Record], *, result: str, why: str = "") -> Record:
    """Write the line of this rollback. The newest migrations are those of before."""
    return deployment.note(what="rollback", result=result, why=why, heads=history.newest_heads(records))
