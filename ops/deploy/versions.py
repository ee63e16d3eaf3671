"""The application's images: built or fetched, checked, and of those that served the last three kept."""

import json

from ops.deploy import history
from ops.deploy.commands import accepting
from ops.deploy.deployment import Deployment
from ops.errors import OperatorError

KEPT = 3
BUILD_SECONDS = 3600


def build(deployment: Deployment, *, repository: str) -> None:
    """Build the version's image, or fetch it from a repository, unless it is there."""
    commands, hands, site = deployment.commands, deployment.hands, deployment.site
    if hands.asked(commands.image_id(deployment.image)) is not None:
        deployment.progress.say("        is there already")
        return
    if repository:
        fetched = f"{repository}:{deployment.version}"
        hint = f"See whether it is there: docker manifest inspect {fetched}"
        hands.touch(commands.pull(fetched), what=f"fetch {fetched}", hint=hint, limit_seconds=BUILD_SECONDS)
        hands.touch(commands.tag(fetched, name=deployment.image), what=f"tag {fetched}", hint=hint)
        return
    command = commands.build(
        image=deployment.image, version=deployment.version, python_image=site.value("PYTHON_IMAGE"), root=str(site.root)
    )
    hint = f"See what it says: docker build {site.root}"
    hands.touch(command, what=f"build {deployment.image}", hint=hint, limit_seconds=BUILD_SECONDS)


def check_environment(deployment: Deployment) -> None:
    """Have the new version say all that is wrong with the env file; raises OperatorError."""
    if deployment.hands.is_dry_run:
        return
    command = deployment.commands.check_environment(image=deployment.image, root=str(deployment.site.root))
    told = deployment.hands.look(accepting(1, command), what="check the env file")
    try:
        problems = json.loads(told)["problems"]
    except (ValueError, KeyError):
        raise OperatorError(
            f"Cannot check the env file: {told[-500:]}", hint="See: scripts/deploy.sh --check"
        ) from None
    if problems:
        what = "\n".join(f"  {each['name']} {each['message']}. {each['hint']}" for each in problems)
        raise OperatorError(
            f"Refusing to go on: {deployment.site.env_file} is not fit for this version:\n{what}", hint="Correct it."
        )


def forget_old(deployment: Deployment) -> None:
    """Remove the images of versions that served before the last three, and the ones that never did."""
    if deployment.hands.is_dry_run:
        return
    served = [record.to_version for record in history.read(deployment.site.state) if record.result == history.DONE]
    kept = {deployment.version, deployment.seen.serving_version, *list(dict.fromkeys(reversed(served)))[:KEPT]}
    for version in (deployment.hands.asked(deployment.commands.images()) or "").split():
        if version not in kept:
            deployment.hands.asked(deployment.commands.remove_image(deployment.site.image(version)))
