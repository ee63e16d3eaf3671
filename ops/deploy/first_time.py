"""What the first deploy on a bare host makes: the env file out of `.env.prod`, and the secrets, each readable by one user alone."""

import os
import secrets
from pathlib import Path

from ops import env_file
from ops.deploy.hands import Hands
from ops.deploy.site import Site
from ops.errors import REFUSED, OperatorError

APPLICATION, POSTGRES_AND_REDIS = 10001, 999
OWNERS = {
    "django_secret_key": APPLICATION,
    "django_secret_key_fallbacks": APPLICATION,
    "database_url": APPLICATION,
    "redis_url": APPLICATION,
    "db_password": POSTGRES_AND_REDIS,
    "postgres_password": POSTGRES_AND_REDIS,
    "redis_password": POSTGRES_AND_REDIS,
}
MAY_BE_ABSENT = frozenset({"django_secret_key_fallbacks"})  # a deploy makes it, with nothing in it


def set_up(site: Site, hands: Hands, *, server_name: str) -> None:
    """Make secrets and env file where there are none. Killed in the middle, it goes on from there the next time."""
    if site.is_set_up:
        complete(site, hands)
        return
    require_name(server_name)
    if hands.is_dry_run:
        hands.say(f"would make {site.env_file} out of .env.prod, and the files in {site.secrets}")
        return
    if not site.secrets.exists():
        make_secrets(site, hands)
    text = own_text(site, server_name=server_name)
    env_file.replace(site.env_file, text)
    hands.say(f"Made {site.env_file} and {site.secrets}. Both belong into a safe place as well: no backup has them.")


def complete(site: Site, hands: Hands) -> None:
    """Make the files that a version before did not have."""
    for name in sorted(MAY_BE_ABSENT):
        if not hands.is_dry_run and not (site.secrets / name).exists():
            make(site.secrets / name, "", hands, image=site.value("POSTGRES_IMAGE", "postgres:18"))


def require_name(server_name: str) -> None:
    """Raise OperatorError where nobody has said what the site is called."""
    if not server_name.split():
        raise OperatorError(
            "Refusing to go on: there is no .env yet, and nothing says what the site is called. Nothing was changed.",
            hint="scripts/deploy.sh --server-name api.example.com",
            status=REFUSED,
        )


def own_text(site: Site, *, server_name: str) -> str:
    """Return the env file's text, with the site's names wherever they belong; where there is room for one, it is the first."""
    text = env_file.read(site.root / ".env.prod")
    names = server_name.split()
    values = {
        "COMPOSE_PROJECT_NAME": site.project,
        "SERVER_NAME": names[0] if len(names) == 1 else f'"{" ".join(names)}"',
        "DJANGO_ALLOWED_HOSTS": ",".join(names),
        "SITE_URL": f"https://{names[0]}",
        "DEFAULT_FROM_EMAIL": f'"Slipway <noreply@{names[0]}>"',
    }
    for name, value in values.items():
        text = env_file.with_value(text, name, value)
    return text


def make_secrets(site: Site, hands: Hands) -> None:
    """Make all files in a folder beside, give them to their users, and rename the folder: there are all or none."""
    partial = site.root / "secrets.partial"
    partial.mkdir(mode=0o700, exist_ok=True)
    for name, text in new_secrets().items():
        make(partial / name, text, hands, image=site.value("POSTGRES_IMAGE", "postgres:18"))
    partial.rename(site.secrets)


def make(path: Path, text: str, hands: Hands, *, image: str) -> None:
    """Make one file, and give it to its user."""
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(f"{text}\n")
        file.flush()
        os.fsync(file.fileno())
    give(path, hands, image=image)


def new_secrets() -> dict[str, str]:
    """Return the text of every file."""
    database, superuser, redis = (secrets.token_urlsafe(32) for _ in range(3))
    return {
        "django_secret_key": secrets.token_urlsafe(48),
        "django_secret_key_fallbacks": "",
        "database_url": f"postgres://slipway:{database}@db:5432/slipway",
        "redis_url": f"redis://:{redis}@redis:6379/0",
        "db_password": database,
        "postgres_password": superuser,
        "redis_password": redis,
    }


def give(path: Path, hands: Hands, *, image: str) -> None:
    """Give a file to the container's user who reads it. Who is not root has Docker do it."""
    owner = OWNERS[path.name]
    if os.geteuid() == 0:
        os.chown(path, owner, owner)
        return
    hands.touch(
        ["docker", "run", "--rm", "--network", "none", "-v", f"{path.parent}:/secrets", "--entrypoint", "chown", image,
         f"{owner}:{owner}", f"/secrets/{path.name}"],
        what=f"give {path} to user {owner}",
        hint="Run the first deploy as root, or as somebody in the group docker.",
    )  # fmt: skip
