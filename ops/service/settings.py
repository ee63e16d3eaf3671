"""Reads the service's settings from the environment, checked by the declaration in config/variables.py. The rest takes arguments."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from config.declaration import BACKUP
from config.environment import Environment, examine
from config.environment_rules import only_for_development, problems_across
from config.variables import VARIABLES
from ops.backup import settings as backup_settings
from ops.errors import WRONG_USAGE, OperatorError
from ops.service import masking
from ops.service.telling.teller import Ways
from ops.service.telling.ways import ways

LINES = {
    "base": "DB_PITR_CRON",
    "db": "DB_BACKUP_CRON",
    "media": "MEDIA_BACKUP_CRON",
    "verify": "BACKUP_VERIFY_CRON",
    "drill": "BACKUP_DRILL_CRON",
}


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What the service goes by; `lines` has the cron line of each job."""

    backup: backup_settings.Settings
    zone: ZoneInfo
    lines: Mapping[str, str]
    receives_wal: bool
    limit_seconds: int
    mask: Callable[[str], str]
    ways: Ways
    tls_mode: str
    log_level: str
    log_format: str


def read(environment: Mapping[str, str]) -> Settings:
    """Return the settings; raises OperatorError with all that is wrong."""
    # A compose file that takes a secret's file away again can do no more than leave its name empty.
    values, problems = examine({name: text for name, text in environment.items() if text or not name.endswith("_FILE")})
    # What contradicts what is the application's to say, whose other variables are not seen here; public secrets are ours as well.
    across = problems_across(values)
    alone = [problem for problem in problems if problem not in across] + only_for_development(values)
    ours = [problem for problem in alone if BACKUP in VARIABLES[problem.name].services]
    if ours:
        told = "; ".join(f"{problem.name} {problem.message}" for problem in ours)
        raise OperatorError(f"Refusing to start: {told}.", hint=ours[0].hint, status=WRONG_USAGE)
    env = Environment(values)
    return Settings(
        backup=backup_settings.read(environment),
        zone=ZoneInfo(env.text("DJANGO_TIME_ZONE")),
        lines={job: env.text(name) for job, name in LINES.items()},
        mask=masking.mask(environment),
        ways=ways(env),
        tls_mode=env.text("TLS_MODE"),
        receives_wal=env.flag("DB_PITR"),
        limit_seconds=env.number("BACKUP_LIMIT_SECONDS"),
        log_level=env.text("LOG_LEVEL"),
        log_format=env.text("LOG_FORMAT"),
    )
