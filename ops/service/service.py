"""The service's loop: looks what is due, runs one job at a time, remembers how it went. The one place that reads the clock."""

import datetime
import logging
import os
import signal
import threading
import time
from types import FrameType

from ops.certificates import expiry
from ops.errors import LOCKED
from ops.service import agenda, certificate, health, jobs, metrics, report, server, sets, state, status
from ops.service.companion import Companion
from ops.service.jobs import Job
from ops.service.probe import PORT
from ops.service.process import Outcome, Process
from ops.service.report import Report
from ops.service.settings import Settings
from ops.service.state import State
from ops.service.telling import message
from ops.service.telling.teller import Teller

LOOK_SECONDS = 5.0
WATCH_SECONDS = 60.0
log = logging.getLogger("backup")


def utc_now() -> datetime.datetime:
    """Return the time."""
    return datetime.datetime.now(tz=datetime.UTC)


class Service:
    """The clock and its jobs. `running` is the job that is at work, and since when."""

    def __init__(self, settings: Settings, *, port: int = PORT) -> None:
        self.settings = settings
        self.path = state.path_in(settings.backup.folder)
        self.state: State = state.read(self.path, now=utc_now())
        self.up_since = utc_now()
        self.running: tuple[Job, datetime.datetime] | None = None
        self.stopping = threading.Event()
        self.server = server.Server(self.answer, port=port)
        self.teller = Teller(settings.ways, mask=settings.mask)
        self.watched = -WATCH_SECONDS
        self.certificate_watched = -certificate.EVERY_SECONDS

    def run(self) -> None:
        """Do what is due, until a signal comes."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self.stop)
        self.begin()
        self.server.start()
        receiver = self.receiver()
        if self.settings.receives_wal:
            receiver.start()
        while not self.stopping.is_set():
            job = self.due()
            if job is not None:
                self.do(job)
            elif time.monotonic() - self.watched > WATCH_SECONDS:
                self.watch()
            else:
                self.stopping.wait(LOOK_SECONDS)
        receiver.leave()
        self.teller.courier.leave()
        log.info("stopped")

    def receiver(self) -> Companion:
        """Return what receives WAL."""
        mask, stopping = self.settings.mask, self.stopping
        return Companion(jobs.RECEIVE, log=log.getChild("wal"), mask=mask, environment=os.environ, stopping=stopping)

    def stop(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002 - the signature is Python's
        """Have the loop end, and the job that runs."""
        log.info("%s came: stopping", signal.Signals(number).name)
        self.stopping.set()

    def begin(self) -> None:
        """Note the jobs that were never seen, and say when each is due."""
        now = utc_now()
        for job in jobs.wanted(self.settings):
            past = self.state.of(job.name)
            if past.handled is None:
                agenda.begin(past, now=now, at_once=job.at_once(self.settings))
            due = self.next_due(job)
            log.info("%s: due %s", job.title, due.isoformat(timespec="minutes") if due and due > now else "now")
        self.remember()

    def next_due(self, job: Job) -> datetime.datetime | None:
        """Return when a job runs next; a time that is past is now."""
        return agenda.due_at(self.settings.lines[job.name], self.settings.zone, self.state.of(job.name))

    def due(self) -> Job | None:
        """Return the job that is to run now."""
        now = utc_now()
        for job in jobs.wanted(self.settings):
            if agenda.put_right(self.state.of(job.name), now=now):
                log.warning("%s: what was remembered lies ahead of the clock, which was put back", job.title)
            due = self.next_due(job)
            if due is not None and due <= now:
                return job
        return None

    def do(self, job: Job) -> None:
        """Run a job to its end, and remember how it went. One that was stopped is due again at the next start."""
        started, begun = utc_now(), time.monotonic()
        self.running = (job, started)
        log.info("%s: begins", job.title)
        if job.is_pinged:
            self.teller.ping("start", f"{job.title}: begins")
        try:
            outcome = self.outcome(job)
        finally:
            self.running = None
        self.note(job, outcome, started=started, seconds=time.monotonic() - begun)
        self.watch()

    def note(self, job: Job, outcome: Outcome, *, started: datetime.datetime, seconds: float) -> None:
        """Remember how a run went, and tell the dead man's switch."""
        now, past = utc_now(), self.state.of(job.name)
        if outcome.is_well:
            agenda.succeeded(past, started=started, ended=now, seconds=seconds)
            log.info("%s: done in %.1f s", job.title, seconds)
            if job.is_pinged:
                self.teller.ping("success", outcome.said)
        elif outcome.is_stopped:
            log.warning("%s: stopped; it begins anew with the next start", job.title)
        elif outcome.status == LOCKED:
            agenda.postpone(past, now=now)
            log.warning("%s: postponed: %s", job.title, outcome.problem)
        else:
            agenda.failed(past, started=started, ended=now, problem=outcome.problem, hint=outcome.hint)
            log.error("%s: failed: %s Hint: %s", job.title, outcome.problem, outcome.hint)
            self.teller.ping("fail", outcome.said or outcome.problem)

    def watch(self) -> None:
        """See how backups are, tell people what is new about it, and remember that they were told."""
        self.watched = time.monotonic()
        found = self.report()
        problems = health.problems(found, self.settings.zone)
        for each in message.due(problems, self.state.told, place=self.settings.ways.place, now=found.now):
            self.teller.tell(each)
        if time.monotonic() - self.certificate_watched > certificate.EVERY_SECONDS:
            self.watch_certificate()
        self.remember()

    def watch_certificate(self) -> None:
        """See how the certificate is, and tell people what is new about it."""
        self.certificate_watched, now = time.monotonic(), utc_now()
        found = certificate.problems(self.settings.tls_mode, now=now)
        if found is None:
            return
        told, place = self.state.told_of_certificate, self.settings.ways.place
        for each in message.due(found, told, place=place, now=now, subject=expiry.SUBJECT):
            self.teller.tell(each)

    def outcome(self, job: Job) -> Outcome:
        """Run a job's commands, until one is not well; all of them within the job's time."""
        outcome, deadline = Outcome(), time.monotonic() + self.settings.limit_seconds
        for command in job.commands(self.settings):
            process = Process(command, log=log.getChild(job.name), mask=self.settings.mask, environment=os.environ)
            left = max(deadline - time.monotonic(), 1)
            outcome = process.finish(is_stopping=self.stopping.is_set, limit_seconds=left)
            if not outcome.is_well:
                return outcome
        return outcome

    def remember(self) -> None:
        """Write down what is known; without a disk the service goes on, and its health says so."""
        try:
            state.write(self.path, self.state)
        except OSError as error:
            log.error("Cannot write %s: %s", self.path, error.strerror)  # noqa: TRY400 - the disk is full or away: no bug

    def report(self) -> Report:
        """Return what there is to tell now."""
        running = self.running and (self.running[0].name, self.running[1])
        return report.make(self.settings, self.state, now=utc_now(), up_since=self.up_since, running=running)

    def answer(self, path: str) -> server.Answer:
        """Return what the server answers. Called in its threads."""
        if path not in ("/health", "/metrics", "/sets"):
            return server.NOT_FOUND
        if path == "/sets":
            return server.as_json(200, status.of_sets(sets.everything(self.settings.backup)))
        found = self.report()
        problems = health.problems(found, self.settings.zone)
        if path == "/metrics":
            return 200, metrics.TYPE, metrics.as_text(found, problems)
        return server.as_json(503 if problems else 200, status.as_data(found, problems))
