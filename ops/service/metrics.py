"""Writes a report as Prometheus reads it. Reads nothing else."""

import datetime
from collections.abc import Callable, Iterator, Sequence

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from ops.backup.drill import Drill
from ops.service.problem import Problem
from ops.service.report import JobReport, Report

PREFIX = "slipway_backup"
TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Collected(Collector):
    """One report, once."""

    def __init__(self, report: Report, problems: Sequence[Problem]) -> None:
        self.report, self.problems = report, problems

    def collect(self) -> Iterator[Metric]:
        """Yield every metric."""
        report = self.report
        yield gauge("healthy", "1 where backups are well.", 0 if self.problems else 1)
        yield gauge("sets", "Sets that are there.", report.sets)
        yield gauge("sets_verified", "Sets that count: restored, and equal.", report.counting)
        yield gauge("sets_bytes", "The size of all sets.", report.bytes)
        yield gauge("free_bytes", "What is free where the sets are.", report.free_bytes)
        yield gauge(
            "offsite_timestamp_seconds", "When the newest set off the machine was begun.", seconds(report.offsite)
        )
        yield from of_newest(report)
        yield from of_drill(report.drill)
        yield from of_jobs(report.jobs, now=report.now)
        for name, value in report.wal_metrics.items():
            yield GaugeMetricFamily(name, "Of the receiver of WAL.", value=value)


def of_newest(report: Report) -> Iterator[Metric]:
    """Yield the metrics of the newest set that counts; without one they are declared, and have no sample."""
    newest = report.newest
    age = (report.now - newest.at).total_seconds() if newest else None
    yield gauge(
        "newest_timestamp_seconds", "When the newest set that counts was begun.", seconds(newest.at if newest else None)
    )
    yield gauge("newest_age_seconds", "How old it is.", age)
    yield gauge("newest_level", "The level that its last verification reached.", newest.level if newest else None)
    yield gauge("newest_bytes", "Its size.", newest.bytes if newest else None)
    wrong = newest.files_wrong if newest else None
    yield gauge("newest_files_wrong", "Files that it names and its media snapshot lacks, or has otherwise.", wrong)


def of_drill(found: Drill | None) -> Iterator[Metric]:
    """Yield the metrics of the last restore from off this machine."""
    at = datetime.datetime.fromisoformat(found.at) if found else None
    yield gauge("drill_timestamp_seconds", "When a set was last restored from off this machine.", seconds(at))
    yield gauge("drill_level", "The level that was proven by that.", found.level if found else None)
    yield gauge("drill_recovery_seconds", "How long it took, from nothing to proof.", found.seconds if found else None)
    yield gauge(
        "drill_failed",
        "1 where the copy was not what was in the database.",
        int(bool(found.problem)) if found else None,
    )


def of_jobs(jobs: Sequence[JobReport], *, now: datetime.datetime) -> Iterator[Metric]:
    """Yield the metrics that each kind of job has."""
    each: list[tuple[str, str, Callable[[JobReport], float | None]]] = [
        (
            "last_success_timestamp_seconds",
            "When the last run that was well began.",
            lambda job: seconds(job.past.succeeded),
        ),
        ("last_end_timestamp_seconds", "When the last run ended.", lambda job: seconds(job.past.ended)),
        ("last_failed", "1 where the last run failed.", lambda job: 1 if job.past.problem else 0),
        ("last_duration_seconds", "How long the last run that was well took.", lambda job: job.past.seconds or None),
        ("next_due_timestamp_seconds", "When it runs next.", lambda job: seconds(job.due and max(job.due, now))),
        ("running", "1 while it runs.", lambda job: 1 if job.running_since else 0),
    ]
    for name, text, value in each:
        yield with_samples(GaugeMetricFamily(f"{PREFIX}_{name}", text, labels=["kind"]), jobs, value)
    runs = CounterMetricFamily(f"{PREFIX}_runs", "Runs that ended.", labels=["kind"])
    yield with_samples(runs, jobs, lambda job: job.past.runs)
    failures = CounterMetricFamily(f"{PREFIX}_failures", "Runs that failed.", labels=["kind"])
    yield with_samples(failures, jobs, lambda job: job.past.failures)


def gauge(name: str, text: str, value: float | None) -> Metric:
    """Return a gauge; one without a value is declared, and has no sample."""
    family = GaugeMetricFamily(f"{PREFIX}_{name}", text)
    if value is not None:
        family.add_metric([], value)
    return family


def with_samples(
    family: GaugeMetricFamily | CounterMetricFamily,
    jobs: Sequence[JobReport],
    value: Callable[[JobReport], float | None],
) -> Metric:
    """Return the family with a sample for each kind of job that has a value."""
    for job in jobs:
        found = value(job)
        if found is not None:
            family.add_metric([job.name], found)
    return family


def seconds(moment: datetime.datetime | None) -> float | None:
    """Return a time as Prometheus has it."""
    return moment.timestamp() if moment else None


def as_text(report: Report, problems: Sequence[Problem]) -> str:
    """Return all metrics as text."""
    registry = CollectorRegistry()
    registry.register(Collected(report, problems))
    return generate_latest(registry).decode()
