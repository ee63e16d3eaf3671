"""What kubernetes/base/configuration.env says: every variable that its pods may see and that is no secret. Reads no environment."""

from config.declaration import NGINX, SCHEDULER, WEB, WORKER, Variable
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
}
HEAD = """\
# The environment of all pods, but for secrets. Written by `make env` from config/variables.py: change it there, or in an overlay,
# where configMapGenerator with behavior: merge has literals for what is yours.
"""


def configuration() -> str:
    """Return the file's text, in the order of the declaration."""
    wanted = [each for each in VARIABLES.values() if PODS & set(each.services) and not each.is_secret]
    lines = [f"{each.name}={value_of(each)}" for each in wanted if each.name not in ELSEWHERE]
    return HEAD + "\n".join(lines) + "\n"


def value_of(variable: Variable) -> str:
    """Return what a variable is in Kubernetes; an example where it has no default."""
    if variable.name in VALUES:
        return VALUES[variable.name]
    return variable.default if variable.default is not None else variable.example or ""
