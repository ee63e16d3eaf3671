"""All numbers of this process as Prometheus reads them, with what is looked up at that moment. Raises nothing for what is away."""

from collections.abc import Iterator
from typing import Any

from django.db import connection
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from api import threads
from apps.operations import certificate, disk, queue
from config.measuring.numbers import REGISTRY

TYPE = CONTENT_TYPE_PLAIN_0_0_4


class Current(Collector):
    """What is looked up when somebody asks."""

    def describe(self) -> list[Metric]:
        """Return nothing, so that nothing is looked up when this is registered."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Yield the metrics."""
        yield from of_threads()
        yield from of_pool()
        yield from of_queue()
        yield from of_disk()
        expiry = certificate.expiry()
        yield gauge(
            "slipway_certificate_expiry_timestamp_seconds",
            "When the certificate that nginx serves ends.",
            expiry.timestamp() if expiry else None,
        )


def of_threads() -> Iterator[Metric]:
    """Yield the metrics of what operations run in."""
    yield gauge("slipway_graphql_threads_max", "Operations that run at a time, as many as connections.", threads.size())
    yield gauge("slipway_graphql_operations_waiting", "Operations that wait for a thread.", threads.waiting())


def of_pool() -> Iterator[Metric]:
    """Yield the metrics of the connections to the database."""
    pool: Any = connection.pool  # type: ignore[attr-defined]  # of PostgreSQL alone
    found = pool.get_stats()
    size, free = found.get("pool_size", 0), found.get("pool_available", 0)
    yield gauge("slipway_database_pool_max", "Connections that the pool may have.", found.get("pool_max", 0))
    yield gauge("slipway_database_pool_size", "Connections that it has.", size)
    yield gauge("slipway_database_pool_in_use", "Connections that somebody has taken out.", size - free)
    yield gauge(
        "slipway_database_pool_waiting", "Who waits for a connection right now.", found.get("requests_waiting", 0)
    )
    failures = CounterMetricFamily("slipway_database_pool_failures", "Waits that ended without a connection.")
    failures.add_metric([], found.get("requests_errors", 0))
    yield failures


def of_queue() -> Iterator[Metric]:
    """Yield the metrics of the task queue; without Redis they have no sample."""
    found = queue.depth()
    yield gauge("slipway_redis_up", "1 where Redis answers.", 0 if found is None else 1)
    yield gauge("slipway_queue_waiting", "Tasks that no worker has taken yet.", found.waiting if found else None)
    yield gauge("slipway_queue_running", "Tasks that a worker has in hand.", found.running if found else None)


def of_disk() -> Iterator[Metric]:
    """Yield the metrics of the disk that media are on; where they are in a bucket they have no sample."""
    size, free = disk.usage() or (None, None)
    yield gauge("slipway_media_size_bytes", "The disk that media are on.", size)
    yield gauge("slipway_media_free_bytes", "What is free there.", free)


def gauge(name: str, text: str, value: float | None) -> Metric:
    """Return a gauge; one without a value is declared, and has no sample."""
    family = GaugeMetricFamily(name, text)
    if value is not None:
        family.add_metric([], value)
    return family


REGISTRY.register(Current())


def as_text() -> bytes:
    """Return all metrics."""
    return generate_latest(REGISTRY)
