"""Database, Redis and nginx: started where they do not run, left alone where they do. The backup service and certbot, beside them."""

from ops.deploy.commands import SERVERS
from ops.deploy.deployment import Deployment

BACKUP, CERTBOT = "backup", "certbot"
BUILD_SECONDS = 3600
HINT = "See why: docker compose logs --tail 30"


def start(deployment: Deployment, *, with_interruption: bool) -> None:
    """Start what does not run. What runs with another declaration than the files have now is started anew only on demand."""
    commands, hands = deployment.commands, deployment.hands
    if not deployment.site.value("APPLICATION_IMAGE"):
        hands.change(deployment.site, APPLICATION_IMAGE=deployment.image)  # without one Compose takes no command
    built = ["nginx", *optional(deployment)]
    hint = f"See what it says: docker compose build {' '.join(built)}"
    hands.touch(
        commands.build_others(*built), what=f"build {' and '.join(built)}", hint=hint, limit_seconds=BUILD_SECONDS
    )
    servers = deployment.site.present(SERVERS)
    wanted = servers if with_interruption else [name for name in servers if name not in deployment.seen.running]
    if wanted:
        deployment.bring_up(*wanted, what=f"start {', '.join(wanted)}", hint=f"{HINT} {' '.join(wanted)}")


def optional(deployment: Deployment) -> list[str]:
    """Return the backup service, where its profile is on, and certbot, where it keeps the certificate."""
    backup = [BACKUP] if BACKUP in deployment.site.value("COMPOSE_PROFILES").split(",") else []
    return [*backup, CERTBOT] if deployment.site.is_acme else backup


def renew_optional(deployment: Deployment) -> None:
    """Give both this version's code. Nobody waits for them: they are well when a backup is, or a certificate."""
    settle_certbot(deployment)
    for service in optional(deployment):
        hint = f"{HINT} {service}. What serves is not touched by it."
        deployment.hands.touch(deployment.commands.start(service), what=f"start {service}", hint=hint)


def settle_certbot(deployment: Deployment) -> None:
    """Turn certbot's profile on or off by TLS_MODE: `docker compose up -d` by hand goes by it. End one that is of no use any more."""
    site, hands = deployment.site, deployment.hands
    profiles = [name for name in site.value("COMPOSE_PROFILES").split(",") if name]
    if site.is_acme and CERTBOT not in profiles:
        hands.change(site, COMPOSE_PROFILES=",".join([*profiles, CERTBOT]))
    if not site.is_acme and CERTBOT in profiles:
        hands.change(site, COMPOSE_PROFILES=",".join(name for name in profiles if name != CERTBOT))
    if not site.is_acme and CERTBOT in deployment.seen.running:
        hint = "End it by hand: docker compose rm --stop --force certbot"
        hands.touch(deployment.commands.remove(CERTBOT), what="end certbot", hint=hint)
