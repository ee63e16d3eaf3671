"""Reads from the environment by which ways people are told."""

from config.environment import Environment, email_settings
from ops.errors import WRONG_USAGE, OperatorError
from ops.service.telling import mail
from ops.service.telling.teller import Ways


def ways(env: Environment) -> Ways:
    """Return them; raises OperatorError where there is somebody to mail to, and no mail server."""
    server = mail.server_of(email_settings(env))
    to = tuple(env.items("ALERT_EMAIL"))
    if to and server is None:
        message = "Refusing to start: ALERT_EMAIL is set, and there is no mail server: mail would go to the log."
        raise OperatorError(message, hint="One is EMAIL_URL=smtp+tls://user:password@host:587", status=WRONG_USAGE)
    return Ways(
        place=env.text("SITE_URL"),
        ping_url=env.text("BACKUP_PING_URL"),
        alert_url=env.text("ALERT_URL"),
        mail_to=to,
        mail_from=env.text("DEFAULT_FROM_EMAIL"),
        mail_server=server,
    )
