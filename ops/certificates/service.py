"""The certbot container's loop: runs certbot when it is due, hands nginx what was issued, and watches what nginx shows."""

import datetime
import logging
import os
import signal
import threading
import time
from types import FrameType

from config import served_certificate
from config.served_certificate import Served
from ops.certificates import attempts, certbot, expiry, health, publishing, state, words
from ops.certificates.settings import Settings
from ops.certificates.state import State
from ops.errors import OperatorError
from ops.service.process import Process
from ops.service.telling import message
from ops.service.telling.teller import Teller

LOOK_SECONDS = 2.0
WATCH_SECONDS = 60.0
LIMIT_SECONDS = 900.0
log = logging.getLogger("certbot")


def utc_now() -> datetime.datetime:
    """Return the time."""
    return datetime.datetime.now(tz=datetime.UTC)


class Service:
    """The clock of certificates."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.state: State = state.read(settings.places.state)
        self.teller = Teller(settings.ways, mask=settings.mask)
        self.stopping, self.asked = threading.Event(), threading.Event()
        self.watched = -WATCH_SECONDS

    def run(self) -> None:
        """Do what is due, until a signal comes."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self.stop)
        signal.signal(signal.SIGHUP, self.ask)
        while not self.stopping.is_set():
            if self.is_due():
                self.attempt()
            elif time.monotonic() - self.watched > WATCH_SECONDS:
                self.watch()
            else:
                self.stopping.wait(LOOK_SECONDS)
        self.teller.courier.leave()
        log.info("stopped")

    def stop(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002 - the signature is Python's
        """Have the loop end, and certbot."""
        log.info("%s came: stopping", signal.Signals(number).name)
        self.stopping.set()

    def ask(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002 - as above
        """Have certbot run at once."""
        self.asked.set()

    def is_due(self) -> bool:
        """Tell whether certbot is to run now."""
        if self.asked.is_set():
            self.asked.clear()
            return True
        now = utc_now()
        return attempts.due_at(self.state, wish=self.settings.wish, now=now) <= now

    def attempt(self) -> None:
        """Run certbot to its end, hand nginx what there is, and remember how it went."""
        mask, wish = self.settings.mask, self.settings.wish
        process = Process(certbot.command(self.settings), log=log, mask=mask, environment=os.environ)
        outcome = process.finish(is_stopping=self.stopping.is_set, limit_seconds=LIMIT_SECONDS)
        now = utc_now()
        if outcome.is_stopped:
            return
        if outcome.is_well:
            attempts.succeeded(self.state, wish=wish, now=now)
        else:
            problem = mask(words.problem(outcome.said or outcome.problem))
            attempts.failed(self.state, wish=wish, now=now, problem=problem, limit=words.not_before(outcome.said))
            log.error("failed: %s The next attempt is at %s", problem, self.state.not_before)
        self.watch()

    def watch(self) -> None:
        """Hand nginx what it lacks, see what it shows, tell people what is new about it, and remember that they were told."""
        self.watched = time.monotonic()
        self.publish()
        now, served = utc_now(), self.served()
        issued = publishing.issued(self.settings.live)
        found = health.problems(self.state, names=self.settings.names, issued=issued, served=served, now=now)
        self.state.watched, self.state.wrong = now, [str(each) for each in found]
        self.state.until = served.until if served else issued.until if issued else None
        place = self.settings.ways.place
        for each in message.due(found, self.state.told, place=place, now=now, subject=expiry.SUBJECT):
            self.teller.tell(each)
        self.remember()

    def publish(self) -> None:
        """Hand nginx the pair, where it has another one."""
        if publishing.issued(self.settings.live) is None:
            return
        try:
            if publishing.publish(self.settings.live, self.settings.places.issued):
                self.state.published = utc_now()
                log.info("handed to nginx")
        except OperatorError as error:
            log.error("%s Hint: %s", error.args[0], error.hint)  # noqa: TRY400 - a fact with a hint, no bug

    def served(self) -> Served | None:
        """Return what nginx shows; None where it shows nothing."""
        try:
            return served_certificate.look(name=self.settings.names[0], address=self.settings.places.nginx)
        except OSError as error:
            log.warning("Cannot see what nginx shows: %s", error)
            return None

    def remember(self) -> None:
        """Write down what is known; without a disk the service goes on."""
        try:
            state.write(self.settings.places.state, self.state)
        except OSError as error:
            log.error("Cannot write into %s: %s", self.settings.places.state, error.strerror)  # noqa: TRY400 - as above
