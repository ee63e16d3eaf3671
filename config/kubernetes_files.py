"""What the configuration.env of kubernetes/ say: every variable that the pods may see and that is no secret. Reads no environment."""

from collections.abc import Collection

from config.declaration import BACKUP, NGINX, SCHEDULER, WEB, WORKER, Variable
from config.variables import VARIABLES

PODS = frozenset({WEB, WORKER, SCHEDULER, NGINX})
ELSEWHERE = frozenset({"HEARTBEAT_FILE"})  # not the same in every pod: said in their own files
# Where Kubernetes is another than Compose.
VALUES = {
    "RUN_MIGRATIONS": "false",  # a Job does it
    "STATIC_ROOT": "/srv/static",
    "MEDIA_ROOT": "/srv/media",
    # nginx asks a name server, which knows whole names alone.
    "UPSTREAM": "web.slipway.svc.cluster.local:8000",
    "NGINX_RESOLVER": "kube-dns.kube-system.svc.cluster.local",
    "GRAPHQL_SHARED_CACHE_ADDRESS": "nginx-pods:8083",
    "CERTIFICATE_ADDRESS": "nginx-pods:8443",
    "TLS_MODE": "acme",  # nginx looks for a new pair by itself, whoever issues it
    "BACKUP_STATUS_URL": "",
    "DB_BACKUP_SCRATCH_DIR": "/var/lib/postgresql",
}
HEAD = """\
# The environment of {whose}, but for secrets. Written by `make env` from config/variables.py: change it there, or in an overlay,
# where configMapGenerator with behavior: merge has literals for what is yours.
"""


def configuration() -> str:
    """Return the base's text."""
    return file(names_for(PODS), whose="all pods")


def backup_configuration() -> str:
    """Return the backup service's text: what it has beyond the base's."""
    return file(names_for({BACKUP}) - names_for(PODS), whose="the backup service")


def names_for(services: Collection[str]) -> set[str]:
    """Return the variables that some services may see."""
    wanted = (each for each in VARIABLES.values() if set(services) & set(each.services) and not each.is_secret)
    return {each.name for each in wanted} - ELSEWHERE


def file(names: Collection[str], *, whose: str) -> str:
    """Return a file's text, in the order of the declaration."""
    lines = [f"{name}={value_of(variable)}" for name, variable in VARIABLES.items() if name in names]
    return HEAD.format(whose=whose) + "\n".join(lines) + "\n"


def value_of(variable: Variable) -> str:
    """Return what a variable is in Kubernetes; an example where it has no default."""
    if variable.name in VALUES:
        return VALUES[variable.name]
    return variable.default if variable.default is not None else variable.example or ""
