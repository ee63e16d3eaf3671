"""Mails a message, by the mail server that the application has, without Django."""

import smtplib
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from typing import Any

from ops.service.telling.courier import UntoldError
from ops.service.telling.message import Message

LIMIT_SECONDS = 15
SMTP = "django.core.mail.backends.smtp.EmailBackend"


@dataclass(frozen=True, kw_only=True)
class MailServer:
    """Where mail goes out. `is_tls` is TLS from the first byte, `is_starttls` TLS after a word."""

    host: str
    port: int
    user: str = ""
    password: str = field(default="", repr=False)
    is_starttls: bool = False
    is_tls: bool = False


def server_of(settings: dict[str, Any]) -> MailServer | None:
    """Return the server of Django's EMAIL_ settings; None where mail goes to the log or a file."""
    if settings.get("EMAIL_BACKEND") != SMTP:
        return None
    return MailServer(
        host=settings.get("EMAIL_HOST") or "localhost",
        port=int(settings.get("EMAIL_PORT") or 25),
        user=settings.get("EMAIL_HOST_USER") or "",
        password=settings.get("EMAIL_HOST_PASSWORD") or "",
        is_starttls=bool(settings.get("EMAIL_USE_TLS")),
        is_tls=bool(settings.get("EMAIL_USE_SSL")),
    )


def as_mail(message: Message, *, sender: str, to: Sequence[str]) -> EmailMessage:
    """Return the mail."""
    mail = EmailMessage()
    mail["Subject"] = f"[{message.place}] {message.what}"
    mail["From"], mail["To"] = sender, ", ".join(to)
    mail["Date"], mail["Message-ID"] = format_datetime(message.when), make_msgid(domain="slipway.invalid")
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(f"{message.text}\n\n{message.when.isoformat(timespec='seconds')}\n")
    return mail


def send(server: MailServer, mail: EmailMessage) -> None:
    """Hand it to the server. Raises UntoldError."""
    context = ssl.create_default_context()
    try:
        with connect(server, context) as connection:
            if server.is_starttls:
                connection.starttls(context=context)
            if server.user:
                connection.login(server.user, server.password)
            connection.send_message(mail)
    except smtplib.SMTPResponseException as error:  # what the server says may repeat what it was sent: the status alone
        raise UntoldError(f"the mail server answered {error.smtp_code}") from None
    except (OSError, smtplib.SMTPException) as error:
        raise UntoldError(f"{type(error).__name__} at {server.host}:{server.port}") from None


def connect(server: MailServer, context: ssl.SSLContext) -> smtplib.SMTP:
    """Return a connection. Raises OSError."""
    if server.is_tls:
        return smtplib.SMTP_SSL(server.host, server.port, timeout=LIMIT_SECONDS, context=context)
    return smtplib.SMTP(server.host, server.port, timeout=LIMIT_SECONDS)
