"""Tells by every way that is set: which of them there are is known here alone. Secrets are taken out of all that is sent."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field

from ops.service.telling import alert, mail, ping
from ops.service.telling.courier import Courier
from ops.service.telling.mail import MailServer
from ops.service.telling.message import Message

log = logging.getLogger("telling")


@dataclass(frozen=True, kw_only=True)
class Ways:
    """Where to; an empty one is none. `place` is whose backups these are."""

    place: str
    ping_url: str = field(default="", repr=False)
    alert_url: str = field(default="", repr=False)
    mail_to: tuple[str, ...] = ()
    mail_from: str = ""
    mail_server: MailServer | None = None


class Teller:
    """Hands what is to be told to the courier."""

    def __init__(self, ways: Ways, *, mask: Callable[[str], str]) -> None:
        self.ways, self.mask, self.courier = ways, mask, Courier()

    def ping(self, kind: ping.Kind, text: str) -> None:
        """Ping, where there is somebody to ping."""
        url, said = self.ways.ping_url, self.mask(text)
        if url:
            self.courier.send(f"the ping ({kind}) to BACKUP_PING_URL", lambda: ping.ping(url, kind, text=said))

    def tell(self, message: Message) -> None:
        """Log, post and mail a message."""
        text = self.mask(message.text)
        log.log(logging.INFO if message.is_recovery else logging.ERROR, "%s", " ".join(text.splitlines()))
        masked = Message(
            place=message.place,
            what=message.what,
            when=message.when,
            why=self.mask(message.why),
            hint=self.mask(message.hint),
            is_recovery=message.is_recovery,
        )
        if self.ways.alert_url:
            self.courier.send("the alert to ALERT_URL", lambda: alert.alert(self.ways.alert_url, masked))
        self.mail(masked)

    def mail(self, message: Message) -> None:
        """Mail it, where there is somebody to mail to, and a server."""
        server, ways = self.ways.mail_server, self.ways
        if server is not None and ways.mail_to:
            written = mail.as_mail(message, sender=ways.mail_from, to=ways.mail_to)
            self.courier.send("the mail to ALERT_EMAIL", lambda: mail.send(server, written))
